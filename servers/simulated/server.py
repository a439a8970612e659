"""The simulated tools as an MCP server."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Sequence
from typing import Any

from mcp import types
from mcp.server import ServerRequestContext
from mcp.server.lowlevel import Server

from toolweave.servers.info import SIMULATOR
from toolweave.servers.introspect import read_tool
from toolweave.servers.json_values import is_object
from toolweave.servers.simulated.things import Refusal
from toolweave.servers.simulated.world import SimulatedWorld
from toolweave.servers.tools import Tool


def build(listed: Sequence[dict[str, Any]], seed: int) -> Server[object]:
    """A server that offers these tools as they were listed; those that no client could use are left out."""
    tools: dict[str, Tool] = {}
    shown: list[types.Tool] = []
    for raw in listed:
        try:
            tool = read_tool("", raw)
        except ValueError:
            continue
        if tool.name not in tools:
            tools[tool.name] = tool
            shown.append(_listed(tool))
    world = SimulatedWorld(list(tools.values()), seed)

    async def list_tools(
        _: ServerRequestContext[object], __: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=shown)

    async def call_tool(_: ServerRequestContext[object], params: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            value = world.answer(params.name, params.arguments or {})
        except Refusal as refusal:
            return _result(str(refusal), failed=True)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        has_schema = tools[params.name].output_schema is not None
        return _result(text, structured=value if has_schema and is_object(value) else None)

    version = importlib.metadata.version("toolweave")
    return Server(SIMULATOR, version=version, on_list_tools=list_tools, on_call_tool=call_tool)


def _listed(tool: Tool) -> types.Tool:
    hints = tool.annotations
    return types.Tool(
        name=tool.name,
        description=tool.description,
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        annotations=types.ToolAnnotations(
            title=hints.title,
            read_only_hint=hints.read_only,
            destructive_hint=hints.destructive,
            idempotent_hint=hints.idempotent,
            open_world_hint=hints.open_world,
        ),
    )


def _result(text: str, *, structured: dict[str, Any] | None = None, failed: bool = False) -> types.CallToolResult:
    content: list[types.ContentBlock] = [types.TextContent(type="text", text=text)]
    return types.CallToolResult(content=content, structured_content=structured, is_error=failed)
