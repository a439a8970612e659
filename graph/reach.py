"""How many calls each tool is away from what a user can say: costs over the AND-OR structure of the graph.

A tool needs *all* of its required parameters (AND); a parameter needs *one* producer or something that the user can
say (OR). The costs are the smallest ones (Knuth 1977, Dijkstra generalised to superior functions), so following
producers that are cheaper than their consumer never runs in a circle.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass

from toolweave.graph.model import Edge, ToolGraph
from toolweave.graph.schema import parameters

Speakable = Callable[[str, str], bool]
"""(tool id, parameter pattern) → whether a user could say a value for it."""

UNTRUSTED_EDGE = 2.0
"""Cost of following an edge with confidence 0, in calls."""
SAID_INSTEAD_OF_FED = 3.0
"""Cost of letting the user say what a trusted edge could feed: users do not know ids."""
TRUSTED = 0.5
"""Confidence from which an edge says that the parameter is something that tools produce."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Costs of reaching tools; a tool that cannot be reached has none."""

    costs: dict[str, float]
    needs: dict[str, tuple[str, ...]]
    """Required parameter patterns of every tool."""
    feeds: dict[tuple[str, str], tuple[Edge, ...]]
    """Data edges into (tool, parameter), strongest first."""
    speakable: Speakable

    def said_cost(self, tool: str, parameter: str) -> float:
        """Cost of letting the user say this parameter; infinite when nobody could."""
        if not self.speakable(tool, parameter):
            return math.inf
        edges = self.feeds.get((tool, parameter), ())
        return SAID_INSTEAD_OF_FED if edges and edges[0].confidence >= TRUSTED else 0.0

    def missing(self, tool: str) -> tuple[str, str] | None:
        """Where the way to `tool` breaks off: the (tool, parameter) without any source; `None` when it can be reached.

        The parameter is empty when the tool may not be called; of tools that only feed each other, one is named.
        """
        if tool in self.costs:
            return None
        broken, passed = (tool, ""), set[str]()
        while tool not in passed:
            passed.add(tool)
            parameter = next((need for need in self.needs.get(tool, ()) if self._without_source(tool, need)), "")
            broken = tool, parameter
            tool = next((edge.source for edge in self.feeds.get(broken, ())), tool)
        return broken

    def _without_source(self, tool: str, parameter: str) -> bool:
        fed = any(edge.source in self.costs for edge in self.feeds.get((tool, parameter), ()))
        return not fed and math.isinf(self.said_cost(tool, parameter))


def edge_cost(edge: Edge) -> float:
    """What following an edge costs beyond its producer: the less it is believed, the more."""
    return (1.0 - edge.confidence) * UNTRUSTED_EDGE


def reach(graph: ToolGraph, speakable: Speakable, allowed: frozenset[str], least: float = 0.0) -> Reach:
    """Smallest costs of all allowed tools, over edges of at least this confidence."""
    names = [name for name in graph.tools if name in allowed]
    needs = {name: tuple(p.path for p in parameters(graph.tools[name]) if p.required) for name in names}
    found = Reach({}, needs, _feeds(graph, allowed, least), speakable)
    _settle(found, names)
    return found


def _feeds(graph: ToolGraph, allowed: frozenset[str], least: float) -> dict[tuple[str, str], tuple[Edge, ...]]:
    groups: dict[tuple[str, str], list[Edge]] = {}
    for edge in graph.edges:
        callable_ends = edge.source in allowed and edge.target in allowed and edge.source != edge.target
        if edge.kind == "data" and callable_ends and edge.confidence >= least:
            groups.setdefault((edge.target, edge.target_param), []).append(edge)
    return {key: tuple(sorted(edges, key=lambda edge: -edge.confidence)) for key, edges in groups.items()}


def _settle(found: Reach, names: list[str]) -> None:
    best = {(name, need): found.said_cost(name, need) for name in names for need in found.needs[name]}
    consumers = _consumers(found)
    queue = [(cost, name) for name in names if not math.isinf(cost := _cost(name, found.needs, best))]
    heapq.heapify(queue)
    while queue:
        cost, name = heapq.heappop(queue)
        if name in found.costs:
            continue
        found.costs[name] = cost
        for edge in consumers.get(name, ()):
            key = (edge.target, edge.target_param)
            if key in best and edge.target not in found.costs and cost + edge_cost(edge) < best[key]:
                best[key] = cost + edge_cost(edge)
                if not math.isinf(total := _cost(edge.target, found.needs, best)):
                    heapq.heappush(queue, (total, edge.target))


def _consumers(found: Reach) -> dict[str, list[Edge]]:
    groups: dict[str, list[Edge]] = {}
    for edges in found.feeds.values():
        for edge in edges:
            groups.setdefault(edge.source, []).append(edge)
    return groups


def _cost(name: str, needs: dict[str, tuple[str, ...]], best: dict[tuple[str, str], float]) -> float:
    return 1.0 + sum(best[name, need] for need in needs[name])
