"""A circuit breaker: a server that keeps failing is left alone for a while, so that it costs little but its own work.

Contract: judged by the last starts and calls of one server. Failures are starts that failed and calls that got no
answer; a tool that says that it failed has answered. When most of a full enough window failed, the server rests; after
that one trial is let through, and its first call decides. A healthy server never rests: one answer among four ends it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio

WINDOW = 12
"""Starts and calls that are remembered."""
FEWEST = 6
"""Of these at least so many before anything is judged."""
BROKEN_SHARE = 0.75
FIRST_REST, LONGEST_REST = 5.0, 80.0
"""Seconds; every rest in a row is twice as long as the one before."""


@dataclass
class Breaker:
    """What is known of one server."""

    now: Callable[[], float] = anyio.current_time
    _window: deque[bool] = field(default_factory=lambda: deque[bool](maxlen=WINDOW))
    """Whether each failed."""
    _rest: float = FIRST_REST
    _until: float | None = None
    """When the rest ends; `None` when there is none."""
    _reason: str = ""

    def refusal(self) -> str | None:
        """Why the server is not to be started now; `None` lets one through."""
        if self._until is None:
            return None
        if self.now() < self._until:
            failed = f"{sum(self._window)} of its last {len(self._window)} starts and calls failed"
            return f"it rests, because {failed}: {self._reason}"
        self._until = self.now() + self._rest
        return None

    def note(self, failure: str = "") -> None:
        """Count a call that was answered, or a start or a call that failed for this reason."""
        self._window.append(bool(failure))
        if not failure:
            self._recover()
            return
        self._reason = failure
        if self._until is not None:
            self._rest = min(2 * self._rest, LONGEST_REST)
            self._until = self.now() + self._rest
        elif len(self._window) >= FEWEST and sum(self._window) > BROKEN_SHARE * len(self._window):
            self._until = self.now() + self._rest

    def _recover(self) -> None:
        if self._until is not None:
            self._window.clear()
            self._until, self._rest = None, FIRST_REST
