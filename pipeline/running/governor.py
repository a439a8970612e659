"""When a run goes on, waits or ends before it has all that is wanted. What is in the making is always finished."""

from __future__ import annotations

from collections.abc import Callable

import anyio


def _nothing() -> str:
    return ""


class Governor:
    """Asked before every item."""

    def __init__(self) -> None:
        self.ended = ""
        """Why the run ends before its time; empty as long as it does not."""
        self.paused = False
        self.making = False
        """Whether there can be anything in the making that is worth finishing."""
        self.limit: Callable[[], str] = _nothing
        """Says which limit of the run is reached; empty when none is."""
        self._changed = anyio.Event()

    async def ready(self) -> bool:
        """Whether to begin another item; waits while the run is paused."""
        while self.paused and not self.ended:
            await self._changed.wait()
        self.ended = self.ended or self.limit()
        return not self.ended

    def stop(self, reason: str) -> None:
        """Begin nothing more."""
        self.ended = self.ended or reason
        self._change()

    def pause(self, paused: bool) -> None:
        """Begin nothing more until told otherwise."""
        self.paused = paused
        self._change()

    def _change(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()
