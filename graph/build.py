"""The graph from schemas alone: which tool's output feeds which parameter, by what both mean.

Contract: pure and deterministic; any tools are accepted, however broken their schemas; the work grows with the number
of parameters and fields, not with the number of pairs. Fields that were seen in real outputs may be given and count
like declared ones. Only data edges are built: what enables or disables what must be observed.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from toolweave.graph.confidence import HINTED, MENTIONED, MENTIONED_START, Confidence, sigmoid
from toolweave.graph.mentions import Mentions
from toolweave.graph.model import Edge, Evidence, ToolGraph
from toolweave.graph.nouns import brand_words
from toolweave.graph.producers import ProducerIndex
from toolweave.graph.reading import ToolReading, read_tool, with_listed_choices
from toolweave.graph.shapes import with_kinds_by_shape
from toolweave.graph.slots import Slot
from toolweave.graph.twins import RIVAL, asked_things, rivals
from toolweave.graph.words import words
from toolweave.servers.tools import Tool

LISTED = 0.2
"""Confidence from which an edge is listed: below it, planning along the edge costs more calls than it wins."""
MOST_PRODUCERS = 12
"""Producers listed per parameter, so that hubs stay bounded."""
LEAST_LOGIT = -2.3
"""Logit below which a pair is no candidate at all: even as the best guess it would not be listed."""
LIKELY = -1.4
"""Logit below which no candidate is listed, but as the best guess."""
BEHIND = 0.4
"""Share of its confidence that a producer loses when another is far likelier."""
CROWDED = 0.15
"""How fast confidence falls with the number of equally likely producers, as a power."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    produced: Slot
    logit: float
    agreement: float
    named: bool
    """Whether the parameter's description names the producer."""


def build_graph(tools: Sequence[Tool], observed: Mapping[str, Sequence[str]] | None = None) -> ToolGraph:
    """Edges between tools that the planner should use, strongest first.

    `observed` maps tool ids to the field patterns seen in their real outputs. Of tools with one id the last counts.
    """
    unique = {tool.id: tool for tool in tools}
    with _collection_paused():
        matcher = _Matcher(list(unique.values()), observed or {})
        edges = [edge for number in range(len(unique)) for edge in matcher.edges_into(number)]
        edges.sort(key=lambda edge: -edge.confidence)
    return ToolGraph(unique, tuple(edges))


