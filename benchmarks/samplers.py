"""The two baselines that samplers of chains are held against: a random walk, and the rule that the paper prints.

- `random walk`: uniformly any legal tool; legal is what outputs so far or a user can supply.
- `literal rule` (FunReason-MT, eq. 1-2): a random target; legal and not called yet: call it; not legal: the legal tool
  that is nearest to it in the graph, called already or not; called already: a random legal tool.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import networkx as nx

from toolweave.graph.model import ToolGraph
from toolweave.graph.plan import FromCall, PlannedCall, Supplied, ValueSource
from toolweave.graph.reach import Speakable
from toolweave.graph.schema import parameters

GIVEN_SHARE = 0.4
"""Share of a baseline's calls that also carry an optional parameter which a call has given; our plans do the same."""
TURN = 8
"""Calls after which the literal rule takes another target."""


class Walker:
    """Chooses single calls; knows what is legal after the calls so far."""

    def __init__(self, graph: ToolGraph, allowed: frozenset[str], speakable: Speakable, rng: random.Random) -> None:
        self.graph = graph
        self.allowed = allowed
        self.rng = rng
        self.steps: dict[int, str] = {}
        self._speakable = speakable

    def legal(self) -> list[str]:
        """Tools of which every required parameter can be supplied."""
        return [tool for tool in self.graph.tools if tool in self.allowed and self._is_legal(tool)]

    def planned(self, tool: str) -> PlannedCall:
        """A call with values from outputs where there are any, else said; the output is drawn."""
        sources: dict[str, ValueSource] = {}
        for parameter in parameters(self.graph.tools[tool]):
            options = self._fed(tool, parameter.path)
            if options and (parameter.required or self.rng.random() < GIVEN_SHARE):
                sources[parameter.path] = self.rng.choice(options)
            elif parameter.required:
                sources[parameter.path] = Supplied()
        after = frozenset(source.step for source in sources.values() if isinstance(source, FromCall))
        return PlannedCall(len(self.steps), tool, sources, "target", after)

    def _is_legal(self, tool: str) -> bool:
        return all(
            self._fed(tool, parameter.path) or self._speakable(tool, parameter.path)
            for parameter in parameters(self.graph.tools[tool])
            if parameter.required
        )

    def _fed(self, tool: str, path: str) -> list[FromCall]:
        return [
            FromCall(step, edge.source_field)
            for edge in self.graph.into(tool)
            if edge.target_param == path and edge.confidence >= 0.5
            for step, called in self.steps.items()
            if called == edge.source
        ]


Choice = Callable[[Walker], str]


class RandomWalk:
    """Uniformly any legal tool."""

    def __call__(self, walker: Walker) -> str:
        """The next tool."""
        return walker.rng.choice(walker.legal())


class LiteralRule:
    """The paper's sampler as printed."""

    def __init__(self, graph: ToolGraph, allowed: frozenset[str]) -> None:
        links: nx.DiGraph[str] = nx.DiGraph()
        links.add_nodes_from(sorted(allowed))
        links.add_edges_from((edge.source, edge.target) for edge in graph.edges if edge.kind == "data")
        self._distances = dict(nx.all_pairs_shortest_path_length(links.reverse()))
        self._targets = sorted(allowed)
        self.target = ""
        """The tool that it is on the way to."""
        self.left = 0
        """Calls until it takes another one; 0 when it is there."""

    def __call__(self, walker: Walker) -> str:
        """The next tool."""
        called = set(walker.steps.values())
        legal = walker.legal()
        if not self.left or not walker.steps:
            self.target, self.left = walker.rng.choice(self._targets), TURN
        self.left -= 1
        if self.target in called:
            self.left = 0
            return walker.rng.choice(legal)
        if self.target in legal:
            self.left = 0
            return self.target
        away = self._distances[self.target]
        nearest = min(away.get(tool, 10**6) for tool in legal)
        return walker.rng.choice([tool for tool in legal if away.get(tool, 10**6) == nearest])
