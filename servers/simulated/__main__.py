"""`python -m toolweave.servers.simulated --tools TOOLS.json --seed N`: simulated tools over stdio."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import anyio
from mcp.server.stdio import stdio_server

from toolweave.servers.errors import ConfigError
from toolweave.servers.simulated.catalogue import chosen, read_catalogue
from toolweave.servers.simulated.server import build, usable
from toolweave.servers.simulated.world import SimulatedWorld


async def _serve(tools: Path, name: str | None, seed: int) -> None:
    _, listed = chosen(read_catalogue(tools), name, tools)
    world = SimulatedWorld(offered := usable(listed), seed)

    async def answer(name: str, arguments: dict[str, Any]) -> Any:
        return world.answer(name, arguments)

    server = build(offered, answer)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def main() -> None:
    """Serve until stdin is closed."""
    parser = argparse.ArgumentParser(description="Tools served from their schemas alone, over stdio.")
    parser.add_argument("--tools", type=Path, required=True, help='{"tools": [MCP tool, …]}, also gzipped')
    parser.add_argument("--server", help="which server of the file, where it has several")
    parser.add_argument("--seed", type=int, default=7, help="which things there are at the start")
    given = parser.parse_args()
    try:
        anyio.run(_serve, given.tools, given.server, given.seed)
    except ConfigError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
