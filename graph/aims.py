"""What a turn may be planned for: tools and edges that the dataset covers least, the best first."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice

from toolweave.graph.coverage import Coverage
from toolweave.graph.model import Edge
from toolweave.graph.plan import TurnPlan
from toolweave.graph.planner import Planner
from toolweave.graph.planning.chances import EdgeKey
from toolweave.graph.planning.draft import Past, edge_key, edges_of
from toolweave.graph.reach import TRUSTED

EDGES_FIRST = 0.6
"""Share of fresh turns that are planned for an edge and not for a tool."""
MOST_COMPARED = 20
"""Aims whose servers are compared where another topic is wanted."""
UNCONFIRMED = 0.3
"""What it adds to follow an edge for the first time that experiments have not shown; one that they have adds 1."""
MOST_EDGES = 5
"""Edges that are tried before tools are."""
Among = Collection[str] | None
"""Tools that a turn may be for; `None` for all."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What a turn is planned for: a tool, reached through an edge where one is given."""

    target: str
    via: Edge | None = None


class Aims:
    """Aims over one graph.

    Args:
        planner: Knows what can be reached.
        coverage: Knows what is covered.
        asked_for: Tool ids or names to which the opening turns are restricted; none when empty.
    """

    def __init__(self, planner: Planner, coverage: Coverage, asked_for: Sequence[str] = ()) -> None:
        self._planner = planner
        self._coverage = coverage
        self._asked_for = frozenset(asked_for)

    def opening(self, exploring: bool, rng: random.Random, among: Among = None) -> Iterator[Aim]:
        """Aims of a first turn."""
        return self._fresh((), exploring, rng, among, opening=True)

    def elsewhere(self, past: Past, exploring: bool, rng: random.Random, among: Among = None) -> Iterator[Aim]:
        """Aims of a turn that has nothing to do with the earlier ones; servers first that were seldom beside theirs."""
        had = {call.tool for call in past.calls}
        here = sorted({self._planner.known.server(tool) for tool in had})
        aims = islice(self._fresh(had, exploring, rng, among, opening=False), MOST_COMPARED)
        server = self._planner.known.server
        return iter(sorted(aims, key=lambda aim: self._coverage.paired(server(aim.target), here)))

    def onward(self, past: Past, exploring: bool, rng: random.Random, among: Among = None) -> Iterator[Aim]:
        """Aims of a turn that uses what earlier turns have brought up."""
        had = {call.tool for call in past.calls}
        producers = dict.fromkeys(call.tool for call in past.usable)
        edges = chain.from_iterable(self._planner.graph.out_of(tool) for tool in producers)
        fresh = (edge for edge in edges if edge.target not in had and (among is None or edge.target in among))
        open_edges = [edge for edge in fresh if self._can_follow(edge, exploring)]
        return (Aim(edge.target, edge) for edge in self._coverage.least_followed(open_edges, rng))

    def worth(self, turn: TurnPlan, earlier: tuple[TurnPlan, ...]) -> float:
        """What a turn would add to the coverage for each call that it is likely to take."""
        edges = edges_of((*earlier, turn))[len(edges_of(earlier)) :]
        added = sum(self._news[edge] / (1.0 + self._coverage.weights.get(edge, 0.0)) for edge in edges)
        added += 1.0 / (1.0 + self._coverage.targeted.get(turn.target, 0.0))
        return added / sum(self._calls(call.tool) for call in turn.calls)

    def _calls(self, tool: str) -> float:
        """Calls that it is likely to take until one of a tool works."""
        fact = self._planner.graph.fact(tool)
        return (fact.tried + 1.0) / (fact.tried - fact.failed + 1.0)

    @cached_property
    def _news(self) -> defaultdict[EdgeKey, float]:
        return defaultdict(float, {edge_key(edge): 1.0 if edge.confirmed else UNCONFIRMED for edge in self._edges})

    def is_asked_for(self, tool: str) -> bool:
        """Whether a tool may be what an opening turn is for."""
        names = {tool, self._planner.graph.tools[tool].name}
        return not self._asked_for or bool(names & self._asked_for)

    @property
    def restricted(self) -> bool:
        """Whether only some tools may be what an opening turn is for."""
        return bool(self._asked_for)

    def _fresh(
        self, had: Collection[str], exploring: bool, rng: random.Random, among: Among, opening: bool
    ) -> Iterator[Aim]:
        """Edges hardly covered, tools hardly aimed at; nothing that the conversation has used."""
        tools = self.doubtful if exploring and self.doubtful else self.sure
        tools = tools if among is None else [tool for tool in tools if tool in among]
        free = [tool for tool in tools if tool not in had and not (opening and not self.is_asked_for(tool))]
        ranked = self._coverage.least_targeted(free, rng)
        if not exploring and self._coverage.targeted and rng.random() < EDGES_FIRST:
            targets = frozenset(free)
            edges = [edge for edge in self._edges if edge.target in targets and edge.source not in had]
            for edge in self._coverage.least_followed(edges, rng)[:MOST_EDGES]:
                yield Aim(edge.target, edge)
        yield from map(Aim, ranked)

    @cached_property
    def sure(self) -> list[str]:
        """Tools that can be reached without edges that are hardly believed."""
        return [tool for tool in self._planner.reachable() if tool in self._planner.trusted.costs]

    @cached_property
    def doubtful(self) -> list[str]:
        """Tools that can only be reached by exploring."""
        return [tool for tool in self._planner.reachable() if tool not in self._planner.trusted.costs]

    @cached_property
    def _edges(self) -> list[Edge]:
        edges = self._planner.graph.edges
        return [edge for edge in edges if edge.kind == "data" and self._can_follow(edge, exploring=False)]

    def _can_follow(self, edge: Edge, exploring: bool) -> bool:
        reach = self._planner.reach if exploring else self._planner.trusted
        ends = edge.source in reach.costs and edge.target in reach.costs and edge.source != edge.target
        return ends and (exploring or edge.confidence >= TRUSTED)
