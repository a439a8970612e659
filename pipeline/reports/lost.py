"""What became of plans that did not become samples, counted line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from toolweave.pipeline.plans.history import Rehearsed
from toolweave.pipeline.reports.covered import counted
from toolweave.pipeline.reports.taxonomy import Failures


@dataclass
class Rehearsals:
    """Plans that were rehearsed; those of one item come one after the other."""

    items: int = 0
    found: int = 0
    """Items for which a way was found."""
    found_at_once: int = 0
    plans: int = 0
    _index: int = -1
    """The item of the plan before."""
    _got: int = -1
    """The last item for which a way was found."""

    def add(self, one: Rehearsed) -> None:
        """Count one more plan."""
        first, made = one.index != self._index, one.lost is None
        self.plans += 1
        self.items += first
        self.found += made and one.index != self._got
        self.found_at_once += first and made
        self._index, self._got = one.index, one.index if made else self._got

    def as_json(self) -> dict[str, int]:
        """As the report has it."""
        facts = {"items": self.items, "found": self.found, "found_at_once": self.found_at_once}
        return {**facts, "plans": self.plans}


@dataclass
class Lost:
    """Items that were lost, and plans for them."""

    stages: Counter[str] = field(default_factory=Counter[str])
    failures: Failures = field(default_factory=Failures)
    rehearsals: Rehearsals = field(default_factory=Rehearsals)
    _targets: Counter[str] = field(default_factory=Counter[str])
    """Target → items and plans."""
    _last: dict[str, str] = field(default_factory=dict[str, str])
    """Target → where the last one was lost, and why."""

    @classmethod
    def of(cls, rejected: Iterable[Mapping[str, Any]], rehearsed: Iterable[Rehearsed] = ()) -> Lost:
        """Of the lines of `rejected.jsonl`, and of all rehearsals in their order."""
        lost = cls()
        for line in rejected:
            stage, target = str(line["stage"]), line.get("target")
            lost.stages[stage] += 1
            lost.failures.add(line)
            lost._note(target if isinstance(target, str) else None, stage, str(line["reason"]))
        for one in rehearsed:
            lost.rehearsals.add(one)
            lost._note(one.lost, "rehearsal", one.reason)
        return lost

    def by_stage(self) -> dict[str, int]:
        """Lost items by stage."""
        return counted(self.stages)

    def why(self, target: str) -> str | None:
        """What became of the plans for a target that were lost; `None` when none was."""
        count = self._targets[target]
        return f"{count} lost, the last at {self._last[target]}" if count else None

    def _note(self, target: str | None, stage: str, reason: str) -> None:
        if target is not None:
            self._targets[target] += 1
            self._last[target] = f"{stage}: {reason}"
