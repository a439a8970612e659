"""How many calls may be made, and be under way at a time: of one server, or of single tools, over all environments.

Contract: a call takes a place of every pattern of its server's `in_flight` that its tool's name fits, in the order in
which they are written, and gives all back when it ends, in whatever way. Everybody takes them in one order, so nobody
waits for somebody who waits for him. A call that would be one more than `calls` allows for a pattern is not made. These
counts begin anew with each process: they bound what a run does to a server, not what a data set holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from fnmatch import fnmatchcase

import anyio

from toolweave.servers.spec import ServerSpec


class Limits:
    """The places of all servers that share it."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str, int], anyio.CapacityLimiter] = {}
        self._made: Counter[tuple[str, str]] = Counter()

    def refusal(self, spec: ServerSpec, tool: str) -> str | None:
        """Count a call of this tool, or say why it may not be made any more."""
        fitting = {pattern: most for pattern, most in spec.options.calls.items() if fnmatchcase(tool, pattern)}
        for pattern, most in fitting.items():
            if self._made[spec.name, pattern] >= most:
                return f"{spec.name}/{tool}: the {most} calls of {pattern!r} that its settings allow have been made"
        self._made.update((spec.name, pattern) for pattern in fitting)
        return None

    def place(self, spec: ServerSpec, tool: str) -> AbstractAsyncContextManager[None]:
        """Waits until a call of this tool may be under way; for as long as the context lasts, it is."""
        wanted = [
            self._places.setdefault((spec.name, pattern, most), anyio.CapacityLimiter(most))
            for pattern, most in spec.options.in_flight.items()
            if fnmatchcase(tool, pattern)
        ]
        return _all_of(wanted) if wanted else nullcontext()


@asynccontextmanager
async def _all_of(places: Sequence[anyio.CapacityLimiter]) -> AsyncGenerator[None]:
    async with AsyncExitStack() as held:
        for place in places:
            await held.enter_async_context(place)
        yield
