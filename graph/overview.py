"""What a person asks of a graph: what feeds a tool, what it enables, what has no producer, islands and hubs."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx

from toolweave.graph.model import Edge, ToolGraph
from toolweave.graph.schema import parameters


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Everything that touches one tool, strongest first."""

    feeds: dict[str, tuple[Edge, ...]]
    """Parameter → edges into it; a required parameter without a producer has none."""
    goes_to: tuple[Edge, ...]
    changed_by: tuple[Edge, ...]
    changes: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """Figures of a whole graph."""

    tools: int
    data_edges: int
    state_edges: int
    confirmed: int
    """Edges that something live has shown."""
    without_producer: tuple[tuple[str, str], ...]
    """(tool id, required parameter) that no tool feeds: the user has to say it."""
    islands: tuple[tuple[str, ...], ...]
    """Groups of tools without an edge to any other group, largest first."""
    hubs: tuple[tuple[str, int], ...]
    """Tools that feed the most others."""
    belied: tuple[str, ...] = ()
    """Tools that say that they only read, and were seen to change something."""


def neighbourhood(graph: ToolGraph, tool_id: str) -> Neighbourhood:
    """What feeds a tool and what it feeds.

    Raises:
        KeyError: The graph has no such tool.
    """
    needed = [parameter.path for parameter in parameters(graph.tools[tool_id]) if parameter.required]
    into = graph.into(tool_id)
    names = dict.fromkeys([*needed, *(edge.target_param for edge in into)])
    feeds = {name: tuple(edge for edge in into if edge.target_param == name) for name in names}
    return Neighbourhood(
        feeds, tuple(graph.out_of(tool_id)), tuple(graph.into(tool_id, "state")), tuple(graph.out_of(tool_id, "state"))
    )


def overview(graph: ToolGraph, most: int = 10) -> Overview:
    """The whole graph at a glance; lists of hubs end after `most`."""
    data = [edge for edge in graph.edges if edge.kind == "data"]
    fed = {(edge.target, edge.target_param) for edge in data}
    open_needs = [
        (tool_id, parameter.path)
        for tool_id, tool in graph.tools.items()
        for parameter in parameters(tool)
        if parameter.required and (tool_id, parameter.path) not in fed
    ]
    return Overview(
        tools=len(graph.tools),
        data_edges=len(data),
        state_edges=len(graph.edges) - len(data),
        confirmed=sum(edge.confirmed for edge in graph.edges),
        without_producer=tuple(open_needs),
        islands=_islands(graph),
        hubs=_hubs(data, most),
        belied=graph.belied,
    )


def _islands(graph: ToolGraph) -> tuple[tuple[str, ...], ...]:
    whole: nx.Graph[str] = nx.Graph()
    whole.add_nodes_from(graph.tools)
    whole.add_edges_from((edge.source, edge.target) for edge in graph.edges)
    groups = [tuple(sorted(group)) for group in nx.connected_components(whole)]
    return tuple(sorted(groups, key=lambda group: (-len(group), group)))


def _hubs(data: list[Edge], most: int) -> tuple[tuple[str, int], ...]:
    reached: dict[str, set[str]] = {}
    for edge in data:
        reached.setdefault(edge.source, set()).add(edge.target)
    ranked = sorted(((tool, len(targets)) for tool, targets in reached.items()), key=lambda item: (-item[1], item[0]))
    return tuple(ranked[:most])
