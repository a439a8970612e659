"""Calls that may be missing before one that fails: what a person would try when a thing "does not exist" yet.

The candidates are tools of the same server that change something, best guess first: those that a state edge names,
those whose name says that they make something, those that take the same things and little else. Whether one really
helps is an experiment: the same call failed without it and succeeds after it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from toolweave.agent.memory import Memory
from toolweave.graph.model import Edge, ToolGraph
from toolweave.graph.nouns import tool_nouns
from toolweave.graph.plan import FromCall, PlannedCall, Supplied, ValueSource
from toolweave.graph.reach import TRUSTED, Speakable
from toolweave.graph.schema import parameters
from toolweave.graph.words import words

_ALREADY = re.compile(r"\balready\b", re.IGNORECASE)
MOST_CANDIDATES = 3
LEAST_PROMISE = 0.6
SHORTEST_STEM = 4
"""Letters of a word by which it is known in another form."""
WORTH_A_TRY = 0.25
"""Confidence from which what an enabler returns is handed to the call that failed; the retry shows whether it fits."""


@dataclass(frozen=True, slots=True)
class Failing:
    """A call that fails."""

    planned: PlannedCall
    reason: str
    """What the server says; the thing that it misses is often named in it."""
    blamed: Collection[str]
    """Parameters that may be to blame."""
    told: Mapping[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """(tool id, field pattern) → step of a call that returned there what the server names as being in the way."""

    def source_of(self, edges: Sequence[Edge], path: str) -> FromCall | None:
        """Where a parameter can be had from that takes what is in the way."""
        for edge in edges:
            step = self.told.get((edge.source, edge.source_field))
            if edge.target_param == path and edge.confidence >= TRUSTED and step is not None:
                return FromCall(step, edge.source_field)
        return None


def enablers(
    graph: ToolGraph, failing: Failing, memory: Memory, made: Mapping[int, str], step: int, speakable: Speakable
) -> list[PlannedCall]:
    """Planned calls worth making before a failing one, numbered `step`, best guess first.

    `made` maps the steps that have been made to their tools. A parameter of the same name gets the same source as in
    the failing call, others are fed by calls that have been made, or by what a user could say.
    """
    names = _candidates(graph, failing.planned, set(made.values()))
    promise = {name: _promise(graph, name, failing, memory) for name in names}
    likely = sorted((name for name in promise if promise[name] >= LEAST_PROMISE), key=lambda name: -promise[name])
    plans = (_planned(graph, name, failing, made, step, speakable) for name in likely)
    return [plan for plan in plans if plan is not None][:MOST_CANDIDATES]


def after_enabler(graph: ToolGraph, failing: PlannedCall, enabler: PlannedCall) -> PlannedCall:
    """The failing call once more, after the enabler and with the things that the enabler gives it."""
    given: dict[str, ValueSource] = {
        edge.target_param: FromCall(enabler.step, edge.source_field)
        for edge in reversed(graph.into(failing.tool))
        if edge.source == enabler.tool and edge.confidence >= WORTH_A_TRY
    }
    return replace(failing, sources=failing.sources | given, after=failing.after | {enabler.step})


def is_enabled(graph: ToolGraph, failing: PlannedCall, made: Collection[str]) -> bool:
    """Whether experiments have shown a call that enables this one and was not made."""
    edges = graph.into(failing.tool, "state")
    return any(edge.effect == "enables" and edge.source not in made for edge in edges)


def left_out(graph: ToolGraph, failing: PlannedCall, reason: str, speakable: Speakable) -> dict[str, ValueSource]:
    """Optional parameters that an error names and that the user could have said."""
    named = set(words(reason))
    return {
        parameter.path: Supplied()
        for parameter in parameters(graph.tools[failing.tool])
        if parameter.path not in failing.sources and not parameter.required and failing.corrects is None
        if set(words(parameter.path)) <= named and speakable(failing.tool, parameter.path)
    }


def _candidates(graph: ToolGraph, failing: PlannedCall, made: set[str]) -> list[str]:
    server = graph.tools[failing.tool].server
    return [
        name
        for name, tool in graph.tools.items()
        if tool.server == server and name != failing.tool and name not in made and graph.fact(name).access == "writes"
    ]


def _promise(graph: ToolGraph, name: str, failing: Failing, memory: Memory) -> float:
    """How likely a call makes the failing one work; below zero where nothing speaks for it.

    Something does where experiments or this run have shown it, where the error tells it or names what it is about, or
    where it does something to a thing that may be to blame, or makes one. What is `already` so does not want for
    anything.
    """
    known = 3.0 * (_is_shown(graph, name, failing.planned) or memory.helps(name, failing.planned.tool, failing.reason))
    if not known and (memory.helps_not(name, failing.planned.tool, failing.reason) or _ALREADY.search(failing.reason)):
        return -1.0
    needed = graph.tools[name].required
    nouns = tool_nouns(graph.tools[name])
    told = 1.5 * _is_told(graph.tools[name].name, failing.reason) + (
        nouns.deed == "make" and nouns.head in words(failing.reason)
    )
    things = {_first(path) for path in failing.blamed}
    about = bool(needed & things) + (nouns.deed == "make" and _gives(graph, name, failing))
    named = {path for path in needed if failing.source_of(graph.into(name), path) is not None}
    told += 1.5 * bool(named - things)
    if not known + told + about:
        return -1.0
    return known + told + about - 0.4 * len(needed - {_first(path) for path in failing.planned.sources} - named)


def _is_shown(graph: ToolGraph, name: str, failing: PlannedCall) -> bool:
    return any(edge.source == name and edge.effect == "enables" for edge in graph.into(failing.tool, "state"))


def _gives(graph: ToolGraph, name: str, failing: Failing) -> bool:
    """Whether a call returns what may be to blame in the failing one."""
    edges = (edge for edge in graph.into(failing.planned.tool) if edge.source == name)
    return any(edge.target_param in failing.blamed and edge.confidence >= WORTH_A_TRY for edge in edges)


def _first(path: str) -> str:
    """The parameter that a pattern lies in."""
    return path.partition("[")[0].partition(".")[0]


def _is_told(name: str, reason: str) -> bool:
    """Whether an error speaks of what a tool does: its name, or the first word of it in another form."""
    verb = words(name)[0]
    stem = verb[: max(SHORTEST_STEM, len(verb) - 1)]
    return name in reason or (len(verb) >= SHORTEST_STEM and any(word.startswith(stem) for word in words(reason)))


def _planned(
    graph: ToolGraph, name: str, failing: Failing, made: Mapping[int, str], step: int, speakable: Speakable
) -> PlannedCall | None:
    sources: dict[str, ValueSource] = {}
    for parameter in parameters(graph.tools[name]):
        if not parameter.required:
            continue
        edges, path = graph.into(name), parameter.path
        source = failing.planned.sources.get(path) or failing.source_of(edges, path) or _fed(edges, path, made)
        if source is None and not speakable(name, parameter.path):
            return None
        sources[parameter.path] = source or Supplied()
    after = frozenset(source.step for source in sources.values() if isinstance(source, FromCall))
    return PlannedCall(step, name, sources, "state", after)


def _fed(edges: Sequence[Edge], path: str, made: Mapping[int, str]) -> FromCall | None:
    for edge in edges:
        for step, tool in made.items():
            if edge.target_param == path and edge.source == tool and edge.confidence >= TRUSTED:
                return FromCall(step, edge.source_field)
    return None
