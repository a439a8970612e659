"""Starting a child process so that it always has an owner."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream, Process

_POLL = 0.02
"""Seconds between looks at a process where the system cannot tell us that it ended."""


@dataclass(frozen=True, slots=True)
class SpawnedProcess:
    """A running child of this process with pipes on all three ends."""

    _process: Process

    @property
    def pid(self) -> int:
        """Process id, which is also the id of its group."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Exit code; `None` while it runs, negative for a signal."""
        return self._process.returncode

    @property
    def stdin(self) -> ByteSendStream:
        """What it reads."""
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def stdout(self) -> ByteReceiveStream:
        """What it writes."""
        assert self._process.stdout is not None
        return self._process.stdout

    @property
    def stderr(self) -> ByteReceiveStream:
        """What it writes beside."""
        assert self._process.stderr is not None
        return self._process.stderr

    async def ended(self) -> None:
        """Wait until the process has ended, whoever else still holds its pipes."""
        with suppress(OSError, AttributeError):  # no pidfd on this system, or the process is already gone
            handle = os.pidfd_open(self.pid)
            try:
                await anyio.wait_readable(handle)
            finally:
                os.close(handle)
        while self.returncode is None:  # noqa: ASYNC110 - asyncio tells only when all pipes are closed too
            await anyio.sleep(_POLL)

    async def aclose(self) -> None:
        """Close our ends of the pipes and wait for the end."""
        await self._process.aclose()


async def spawn(
    argv: Sequence[str], *, output: int, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Process:
    """Start a process in a session of its own, with a pipe for stdin and `output` for stdout and stderr.

    Not cancelled half-way: a process that has started but was not handed over would be nobody's.

    Raises:
        OSError: It cannot be started.
    """
    process: Process | None = None
    with anyio.CancelScope(shield=True):
        process = await anyio.open_process(
            list(argv), env=env, cwd=cwd, stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True
        )
    assert process is not None
    return process
