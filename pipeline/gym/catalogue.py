"""Which live tool stands behind each function that a sample offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from toolweave.pipeline.sample import Sample, called
from toolweave.servers.errors import RunError
from toolweave.servers.json_values import as_object
from toolweave.servers.tools import Tool, spellings


def live_tools(sample: Sample, listed: Iterable[Tool]) -> dict[str, Tool]:
    """Offered name → the listed tool with the same description and schema.

    Raises:
        RunError: A function is not among the listed tools any more, or several tools could be meant.
    """
    listed = list(listed)
    known = {(tool.server, tool.name): tool for tool in listed}
    names = {call_id: name for call_id, name, _ in called(sample.messages)}
    found = {
        names[call.id]: known[call.server, call.tool]
        for call in sample.checker.calls
        if (call.server, call.tool) in known
    }
    for function in (as_object(one.get("function")) for one in sample.tools):
        name = str(function["name"])
        if name not in found:
            found[name] = _only(sample.id, name, [tool for tool in listed if _is(tool, function)])
    return found


def servers_of(tools: Mapping[str, Tool]) -> list[str]:
    """Names of the servers behind some functions, each once."""
    return list(dict.fromkeys(tool.server for tool in tools.values()))


def _is(tool: Tool, function: Mapping[str, object]) -> bool:
    same = tool.description == function.get("description") and tool.input_schema == function.get("parameters")
    return same and str(function["name"]) in spellings(tool.server, tool.name)


def _only(sample: str, name: str, tools: list[Tool]) -> Tool:
    if len(tools) == 1:
        return tools[0]
    problem = "is not listed by any server of mcp.json as it was" if not tools else "is listed by several servers"
    raise RunError(f"{sample}: the offered tool {name!r} {problem}")
