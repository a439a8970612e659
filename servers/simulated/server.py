"""The simulated tools as an MCP server."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from mcp import types
from mcp.server import ServerRequestContext
from mcp.server.lowlevel import Server

from toolweave.servers.info import SIMULATOR
from toolweave.servers.introspect import read_tool
from toolweave.servers.offering import listed, result_of
from toolweave.servers.simulated.things import Refusal
from toolweave.servers.tools import Tool

Answer = Callable[[str, dict[str, Any]], Awaitable[Any]]
"""Name of a tool and arguments → its output; raises `Refusal`."""


def usable(offered: Sequence[dict[str, Any]]) -> list[Tool]:
    """The tools as they were listed; those that no client could use are left out."""
    tools: dict[str, Tool] = {}
    for raw in offered:
        try:
            tool = read_tool("", raw)
        except ValueError:
            continue
        tools.setdefault(tool.name, tool)
    return list(tools.values())


def build(tools: Sequence[Tool], answer: Answer, by: str = "") -> Server[object]:
    """A server that offers these tools.

    Args:
        tools: What it lists.
        answer: What their calls give.
        by: Who has a hand in the answers, for its version.
    """
    schemas = {tool.name: tool.output_schema for tool in tools}

    async def list_tools(
        _: ServerRequestContext[object], __: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[listed(tool.name, tool, tool.output_schema) for tool in tools])

    async def call_tool(_: ServerRequestContext[object], params: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            value = await answer(params.name, params.arguments or {})
        except Refusal as refusal:
            return result_of(str(refusal), None, failed=True)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return result_of(text, value if schemas[params.name] is not None else None, failed=False)

    version = f"{importlib.metadata.version('toolweave')}{f' with {by}' if by else ''}"
    return Server(SIMULATOR, version=version, on_list_tools=list_tools, on_call_tool=call_tool)
