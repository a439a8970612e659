"""The edges file and the tools file: the graph as JSON objects, and tools from JSON of the shapes found in the wild."""

from __future__ import annotations

from typing import Any

from toolweave.graph.model import Edge, Evidence, ToolGraph
from toolweave.servers.json_values import as_object, is_list, is_object
from toolweave.servers.tools import Annotations, Tool, offered_names


def edges_json(graph: ToolGraph) -> dict[str, Any]:
    """The graph's edges as the object of `EDGES.json`, under the names that people see, strongest first."""
    names = offered_names(graph.tools.values())
    return {"edges": [_edge_json(edge, names) for edge in graph.edges]}


def _edge_json(edge: Edge, names: dict[str, str]) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "source": names.get(edge.source, edge.source),
        "source_field": edge.source_field,
        "target": names.get(edge.target, edge.target),
        "target_param": edge.target_param,
        "kind": edge.kind,
        "confidence": round(edge.confidence, 4),
        "evidence": [_evidence_json(item) for item in edge.evidence],
    }
    return facts if edge.effect is None else {**facts, "effect": edge.effect}


def _evidence_json(item: Evidence) -> dict[str, Any]:
    facts: dict[str, Any] = {"kind": item.kind, "score": round(item.score, 4)}
    if item.trials:
        facts |= {"trials": item.trials, "successes": item.successes}
    if item.examples:
        facts["examples"] = list(item.examples)
    return {**facts, "why": item.why} if item.why else facts


def tools_from_json(data: object) -> tuple[list[Tool], list[str]]:
    """Tools from `{"tools": […]}`, a `tools/list` result or a bare list, and why the others were skipped.

    A tool may carry a `server`; of two tools with one id the first is kept.
    """
    tools: dict[str, Tool] = {}
    reasons: list[str] = []
    entries = _entries(data)
    if entries is None:
        return [], ["there is no list of tools: expected {'tools': […]}"]
    for number, entry in enumerate(entries, start=1):
        tool = _tool(entry)
        if isinstance(tool, str):
            reasons.append(f"tool {number}: {tool}")
        elif tool.id in tools:
            reasons.append(f"tool {number}: {tool.id!r} is there already")
        else:
            tools[tool.id] = tool
    return list(tools.values()), reasons


def _entries(data: object) -> list[Any] | None:
    for _ in range(3):
        if is_list(data):
            return data
        if not is_object(data):
            return None
        data = data["tools"] if "tools" in data else data.get("result")
    return data if is_list(data) else None


def _tool(entry: object) -> Tool | str:
    """The tool, or why there is none."""
    if not is_object(entry):
        return "it is not an object"
    name, server = entry.get("name"), entry.get("server", "")
    if not isinstance(name, str) or not name:
        return "it has no name"
    if not isinstance(server, str):
        return f"the server of {name!r} is not a string"
    schema = entry.get("inputSchema", entry.get("input_schema", {"type": "object"}))
    if not is_object(schema):
        return f"the input schema of {name!r} is not an object"
    output = entry.get("outputSchema", entry.get("output_schema"))
    description = entry.get("description")
    return Tool(
        server=server,
        name=name,
        description=description if isinstance(description, str) else "",
        input_schema=schema,
        output_schema=output if is_object(output) else None,
        annotations=_annotations(as_object(entry.get("annotations"))),
    )


def _annotations(hints: dict[str, Any]) -> Annotations:
    title = hints.get("title")
    return Annotations(
        title=title if isinstance(title, str) else None,
        read_only=_flag(hints.get("readOnlyHint")),
        destructive=_flag(hints.get("destructiveHint")),
        idempotent=_flag(hints.get("idempotentHint")),
        open_world=_flag(hints.get("openWorldHint")),
    )


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
