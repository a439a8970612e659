"""What steps return that experiments have not shown: the steps before one that lacks something are carried out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from toolweave.agent.arguments import ValueBook
from toolweave.agent.fill import PlanFailed, Voice
from toolweave.agent.memory import Memory
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.rehearse import Rehearsal
from toolweave.agent.roles import Model
from toolweave.agent.texts.resolving import Mapped
from toolweave.graph.fields import leaves
from toolweave.graph.model import ToolFacts, ToolGraph
from toolweave.pipeline.environments import OpenEnvironment
from toolweave.pipeline.from_text.plans import plan_of
from toolweave.servers.errors import ServerError
from toolweave.servers.spec import ServerSpec

MOST_CALLS = 12
"""Live calls for a look at what the steps of one procedure return."""


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
            lacking = next((number for number, one in enumerate(steps) if one.lacks), 0)
            if lacking and all(one.problem is None for one in steps[:lacking]):
                for tool, fields in (await self._fields(graph, steps[:lacking])).items():
                    seen.setdefault(tool, set()).update(fields)
        return _with_fields(graph, box, seen) if seen else graph

    async def _fields(self, graph: ToolGraph, steps: Sequence[Mapped]) -> dict[str, list[str]]:
        """Tool → patterns of the fields in its output; nothing where the steps cannot be carried out."""
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
