"""What steps return that experiments have not shown: the steps before one that lacks something are carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from toolweave.agent.arguments import ValueBook
from toolweave.agent.fill import PlanFailed, Voice
from toolweave.agent.memory import Memory
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.rehearse import Rehearsal
from toolweave.agent.roles import Model
from toolweave.agent.texts.resolving import Mapped, Returned
from toolweave.graph.fields import leaves
from toolweave.graph.model import ToolFacts, ToolGraph
from toolweave.pipeline.environments import OpenEnvironment
from toolweave.pipeline.from_text.plans import plan_of
from toolweave.servers.errors import ServerError
from toolweave.servers.spec import ServerSpec

MOST_CALLS = 24
"""Live calls for a look at what the steps of a text return."""


@dataclass(frozen=True, slots=True)
class Look:
    """Carries out the beginnings of procedures on fresh servers."""

    specs: dict[str, ServerSpec]
    open_fresh: OpenEnvironment
    model: Model
    seed: int

    async def beyond(self, graph: ToolGraph, box: Toolbox, mapped: Sequence[Sequence[Mapped]]) -> ToolGraph:
        """The graph with what the steps were seen to return before those that lack something."""
        seen: dict[str, set[str]] = {}
        for steps in mapped:
            lacking = [number for number, one in enumerate(steps) if one.lacks]
            for number in dict.fromkeys(reversed([*lacking[:1], *lacking[-1:]])):
                found = await self._fields(graph, _sound(steps[:number]))
                for tool, fields in found.items():
                    seen.setdefault(tool, set()).update(fields)
                if found:
                    break
        return _with_fields(graph, box, seen) if seen else graph

    async def _fields(self, graph: ToolGraph, steps: Sequence[Mapped]) -> dict[str, list[str]]:
        """Tool → patterns of the fields in its output; nothing where the steps cannot be carried out."""
        if not steps:
            return {}
        rehearsal = Rehearsal(
            lambda names: self.open_fresh([self.specs[name] for name in names]),
            graph,
            Voice(ValueBook({}), self.model, self.seed),
            Memory.of_facts(graph.facts),
            MOST_CALLS,
        )
        try:
            made = await rehearsal.run(plan_of(steps, 0, self.seed))
        except (PlanFailed, ServerError):
            return {}
        return {call.tool.id: sorted({leaf.pattern for leaf in leaves(call.result.value)}) for call in made.trace.calls}


def moved(mapped: Mapped, by: int) -> Mapped:
    """A step behind more steps than before."""
    steps = {source.step for source in mapped.sources.values() if isinstance(source, Returned)}
    return _with_places(mapped, {step: step + by for step in steps})


def _with_places(mapped: Mapped, places: Mapping[int, int]) -> Mapped:
    """A step that takes what others return from where those stand now."""
    returned = {path: source for path, source in mapped.sources.items() if isinstance(source, Returned)}
    new = {path: replace(source, step=places[source.step]) for path, source in returned.items()}
    return replace(mapped, sources={**mapped.sources, **new})


def _sound(steps: Sequence[Mapped]) -> list[Mapped]:
    """The steps that can be carried out, without those that could not become a call and what hangs on them."""
    kept: list[Mapped] = []
    places: dict[int, int] = {}
    for number, one in enumerate(steps):
        steps_before = [source.step for source in one.sources.values() if isinstance(source, Returned)]
        if one.problem is None and all(step in places for step in steps_before):
            places[number] = len(kept)
            kept.append(_with_places(one, places))
    return kept


def _with_fields(graph: ToolGraph, box: Toolbox, seen: dict[str, set[str]]) -> ToolGraph:
    """The graph with edges from fields that were seen just now, behind those that it has."""
    facts = dict(graph.facts)
    for tool, fields in sorted(seen.items()):
        known = facts.get(tool, ToolFacts())
        facts[tool] = replace(known, fields=tuple(sorted({*known.fields, *fields})))
    observed = {tool: facts[tool].fields for tool in sorted(seen)}
    known_edges = {(edge.source, edge.source_field, edge.target, edge.target_param) for edge in graph.edges}
    new = [
        edge
        for edge in box.graph(observed).edges
        if edge.source in seen
        and edge.target in graph.tools
        and (edge.source, edge.source_field, edge.target, edge.target_param) not in known_edges
    ]
    edges = sorted((*graph.edges, *new), key=lambda edge: -edge.confidence)
    return ToolGraph(graph.tools, tuple(edges), facts)
