"""`toolweave serve`: fresh environments for agents and trainers, over streamable HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Annotated

import anyio
import typer
from anyio.abc import TaskGroup

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import McpOption, VerboseOption
from toolweave.pipeline.environments import Environments, warm_environments
from toolweave.pipeline.evaluation.evaluate import read_samples
from toolweave.pipeline.gym.episode import Episode, open_episode
from toolweave.pipeline.gym.hosting import EpisodeHosting
from toolweave.pipeline.running.introspect import introspect
from toolweave.pipeline.sample import Sample
from toolweave.servers.config import load_mcp_config
from toolweave.servers.hosting import Before, host
from toolweave.servers.spec import ServerSpec


def serve(
    mcp: McpOption = Path("mcp.json"),
    samples: Annotated[
        Path | None,
        typer.Option("--samples", help="A samples.jsonl: its samples can be played, and are scored, over HTTP too."),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="On loopback; 0 takes any free one.")] = 8765,
    verbose: VerboseOption = False,
) -> None:
    """Serve the servers of an mcp.json as one MCP server, every /NAME/mcp in a fresh environment of its own.

    The first request to a name starts it; DELETE /NAME ends it. Ctrl-C ends everything.

    Example: toolweave serve --mcp mcp.json, then connect to http://127.0.0.1:8765/rollout-1/mcp

    With --samples, POST /NAME/episode {"sample": ID} begins a sample in the environment NAME. Packages that
    `toolweave export` writes for RL frameworks play them so.
    """
    console.set_up_logs(verbose)
    with console.kind_errors():
        specs = load_mcp_config(mcp).servers
        rows = read_samples(samples) if samples is not None else []
    console.execute(_serve, specs, rows, port)


async def _serve(specs: Sequence[ServerSpec], rows: Sequence[Sample], port: int) -> None:
    async with warm_environments() as open_fresh, anyio.create_task_group() as tasks:
        before = await _episodes(specs, rows, open_fresh, tasks) if rows else None
        taken = await tasks.start(host, lambda: open_fresh(specs), port, before)
        console.err.print(f"http://127.0.0.1:{taken}/NAME/mcp, a fresh environment for every NAME")
        if rows:
            console.err.print(f"http://127.0.0.1:{taken}/NAME/episode, an episode of any of {len(rows)} samples")


async def _episodes(
    specs: Sequence[ServerSpec], rows: Sequence[Sample], open_fresh: Environments, tasks: TaskGroup
) -> Before:
    by_name = {spec.name: spec for spec in specs}
    listed = (await introspect(specs, open_fresh)).tools

    def open_sample(sample: Sample) -> AbstractAsyncContextManager[Episode]:
        return open_episode(sample, by_name, listed, open_fresh)

    return partial(EpisodeHosting, {row.id: row for row in rows}, open_sample, tasks)
