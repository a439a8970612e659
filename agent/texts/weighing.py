"""How well a tool fits a step: by its words, the values that find their place, what it lacks, and what is around."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from toolweave.agent.argument_values import is_identifying
from toolweave.agent.texts.hearing import slots_of
from toolweave.agent.texts.matching import Matcher, Meant, Wording
from toolweave.agent.texts.procedures import Procedure, Step
from toolweave.agent.texts.resolving import FED, Mapped, Returned
from toolweave.agent.texts.signs import SignKinds, is_sign
from toolweave.agent.texts.values import Given, Origin, Reading
from toolweave.graph.model import ToolGraph
from toolweave.servers.tools import Tool

WEIGHTS = {
    "verb": 0.44, "thing": 0.36, "words": 0.33, "name": 0.1, "sign": 0.16, "said": 0.11, "fed": 0.1,
    "lacks_said": -0.22, "lacks_known": -0.12, "lacks_id": -0.03,
    "left_sign": -0.3, "left_quoted": -0.16, "left_number": -0.1, "left_name": -0.1,
    "usual": 0.18, "switch": -0.14, "again": -0.07, "vague": -0.2, "wanted": 0.12, "repeats": -0.25,
}  # fmt: skip
"""What each part of the evidence adds to how well a tool fits a step."""
OWN = 0.65
"""Share of a procedure's own words in what it is about; the rest is the text that it stands in."""
MOST_USUAL = 1.6
"""How likely the server is that a procedure is all about."""
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
    turned: bool = False
    """Whether a statement before it turns to something else."""
    wanted: Collection[tuple[str, str]] = ()
    """What later steps lack, as far as they were read before: tool and parameter."""


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

    def usual(self, procedure: Procedure) -> dict[str, float]:
        """Server → how far the procedure, and the text that it stands in, speak of what it deals with."""
        own, around = self._matcher.about(procedure.all_words), self._matcher.about(procedure.around)
        return {server: MOST_USUAL * (OWN * share + (1.0 - OWN) * around[server]) for server, share in own.items()}

    def _pointed_at(self, place: Place, tool: Tool, before: Sequence[Mapped]) -> float:
        """How far a tool is about what a step points back at."""
        if place.turned or not before or before[-1].tool is None or not Wording(place.step.text).points_back:
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
        pointed = place.turned and Wording(place.step.text).points_back
        left = reading.left(replace(place.step, detail=place.step.before) if pointed else place.step, values)
        servers = {one.tool.server for one in before if one.tool is not None and not one.proposed}
        return {
            "verb": meant.verb,
            "thing": max(meant.thing, self._pointed_at(place, meant.tool, before)),
            "words": self._matcher.explained(meant, Wording(place.step.text, place.step.detail), said_in(filled)),
            "name": meant.name,
            "lacks_said": (len(filled.lacks) - len(lacks)) * (FOLLOWED if place.followed else 1.0),
            "lacks_known": float(known),
            "lacks_id": float(len(lacks) - known),
            **{f"left_{kind}": float(left[kind]) for kind in ("sign", "quoted", "number", "name")},
            "sign": float(self._signs(reading.kinds, meant.tool, filled)),
            "said": self._said(filled),
            "fed": float(min(2, sum(isinstance(one, Returned) for one in filled.sources.values()))),
            "usual": place.usual.get(meant.tool.server, 0.0),
            "switch": float(bool(servers) and meant.tool.server not in servers),
            "wanted": float(self._is_wanted(place, meant.tool)),
            "repeats": float(any(_is_same_call(one, filled) for one in before)),
            "vague": float(self._is_vague(place.step, meant.tool, filled)),
            "again": float(any(one.tool is meant.tool for one in before)),
        }

    def _is_wanted(self, place: Place, tool: Tool) -> bool:
        """Whether a tool gives what a later step lacks."""
        return any(
            edge.source == tool.id and edge.target_param == path and edge.confidence >= FED
            for target, path in place.wanted
            for edge in self._graph.into(target)
        )

    def _said(self, filled: Mapped) -> float:
        """How much the values of a step tell by the parameters that they find; one that finds several counts once."""
        worth: dict[str, float] = {}
        for path, value in said_in(filled).items():
            rare = 1.0 / self._rarity[re.split(r"[.\[]", path)[0]] ** 0.5
            worth[str(value)] = max(worth.get(str(value), 0.0), rare)
        return sum(worth.values())

    def _is_vague(self, step: Step, tool: Tool, filled: Mapped) -> bool:
        """Whether a tool that finds things would be called for a known one, and with nothing to find it by."""
        seeks = self._box.purposes[tool.id].nouns.deed == "seek"
        return seeks and not filled.sources and Wording(step.text).speaks_of_one

    def _signs(self, kinds: SignKinds, tool: Tool, filled: Mapped) -> int:
        """How many identifiers of a step are of the kind that their parameter takes, less those that are not."""
        said = said_in(filled)
        placed = [slot for slot in slots_of(self._box, tool) if is_sign(str(said.get(slot.path, "")))]
        fits = [kinds.fit(str(said[slot.path]), tool.server, slot) > 0.0 for slot in placed]
        return sum(1 if one else -1 for one in fits)


def _is_same_call(one: Mapped, other: Mapped) -> bool:
    """Whether two steps would call the same tool with the same arguments."""
    return one.tool is other.tool and bool(one.sources) and _told(one) == _told(other)


def _told(mapped: Mapped) -> dict[str, Any]:
    return {
        path: one.value if isinstance(one, Given) else (one.step, one.field) for path, one in mapped.sources.items()
    }


def said_in(mapped: Mapped, *origins: Origin) -> dict[str, Any]:
    """What the step itself says, by parameter, or what comes from other places."""
    return {
        path: source.value
        for path, source in mapped.sources.items()
        if isinstance(source, Given) and source.origin in (origins or ("step",))
    }
