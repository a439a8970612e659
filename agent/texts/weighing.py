"""How well a tool fits a step: by its words, the values that find their place, what it lacks, and what is around."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolweave.agent.argument_values import is_identifying
from toolweave.agent.texts.hearing import slots_of
from toolweave.agent.texts.matching import Matcher, Meant, Wording
from toolweave.agent.texts.procedures import Procedure, Step
from toolweave.agent.texts.resolving import FED, Mapped, Returned
from toolweave.agent.texts.values import Given, Reading
from toolweave.graph.model import ToolGraph
from toolweave.servers.tools import Tool

WEIGHTS = {
    "verb": 0.4, "thing": 0.35, "words": 0.26, "name": 0.06, "lacks_said": -0.2, "lacks_known": -0.15,
    "lacks_id": -0.03, "left": -0.13, "said": 0.085, "fed": 0.06, "usual": 0.14, "again": -0.03, "switch": -0.12,
}  # fmt: skip
"""What each part of the evidence adds to how well a tool fits a step."""
OWN = 0.65
"""Share of a procedure's own words in what it is about; the rest is the text that it stands in."""
FOLLOWED = 0.5
"""What a lacking value counts where a clause follows that may say it."""
SAME_THING = 0.9
"""How surely a step that only points back is about what the step before it was about."""
Evidence = dict[str, float]
"""What speaks for a tool and against it, by the names of the weights."""


@dataclass(frozen=True, slots=True)
class Place:
    """A step with what is known of it before it is read."""

    step: Step
    near: Sequence[Meant]
    """The tools that it may mean by its words, the likeliest first."""
    usual: Mapping[str, float]
    """Server → how likely it is meant in this procedure."""
    settled: Mapped | None
    """What it is, where that is no question any more."""
    followed: bool
    """Whether a clause follows that may say a value of it."""
    sure: bool
    """Whether the procedure is told as one."""


class Weigher:
    """Weighs what speaks for tools.

    Args:
        matcher: Knows the tools.
        graph: Which tool feeds which.
    """

    def __init__(self, matcher: Matcher, graph: ToolGraph) -> None:
        self._matcher = matcher
        self._box = matcher.box
        self._graph = graph
        self._rarity = Counter(name for tool in self._box.tools for name in tool.parameters)

    def weigh(self, place: Place, meant: Meant, reading: Reading, before: Sequence[Mapped], filled: Mapped) -> float:
        """How well a tool fits a step, behind the steps before it and with what gives its arguments."""
        evidence = self._evidence(place, meant, reading, before, filled)
        return sum(WEIGHTS[name] * value for name, value in evidence.items())

    def usual(self, procedure: Procedure, ranked: Sequence[Sequence[Meant]]) -> dict[str, float]:
        """Server → how likely it is meant, by the steps that its tools may serve and by the words of the procedure."""
        votes: Counter[str] = Counter()
        steps = [near for near in ranked if near]
        for near in steps:
            best: dict[str, float] = {}
            for one in near:
                best[one.tool.server] = max(best.get(one.tool.server, 0.0), one.score)
            for server, score in best.items():
                votes[server] += max(0.0, 1.0 - (near[0].score - score) / 0.2)  # type: ignore[assignment]
        about = self.about(procedure)
        return {server: votes[server] / max(1, len(steps)) + share for server, share in about.items()}

    def about(self, procedure: Procedure) -> dict[str, float]:
        """Server → how far the procedure, and the text that it stands in, speak of what it deals with."""
        own, around = self._matcher.about(procedure.all_words), self._matcher.about(procedure.around)
        return {server: OWN * share + (1.0 - OWN) * around[server] for server, share in own.items()}

    def _pointed_at(self, step: Step, tool: Tool, before: Sequence[Mapped]) -> float:
        """How far a tool is about what a step points back at."""
        if not before or before[-1].tool is None or not Wording(step.text).points_back:
            return 0.0
        last = before[-1].tool
        return (
            SAME_THING * self._matcher.alike(last, tool)
            if last.server == tool.server and not before[-1].proposed
            else 0.0
        )

    def _evidence(
        self, place: Place, meant: Meant, reading: Reading, before: Sequence[Mapped], filled: Mapped
    ) -> Evidence:
        """What speaks for a tool and against it."""
        identifying = {slot.path for slot in slots_of(self._box, meant.tool) if is_identifying(slot.parameter)}
        lacks = [path for path in filled.lacks if path in identifying]
        fed = {edge.target_param for edge in self._graph.into(meant.tool.id) if edge.confidence >= FED}
        known = sum(path in fed for path in lacks)
        values: list[Any] = [
            source.value for one in (*before, filled) for source in one.sources.values() if isinstance(source, Given)
        ]
        servers = {one.tool.server for one in before if one.tool is not None and not one.proposed}
        return {
            "verb": meant.verb,
            "thing": max(meant.thing, self._pointed_at(place.step, meant.tool, before)),
            "words": meant.words,
            "name": meant.name,
            "lacks_said": (len(filled.lacks) - len(lacks)) * (FOLLOWED if place.followed else 1.0),
            "lacks_known": float(known),
            "lacks_id": float(len(lacks) - known),
            "left": float(reading.left(place.step, values)),
            "said": sum(
                1.0 / self._rarity[path.partition(".")[0].removesuffix("[]")] ** 0.5 for path in said_in(filled)
            ),
            "fed": float(min(2, sum(isinstance(one, Returned) for one in filled.sources.values()))),
            "usual": place.usual.get(meant.tool.server, 0.0),
            "switch": float(bool(servers) and meant.tool.server not in servers),
            "again": float(any(one.tool is meant.tool for one in before)),
        }


def said_in(mapped: Mapped) -> dict[str, Any]:
    """What the step itself says, by parameter."""
    return {
        path: source.value
        for path, source in mapped.sources.items()
        if isinstance(source, Given) and source.origin == "step"
    }
