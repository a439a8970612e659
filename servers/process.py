"""A child process in a session of its own; it and everything that it started end when its context ends."""

from __future__ import annotations

import itertools
import os
import re
import signal
from collections import deque
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream

from toolweave.servers.guard import Guard
from toolweave.servers.usage import Bounds, enforce

_GRACE = 1.0
"""Seconds to leave by itself after stdin has closed, and again after SIGTERM."""
_SWEEP = 0.3
"""Seconds for what a dead leader has left behind to follow SIGTERM."""
_POLLS = (0.001, 0.002, 0.004, 0.008)
"""Seconds between the first looks at a process that should end; most end at once."""
_POLL = 0.02
"""Seconds between further looks."""
_STDERR_KEPT = 64 << 10
_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_BROKEN_PIPE = (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError)


@dataclass(slots=True)
class StderrTail:
    """The last 64 KiB of what a process wrote to stderr."""

    _chunks: deque[bytes] = field(default_factory=deque[bytes])
    _size: int = 0

    def add(self, chunk: bytes) -> None:
        """Append; the oldest chunks fall out."""
        self._chunks.append(chunk)
        self._size += len(chunk)
        while self._size - len(self._chunks[0]) > _STDERR_KEPT:
            self._size -= len(self._chunks.popleft())

    def last(self, lines: int = 3, width: int = 300) -> str:
        """The last non-empty lines in one, each cut to `width` characters; empty when there are none."""
        text = _TERMINAL_CODES.sub("", b"".join(self._chunks).decode("utf-8", "replace"))
        found = [" ".join(line.split())[:width] for line in text.splitlines() if line.strip()]
        return " | ".join(found[-lines:])


class Running(Protocol):
    """A process that leads its own process group, with a pipe on each of its three standard streams."""

    @property
    def pid(self) -> int: ...  # noqa: D102
    @property
    def returncode(self) -> int | None: ...  # noqa: D102
    @property
    def stdin(self) -> ByteSendStream: ...  # noqa: D102
    @property
    def stdout(self) -> ByteReceiveStream: ...  # noqa: D102
    @property
    def stderr(self) -> ByteReceiveStream: ...  # noqa: D102
    async def ended(self) -> None:
        """Wait until it has ended."""
        ...

    async def aclose(self) -> None:
        """Close our ends of the pipes."""
        ...


@dataclass(slots=True)
class Child:
    """A running process that leads its own process group."""

    process: Running
    stdin: ByteSendStream
    stdout: ByteReceiveStream
    stderr: StderrTail
    exited: anyio.Event
    fault: str = ""
    """Why it was ended before its time."""

    @property
    def pid(self) -> int:
        """Process id, which is also the id of its group."""
        return self.process.pid

    @property
    def code(self) -> int | None:
        """Exit code; `None` while it runs, negative for a signal."""
        return self.process.returncode


@asynccontextmanager
async def open_child(start: Awaitable[Running], guard: Guard, bounds: Bounds | None = None) -> AsyncGenerator[Child]:
    """Start a process; at the end close its stdin, give it time to leave, and end its whole group.

    Args:
        start: Starts it.
        guard: Ends it when nobody else can any more.
        bounds: How much it may use; one that uses more is ended.

    Raises:
        OSError: It cannot be started.
    """
    process = await start
    child = Child(process, process.stdin, process.stdout, StderrTail(), anyio.Event())
    async with anyio.create_task_group() as tasks:
        try:
            tasks.start_soon(_collect, process.stderr, child.stderr)
            tasks.start_soon(_announce_exit, child)
            if bounds is not None:
                tasks.start_soon(_keep_within, child, bounds)
            await guard.watch(process.pid)
            yield child
        finally:
            with anyio.CancelScope(shield=True):
                await _end(child)
                await guard.forget(process.pid)
                await process.aclose()
            tasks.cancel_scope.cancel()


async def _collect(stream: ByteReceiveStream, tail: StderrTail) -> None:
    with suppress(anyio.EndOfStream, *_BROKEN_PIPE):
        while True:
            tail.add(await stream.receive(4096))


async def _keep_within(child: Child, bounds: Bounds) -> None:
    child.fault = await enforce(child.pid, bounds)


async def _announce_exit(child: Child) -> None:
    with suppress(anyio.ClosedResourceError):
        await child.process.ended()
        child.exited.set()


async def _end(child: Child) -> None:
    with suppress(*_BROKEN_PIPE), anyio.move_on_after(_GRACE):
        await child.stdin.aclose()
    await _wait_for_exit(child, _GRACE)
    gone_by_itself = child.code is not None
    if not _signal_group(child, signal.SIGTERM):
        return
    with anyio.move_on_after(_SWEEP if gone_by_itself else _GRACE):
        while child.code is None or _signal_group(child, 0):  # noqa: ASYNC110 - a group sends no event
            await anyio.sleep(_POLL)
    _signal_group(child, signal.SIGKILL)
    await _wait_for_exit(child, _GRACE)


async def _wait_for_exit(child: Child, seconds: float) -> None:
    with anyio.move_on_after(seconds):
        for pause in itertools.chain(_POLLS, itertools.repeat(_POLL)):  # a cancelled context no longer sets `exited`
            if child.code is not None:
                return
            await anyio.sleep(pause)


def _signal_group(child: Child, number: int) -> bool:
    """Whether anybody in the group could still be sent the signal."""
    try:
        os.killpg(child.pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
