"""What a run has come to so far, for whoever watches it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolweave.pipeline.storage.store import Store


@dataclass
class Progress:
    """Handed to `on_progress` whenever it changes."""

    wanted: int
    stage: str = "starting servers"
    planned: int = 0
    outcomes: Counter[str] = field(default_factory=Counter[str])
    probed: int = 0


OnProgress = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Tell nobody."""


@dataclass
class Teller:
    """Tells whoever watches a run what it has come to."""

    store: Store
    on_progress: OnProgress
    progress: Progress

    def tell(self, stage: str | None = None) -> None:
        """Tell of what is in the store by now, and of a stage that begins."""
        self.progress.stage = stage or self.progress.stage
        self.progress.planned = self.store.next
        self.progress.outcomes = self.store.outcomes
        self.on_progress(self.progress)

    def probed(self) -> None:
        """Tell of one more call of the first experiments."""
        self.progress.probed += 1
        self.on_progress(self.progress)
