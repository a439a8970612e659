"""A server with one cheap tool, over stdio or (with a port) over HTTP; for benchmarks."""

from __future__ import annotations

import sys

from mcp.server.mcpserver import MCPServer

server = MCPServer("echo", version="1", log_level="ERROR")


@server.tool()
async def repeat(text: str) -> str:
    """Repeat a text."""
    return text


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run("stdio")