@contextmanager
def _collection_paused() -> Generator[None]:
    """No cycles arise here, and looking for them takes a fifth of the time on large sets."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Matcher:
    """Finds the producers of every parameter of one set of tools."""

    def __init__(self, tools: Sequence[Tool], observed: Mapping[str, Sequence[str]]) -> None:
        self.tools = tools
        self.readings = read_tools(tools, observed)
        self.confidence = Confidence(tools, self.readings)
        self.mentions = Mentions(tools)
        fields = [slot for reading in self.readings for slot in reading.gives]
        self.names = [words(tool.name) for tool in tools]
        self.things: dict[str, set[str]] = {}
        for tool, reading in zip(tools, self.readings, strict=True):
            self.things.setdefault(tool.server, set()).update(asked_things(reading.takes))
        self.index = ProducerIndex(fields, [tool.server for tool in tools])

    def edges_into(self, number: int) -> list[Edge]:
        """The data edges into one tool."""
        hinted = self.mentions.sources(number, self.tools[number].description)
        edges: list[Edge] = []
        for parameter in self.readings[number].takes:
            if parameter.kind not in ("control", "flag"):
                named = self.mentions.sources(number, parameter.description)
                edges += self._chosen(parameter, self._candidates(parameter, named, hinted))
        return edges

    def _candidates(self, parameter: Slot, named: list[int], hinted: list[int]) -> list[_Candidate]:
        """The best field of every tool that may feed a parameter, likeliest first."""
        fields = self.index.candidates(parameter)
        fields += [slot for tool in named for slot in self.readings[tool].gives]
        best: dict[int, _Candidate] = {}
        for produced in fields:
            if produced.tool != parameter.tool:
                found = self._candidate(parameter, produced, named, hinted)
                if found.logit > LEAST_LOGIT and (produced.tool not in best or found.logit > best[produced.tool].logit):
                    best[produced.tool] = found
        return sorted(best.values(), key=lambda candidate: -candidate.logit)

    def _candidate(self, parameter: Slot, produced: Slot, named: list[int], hinted: list[int]) -> _Candidate:
        if produced.tool in named:
            logit, agreement = self.confidence.logit(parameter, produced)
            return _Candidate(produced, max(logit, MENTIONED_START) + MENTIONED, agreement, True)
        helped = HINTED if produced.tool in hinted and parameter.kind in ("identifier", "secret") else 0.0
        logit, agreement = self.confidence.logit(parameter, produced, LEAST_LOGIT - helped)
        logit += helped
        return _Candidate(produced, logit, agreement, False)

    def _without_rivals(self, parameter: Slot, candidates: list[_Candidate]) -> list[_Candidate]:
        if len(candidates) < 2 or candidates[0].logit < LIKELY:
            return candidates
        names = [self.names[one.produced.tool] for one in candidates]
        behind = rivals(parameter, self.names[parameter.tool], names, self.things[self.tools[parameter.tool].server])
        if not any(behind):
            return candidates
        moved = [replace(one, logit=one.logit + RIVAL * late) for one, late in zip(candidates, behind, strict=True)]
        return sorted(moved, key=lambda candidate: -candidate.logit)

    def _chosen(self, parameter: Slot, candidates: list[_Candidate]) -> list[Edge]:
        candidates = self._without_rivals(parameter, candidates)
        if not candidates:
            return []
        top = candidates[0].logit
        ratios = [math.exp(candidate.logit - top) for candidate in candidates]
        crowd = sum(ratios) ** -CROWDED
        edges: list[Edge] = []
        for candidate, ratio in zip(candidates[:MOST_PRODUCERS], ratios, strict=False):
            confidence = sigmoid(candidate.logit) * (1.0 - BEHIND + BEHIND * ratio) * crowd
            if not edges and parameter.required and parameter.kind in ("identifier", "secret"):
                confidence = max(confidence, min(2.0 * confidence, LISTED))  # the best guess for what no user knows
            if confidence < LISTED:
                break
            edges.append(self._edge(parameter, candidate, confidence))
        return edges

    def _edge(self, parameter: Slot, candidate: _Candidate, confidence: float) -> Edge:
        source, target = self.tools[candidate.produced.tool].id, self.tools[parameter.tool].id
        evidence = [Evidence("matched", candidate.agreement, why=_why(parameter, candidate.produced))]
        if candidate.named:
            evidence.insert(0, Evidence("declared", 1.0, why=f"the description of {parameter.path} names {source}"))
        return Edge(source, candidate.produced.path, target, parameter.path, "data", confidence, tuple(evidence))


def read_tools(tools: Sequence[Tool], observed: Mapping[str, Sequence[str]]) -> list[ToolReading]:
    """Read a set of tools for meaning; kinds of thing that only the shapes of objects tell are filled in."""
    brands = brand_words(tools)
    readings = [
        read_tool(number, tool, brands.get(tool.server, frozenset()), observed.get(tool.id, ()))
        for number, tool in enumerate(tools)
    ]
    readings = with_listed_choices(readings, [tool.server for tool in tools])
    wanted = frozenset(slot.things[-1] for one in readings for slot in one.takes if slot.things and slot.attribute)
    told = with_kinds_by_shape([one.gives for one in readings], [tool.server for tool in tools], wanted)
    return [replace(one, gives=gives) for one, gives in zip(readings, told, strict=True)]


def _why(parameter: Slot, produced: Slot) -> str:
    if produced.guessed:
        return f"by its name the producer gives what {parameter.path} asks for"
    if parameter.own == produced.own:
        return "the names are the same"
    thing = " ".join((*parameter.things, parameter.attribute)).strip()
    return f"both are the {thing or parameter.path} by their names and surroundings"
