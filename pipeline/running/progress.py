"""What a run has come to so far, for whoever watches it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Progress:
    """Handed to `on_progress` whenever it changes."""

    wanted: int
    stage: str = "starting servers"
    planned: int = 0
    outcomes: Counter[str] = field(default_factory=Counter[str])
    probed: int = 0


OnProgress = Callable[[Progress], None]
