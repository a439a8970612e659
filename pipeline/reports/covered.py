"""What rows cover, counted row by row: it does not grow with their number."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from toolweave.graph.coverage import server_pairs
from toolweave.graph.long_turns import LONG
from toolweave.graph.planning.chances import EdgeKey
from toolweave.pipeline.reports.coverage_rows import RowFacts, TurnFacts


@dataclass
class Shapes:
    """Sizes of rows and turns; calls that were meant to fail are not counted."""

    turns_per_sample: Counter[int] = field(default_factory=Counter[int])
    calls_per_turn: Counter[int] = field(default_factory=Counter[int])
    dependent_calls_per_turn: Counter[int] = field(default_factory=Counter[int])
    width: Counter[int] = field(default_factory=Counter[int])
    depth: Counter[int] = field(default_factory=Counter[int])
    long: int = 0
    """Turns with many dependent calls."""
    diamonds: int = 0
    loops: int = 0

    def add(self, row: RowFacts) -> None:
        """Count one more row."""
        self.turns_per_sample[len(row.turns)] += 1
        self.depth[row.depth] += 1
        for turn in row.turns:
            self._turn(turn)

    def _turn(self, turn: TurnFacts) -> None:
        self.calls_per_turn[turn.calls] += 1
        self.dependent_calls_per_turn[turn.dependent] += 1
        self.width[turn.width] += 1
        self.long += turn.dependent >= LONG
        self.diamonds += turn.diamond
        self.loops += turn.loop

    def as_json(self) -> dict[str, Any]:
        """As the report has it."""
        turns = self.calls_per_turn.total()
        return {
            "turns": turns,
            "turns_per_sample": counted(self.turns_per_sample),
            "calls_per_turn": counted(self.calls_per_turn),
            "dependent_calls_per_turn": counted(self.dependent_calls_per_turn),
            "long_share": ratio(self.long, turns),
            "width": counted(self.width),
            "depth": counted(self.depth),
            "diamonds": self.diamonds,
            "loops": self.loops,
        }


@dataclass
class Covered:
    """What the rows of a run cover."""

    samples: int = 0
    shapes: Shapes = field(default_factory=Shapes)
    kinds: Counter[str] = field(default_factory=Counter[str])
    relations: Counter[str] = field(default_factory=Counter[str])
    targets: set[str] = field(default_factory=set[str])
    """Tools that a turn was for."""
    tools: Counter[str] = field(default_factory=Counter[str])
    """Tool id → calls."""
    edges: Counter[EdgeKey] = field(default_factory=Counter[EdgeKey])
    """Edge → rows that follow it."""
    pairs: Counter[str] = field(default_factory=Counter[str])
    sources: Counter[str] = field(default_factory=Counter[str])
    """Argument leaves by the kind of their source."""
    marks: Counter[str] = field(default_factory=Counter[str])
    dependent: int = 0
    """Calls that take a value from an earlier call."""

    def add(self, row: RowFacts) -> None:
        """Count one more row."""
        self.samples += 1
        self.shapes.add(row)
        for turn in row.turns:
            self.kinds[turn.kind] += 1
            self.relations[turn.relation] += 1
            self.dependent += turn.dependent
            if turn.kind != "irrelevant":
                self.targets.add(turn.target)
        self.tools.update(row.tools)
        self.edges.update(row.edges)
        self.pairs.update("+".join(pair) for pair in server_pairs(row.tools))
        self.sources.update(row.sources)
        self.marks.update(row.marks)

    def values(self) -> dict[str, Any]:
        """Where values come from."""
        calls = self.tools.total()
        share = ratio(self.dependent, calls)
        return {"sources": dict(sorted(self.sources.items())), "calls": calls, "dependent_share": share}


def counted(found: Counter[Any]) -> dict[str, int]:
    """Counts in the order of what is counted."""
    return {str(value): count for value, count in sorted(found.items())}


def ratio(part: float, whole: float) -> float:
    """A share to four places; 0 of nothing."""
    return round(part / whole, 4) if whole else 0.0
