"""How likely it is that a call works which is fed as planned: what rehearsals, and rows that were rejected, have shown.

**Contract.** What was never tried is taken to work; every failure counts against it until the same works. A call that
takes nothing from others has a chance of its own. Not covered: why something failed; a state that a plan brings about
may let it work the next time, so no chance ever falls to zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from toolweave.graph.plan import FromCall, PlannedCall

EdgeKey = tuple[str, str, str, str]
"""(source tool, source field, target tool, target parameter); field and parameter are empty for state."""
PRIOR_WEIGHT = 2.0
"""How many tries the assumption is worth that a call works."""


def ways_into(call: PlannedCall, tools: Mapping[int, str]) -> Iterator[EdgeKey]:
    """How a call is fed: the edges by which it takes values, or that it takes none.

    Args:
        call: A planned call.
        tools: Step → tool, of all calls of its plan.
    """
    taken = [(path, source) for path, source in call.sources.items() if isinstance(source, FromCall)]
    for path, source in taken:
        yield tools[source.step], source.field, call.tool, path
    if not taken:
        yield alone(call.tool)


def alone(tool: str) -> EdgeKey:
    """The key of a call that takes nothing from others."""
    return "", "", tool, ""


@dataclass(frozen=True, eq=False)
class Chances:
    """What rehearsals have shown up to some wave; it does not change."""

    worked: Mapping[EdgeKey, int] = field(default_factory=dict[EdgeKey, int])
    broke: Mapping[EdgeKey, int] = field(default_factory=dict[EdgeKey, int])
    ahead: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    """How much deeper chains may get behind an edge, by the tools at its ends; filled by whoever works it out."""

    def of(self, way: EdgeKey) -> float:
        """The chance that a call works which is fed like this; in (0, 1]."""
        broke = self.broke.get(way, 0)
        if not broke:
            return 1.0
        good = self.worked.get(way, 0) + PRIOR_WEIGHT
        return good / (good + broke)

    def of_all(self, calls: Iterable[PlannedCall], tools: Mapping[int, str]) -> float:
        """The chance that all of these calls work."""
        product = 1.0
        for call in calls:
            product *= min(map(self.of, ways_into(call, tools)))
        return product


ALL_WORKS = Chances()


@dataclass
class Rehearsals:
    """Counts, over the items of a run, which ways of feeding a call worked."""

    worked: Counter[EdgeKey] = field(default_factory=Counter[EdgeKey])
    broke: Counter[EdgeKey] = field(default_factory=Counter[EdgeKey])

    def count(self, worked: Iterable[EdgeKey], broke: Iterable[EdgeKey]) -> None:
        """Count one item; what broke and worked in it counts as working: how it was fed was not to blame."""
        good = set(worked)
        self.worked.update(good)
        self.broke.update(set(broke) - good)

    def chances(self) -> Chances:
        """What is known by now."""
        return Chances(dict(self.worked), dict(self.broke))
