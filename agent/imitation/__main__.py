"""`python -m toolweave.agent.imitation --tools TOOLS.json --model M --records FILE`: imitated tools over stdio."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from mcp.server.stdio import stdio_server

from toolweave.agent.imitation.imitator import Imitator
from toolweave.agent.imitation.records import Records
from toolweave.servers.errors import ToolweaveError
from toolweave.servers.simulated.catalogue import chosen, read_catalogue
from toolweave.servers.simulated.server import build, usable
from toolweave.servers.simulated.world import SimulatedWorld


async def _serve(given: argparse.Namespace) -> None:
    _, listed = chosen(read_catalogue(given.tools), given.server, given.tools)
    imitator, offered = Imitator(given.model, given.base_url, Records(given.records)), usable(listed)
    turn = anyio.Lock()
    world = await anyio.to_thread.run_sync(SimulatedWorld, offered, given.seed, imitator)

    async def answer(name: str, arguments: dict[str, Any]) -> Any:
        async with turn:
            try:
                return await anyio.to_thread.run_sync(world.answer, name, arguments)
            except ToolweaveError as error:
                _end(error)

    server = build(offered, answer, given.model)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
    await imitator.aclose()


def _end(error: ToolweaveError) -> None:
    """End at once: a thread that waits for stdin would keep the process, and there is no answer to give."""
    sys.stderr.write(f"{error}\n")
    sys.stderr.flush()
    os._exit(1)


def main() -> None:
    """Serve until stdin is closed, or the endpoint fails."""
    parser = argparse.ArgumentParser(description="Tools imitated by a model, from their schemas, over stdio.")
    parser.add_argument("--tools", type=Path, required=True, help='{"tools": [MCP tool, …]}, also gzipped')
    parser.add_argument("--server", help="which server of the file, where it has several")
    parser.add_argument("--seed", type=int, default=7, help="which things there are at the start")
    parser.add_argument("--model", required=True, help="its id at the endpoint")
    parser.add_argument("--base-url", help="the endpoint; OPENAI_BASE_URL by default")
    parser.add_argument("--records", type=Path, required=True, help="where what it writes is kept")
    try:
        anyio.run(_serve, parser.parse_args())
    except ToolweaveError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
