"""The graph of a run on disk, whole: tools, edges with evidence, and what experiments taught."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from toolweave.graph.model import Edge, ToolFacts, ToolGraph
from toolweave.servers.tools import Tool


@dataclass(frozen=True)
class GraphFile:
    """`graph.json` of a run directory."""

    tools: tuple[Tool, ...]
    edges: tuple[Edge, ...]
    facts: dict[str, ToolFacts]


_ADAPTER = TypeAdapter(GraphFile)


def graph_to_json(graph: ToolGraph) -> Any:
    """The graph as JSON."""
    return _ADAPTER.dump_python(GraphFile(tuple(graph.tools.values()), graph.edges, graph.facts), mode="json")


def graph_from_json(data: Any) -> ToolGraph:
    """The graph that `graph_to_json` wrote.

    Raises:
        pydantic.ValidationError: The data is something else.
    """
    found = _ADAPTER.validate_python(data)
    return ToolGraph({tool.id: tool for tool in found.tools}, found.edges, found.facts)
