"""Errors that leave a task group: what the user can act on comes out as itself."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from toolweave.servers.errors import ToolweaveError


def first_known(group: BaseExceptionGroup[BaseException]) -> ToolweaveError | None:
    """The first thing in a group that the user can act on."""
    found: BaseException | None = group.subgroup(ToolweaveError)
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found if isinstance(found, ToolweaveError) else None


@contextmanager
def plain_errors() -> Generator[None]:
    """Raise what the user can act on without the group around it.

    Raises:
        ToolweaveError: One was in a group.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        known = first_known(group)
        if known is None:
            raise
        raise known from group
