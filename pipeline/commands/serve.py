"""`toolweave serve`: fresh environments for agents and trainers, over streamable HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import anyio
import typer

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import McpOption, VerboseOption
from toolweave.pipeline.environments import warm_environments
from toolweave.servers.config import load_mcp_config
from toolweave.servers.hosting import host
from toolweave.servers.spec import ServerSpec


def serve(
    mcp: McpOption = Path("mcp.json"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="On loopback; 0 takes any free one.")] = 8765,
    verbose: VerboseOption = False,
) -> None:
    """Serve the servers of an mcp.json as one MCP server, every /NAME/mcp in a fresh environment of its own.

    The first request to a name starts it; DELETE /NAME ends it. Ctrl-C ends everything.

    Example: toolweave serve --mcp mcp.json, then connect to http://127.0.0.1:8765/rollout-1/mcp
    """
    console.set_up_logs(verbose)
    with console.kind_errors():
        specs = load_mcp_config(mcp).servers
    console.execute(_serve, specs, port)


async def _serve(specs: Sequence[ServerSpec], port: int) -> None:
    async with warm_environments() as open_fresh, anyio.create_task_group() as tasks:
        taken = await tasks.start(host, lambda: open_fresh(specs), port)
        console.err.print(f"http://127.0.0.1:{taken}/NAME/mcp, a fresh environment for every NAME")
