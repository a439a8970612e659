"""The API graph as the page draws it: servers, tools, and one line between two tools whatever runs along it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from toolweave.graph.model import Edge, ToolGraph
from toolweave.pipeline.storage.graph_file import graph_from_json
from toolweave.pipeline.storage.jsonl import read_json
from toolweave.pipeline.viewer.pages import shortened
from toolweave.servers.errors import RunError
from toolweave.servers.json_values import as_list, as_object

MOST_DESCRIBED = 300
"""Characters of a tool's description."""


def picture_of(root: Path) -> dict[str, Any] | None:
    """Servers, tools and links of a run's graph; `None` before it is known.

    Raises:
        RunError: `graph.json` or `manifest.json` is damaged.
    """
    if not (root / "graph.json").exists():
        return None
    try:
        graph = graph_from_json(read_json(root / "graph.json"))
    except ValidationError as error:
        raise RunError(f"{root / 'graph.json'} holds a graph of another format") from error
    manifest = read_json(root / "manifest.json") if (root / "manifest.json").exists() else {}
    return {
        "servers": list(dict.fromkeys(tool.server for tool in graph.tools.values())),
        "tools": _tools(graph, manifest),
        "links": _links(graph.edges),
    }


def _tools(graph: ToolGraph, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    refused = as_object(as_object(manifest.get("servers")).get("refused"))
    unreachable = as_object(manifest.get("unreachable"))
    return [
        {
            "id": name,
            "server": tool.server,
            "name": tool.name,
            "description": shortened(tool.description.strip(), MOST_DESCRIBED),
            "parameters": list(as_object(tool.input_schema.get("properties"))),
            "required": as_list(tool.input_schema.get("required")),
            "access": graph.fact(name).access,
            "tried": graph.fact(name).tried,
            "failed": graph.fact(name).failed,
            "barred": str(refused.get(name) or unreachable.get(name) or ""),
        }
        for name, tool in graph.tools.items()
    ]


def _links(edges: Iterable[Edge]) -> list[dict[str, Any]]:
    """One link for each ordered pair of tools and kind of edge, with the edges that it stands for."""

    def ends(edge: Edge) -> tuple[str, str, str]:
        return edge.source, edge.target, edge.kind

    found: list[dict[str, Any]] = []
    for (source, target, kind), group in groupby(sorted(edges, key=ends), key=ends):
        along = sorted(group, key=lambda edge: -edge.confidence)
        found.append(
            {
                "source": source,
                "target": target,
                "kind": kind,
                "confidence": round(along[0].confidence, 3),
                "confirmed": any(edge.confirmed for edge in along),
                "edges": [_edge(edge) for edge in along],
            }
        )
    return found


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "field": edge.source_field,
        "parameter": edge.target_param,
        "effect": edge.effect,
        "confidence": round(edge.confidence, 3),
        "evidence": [
            {
                "kind": item.kind,
                "score": round(item.score, 3),
                "trials": item.trials,
                "successes": item.successes,
                "examples": shortened(list(item.examples[:2]), 80),
                "why": item.why,
            }
            for item in edge.evidence
        ],
    }
