"""How many requests an endpoint gets at a time: one more after every good round, half as many when it is too much.

Contract (AIMD): never more than the limit that was given, never fewer than one. A refusal halves the number once,
however many of the requests under way with it are refused too; as many answers as there are places give one more.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import TracebackType

import anyio

DECREASE = 0.5


class Pacing:
    """A limiter on requests in flight that follows what the endpoint bears; `async with` takes a place.

    Args:
        most: Places that there are at best.
        now: The clock, in seconds.
    """

    def __init__(self, most: int, now: Callable[[], float]) -> None:
        self._most = most
        self._now = now
        self._limiter = anyio.CapacityLimiter(most)
        self._answers = 0
        self._lowered = -math.inf
        """When the number was last lowered."""
        self.places = most
        """Requests that may be in flight at present."""

    async def __aenter__(self) -> None:
        await self._limiter.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._limiter.release()

    def answered(self) -> None:
        """A request got its answer."""
        self._answers += 1
        if self._answers >= self.places and self.places < self._most:
            self._allow(self.places + 1)

    def refused(self, sent: float) -> None:
        """A request was too much for the endpoint: refused as such, or not answered in time.

        Args:
            sent: When it was sent, by the clock.
        """
        if sent >= self._lowered:
            self._lowered = self._now()
            self._allow(max(1, math.floor(self.places * DECREASE)))

    def _allow(self, places: int) -> None:
        self._answers = 0
        self.places = places
        self._limiter.total_tokens = places
