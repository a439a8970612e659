"""An episode as an MCP server: its tools are those on offer now, a call of one is a call of the assistant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server

from toolweave.servers.json_values import as_object
from toolweave.servers.offering import result_of
from toolweave.servers.results import CallResult

Offer = Callable[[], list[dict[str, Any]]]
"""OpenAI function tools on offer now."""
MakeCall = Callable[[str, dict[str, Any]], Awaitable[CallResult]]


def serve_episode(offer: Offer, make_call: MakeCall) -> Server[object]:
    """The server; what it lists changes from turn to turn."""

    async def list_tools(
        _: ServerRequestContext[object], __: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_listed(as_object(one.get("function"))) for one in offer()])

    async def call_tool(_: ServerRequestContext[object], params: types.CallToolRequestParams) -> types.CallToolResult:
        seen = await make_call(params.name, params.arguments or {})
        return result_of(seen.text, seen.value, failed=not seen.ok)

    return Server("toolweave episode", on_list_tools=list_tools, on_call_tool=call_tool)


def _listed(function: dict[str, Any]) -> types.Tool:
    return types.Tool(
        name=str(function["name"]),
        description=str(function.get("description", "")),
        input_schema=as_object(function.get("parameters")),
    )
