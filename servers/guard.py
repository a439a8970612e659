"""What makes sure that no server outlives toolweave, even when toolweave is killed with SIGKILL."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.abc
import anyio.to_thread

from toolweave.servers.spawn import spawn

_REAPER = str(Path(__file__).with_name("reaper.py"))


@dataclass(frozen=True, slots=True)
class Guard:
    """Tells the reaper which process groups are alive and which scratch directories are there."""

    _stdin: anyio.abc.ByteSendStream

    async def watch(self, group: int) -> None:
        """A server has started in this process group."""
        await self._tell(f"+{group}\n")

    async def forget(self, group: int) -> None:
        """Nothing of this group is left."""
        await self._tell(f"-{group}\n")

    @asynccontextmanager
    async def scratch(self, prefix: str, inside: Path | None = None) -> AsyncGenerator[Path]:
        """A new directory that is removed when the context ends, in whatever way."""
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=inside)).resolve()  # noqa: ASYNC240 - one directory
        try:
            await self._tell(f"+{path}\n")
            yield path
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(lambda: shutil.rmtree(path, ignore_errors=True))
                await self._tell(f"-{path}\n")

    async def _tell(self, line: str) -> None:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):  # a killed reaper harms no run
            await self._stdin.send(line.encode())


@asynccontextmanager
async def open_guard() -> AsyncGenerator[Guard]:
    """Run a reaper for as long as this context lasts; at its end it ends what is still noted, and leaves.

    The pipe to the reaper closes when this process ends in any way at all; that is the signal.
    """
    process = await spawn([sys.executable, "-I", "-S", _REAPER], output=subprocess.DEVNULL)
    assert process.stdin is not None
    try:
        yield Guard(process.stdin)
    finally:
        with anyio.CancelScope(shield=True):
            await process.stdin.aclose()
            with anyio.move_on_after(5):
                await process.wait()
            await process.aclose()
