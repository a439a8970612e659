"""Serves the viewer on loopback, and keeps its index up with the run."""

from __future__ import annotations

import socket
from pathlib import Path

import anyio
import uvicorn
from anyio.abc import TaskStatus
from anyio.to_thread import run_sync

from toolweave.pipeline.viewer.app import Viewer
from toolweave.pipeline.viewer.index import RunIndex
from toolweave.servers.errors import RunError

SECONDS_BETWEEN_LOOKS = 0.5


async def serve_viewer(root: Path, port: int, *, task_status: TaskStatus[int] = anyio.TASK_STATUS_IGNORED) -> None:
    """Serve until the process is told to end; reports the port, which is any free one for 0.

    Raises:
        RunError: There is no such directory, it holds no run, or the port is taken.
    """
    if not any((root / name).exists() for name in ("settings.json", "samples.jsonl")):
        raise RunError(f"{root} holds no run: give a directory that `toolweave run --out` made")
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise RunError(f"port {port} cannot be served on: {error.strerror}; give another --port") from error
    index = RunIndex(root)
    with listener:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_follow, index)
            config = uvicorn.Config(Viewer(index).app(), lifespan="off", log_level="error", access_log=False)
            task_status.started(listener.getsockname()[1])
            await uvicorn.Server(config).serve([listener])
            tasks.cancel_scope.cancel()


async def _follow(index: RunIndex) -> None:
    """Read what is there, then what comes."""
    while True:
        if not await run_sync(index.advance):
            await anyio.sleep(SECONDS_BETWEEN_LOOKS)
