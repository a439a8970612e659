"""How many calls may be under way at a time: of one server, or of single tools, over all environments.

Contract: a call takes a place of every pattern of its server's `in_flight` that its tool's name fits, in the order in
which they are written, and gives all back when it ends, in whatever way. Everybody takes them in one order, so nobody
waits for somebody who waits for him.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from fnmatch import fnmatchcase

import anyio

from toolweave.servers.spec import ServerSpec


class Limits:
    """The places of all servers that share it."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str, int], anyio.CapacityLimiter] = {}

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
