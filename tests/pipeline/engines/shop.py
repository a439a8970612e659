"""A server that dies in a call, once, when a file says so. Run as a program with the path of that file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mcp.server.mcpserver import MCPServer

KETTLES = {"KT-4410": 31, "KT-4982": 47, "KT-5127": 52}
server = MCPServer("shop", version="1")


def die_if_told() -> None:
    if (order := Path(sys.argv[1])).exists():
        order.unlink()
        os._exit(1)


@server.tool()
def list_kettles() -> list[dict[str, str]]:
    """List all kettles on sale."""
    die_if_told()
    return [{"kettle_id": name} for name in KETTLES]


@server.tool()
def price_kettle(kettle_id: str) -> dict[str, int]:
    """Tell the price of a kettle.

    Args:
        kettle_id: ID of the kettle.
    """
    die_if_told()
    return {"euros": KETTLES[kettle_id]}


if __name__ == "__main__":
    server.run("stdio")
