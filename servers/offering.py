"""Tools and results as our own servers say them, in the types of the SDK."""

from __future__ import annotations

from typing import Any

import mcp_types as types

from toolweave.servers.json_values import is_object
from toolweave.servers.tools import Tool


def listed(name: str, tool: Tool, output_schema: dict[str, Any] | None = None) -> types.Tool:
    """A tool with its hints, offered under a name."""
    hints = tool.annotations
    annotations = types.ToolAnnotations(
        title=hints.title,
        read_only_hint=hints.read_only,
        destructive_hint=hints.destructive,
        idempotent_hint=hints.idempotent,
        open_world_hint=hints.open_world,
    )
    return types.Tool(
        name=name,
        description=tool.description,
        input_schema=tool.input_schema,
        output_schema=output_schema,
        annotations=annotations,
    )


def result_of(text: str, value: object, *, failed: bool) -> types.CallToolResult:
    """A result; only an object has a place as structured content."""
    structured = value if is_object(value) else None
    content: list[types.ContentBlock] = [types.TextContent(type="text", text=text)]
    return types.CallToolResult(content=content, structured_content=structured, is_error=failed)
