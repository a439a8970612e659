"""Processes that a zygote forks for us, and the zygote as its owner sees it."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio
import anyio.abc

from toolweave.servers.json_values import as_list, as_object
from toolweave.servers.pipes import ReadEnd, WriteEnd, open_reader, open_writer

_SCRIPT = str(Path(__file__).with_name("zygote.py"))
_BOOT = """
import sys
if sys.path[:1] == [""]:
    del sys.path[0]
import runpy
runpy.run_path(sys.argv[1], run_name="__main__")
"""
"""Runs the script without its folder on the path."""
_FORK_WITHIN = 10.0
_GROW_WITHIN = 30.0
_END_WITHIN = 2.0
_MAX_ANSWER = 1 << 20
_KILLED: Final = -9
_CREDENTIALS = struct.Struct("3i")
"""Process, user and group of a sender."""


@dataclass(slots=True)
class ForkedProcess:
    """A running child of a zygote."""

    key: Hashable
    pid: int
    stdin: WriteEnd
    stdout: ReadEnd
    stderr: ReadEnd
    _status: ReadEnd
    lesson: int | None = None
    """File in which the process notes what it imports."""
    _on_lesson_end: Callable[[], None] | None = None
    _code: int | None = field(default=None)
    _watch: anyio.Lock = field(default_factory=anyio.Lock)

    @property
    def returncode(self) -> int | None:
        """Exit code; `None` while it runs, negative for a signal."""
        if self._code is None:
            with suppress(BlockingIOError):
                self._code = int(os.read(self._status.file, 32) or _KILLED)
        return self._code

    async def ended(self) -> None:
        """Wait until it has ended; any number of tasks may wait at once."""
        async with self._watch:  # anyio lets one task only wait for a file
            while self.returncode is None:
                await anyio.wait_readable(self._status.file)

    def read_lesson(self) -> tuple[str, ...]:
        """The modules that the process has imported so far, in order, each once."""
        if self.lesson is None:
            return ()
        size = os.fstat(self.lesson).st_size
        names = os.pread(self.lesson, size, 0).decode("utf-8", "replace").split("\n")[:-1]
        return tuple(dict.fromkeys(names))

    def close_lesson(self) -> None:
        """There is nothing more to learn from this process."""
        lesson, self.lesson = self.lesson, None
        if lesson is not None:
            os.close(lesson)
        if self._on_lesson_end is not None:
            self._on_lesson_end()
            self._on_lesson_end = None

    async def aclose(self) -> None:
        """Close our ends of all pipes."""
        self.close_lesson()
        for end in (self.stdin, self.stdout, self.stderr, self._status):
            await end.aclose()


@dataclass(slots=True)
class Zygote:
    """A process that forks others, reached by its control socket."""

    pid: int
    control: socket.socket
    _process: anyio.abc.Process | None = None
    """For the first of an interpreter; the others are its children."""
    ahead: frozenset[str] = frozenset()
    """Top-level modules that it has imported."""
    oddity: str = ""
    """What its imports have left behind, if anything: then it is of no use."""
    culprit: str = ""
    """The top-level module whose import did it."""

    async def start(
        self, key: Hashable, request: Mapping[str, object], on_lesson_end: Callable[[], None] | None = None
    ) -> ForkedProcess:
        """Fork a child that runs a program; with `on_lesson_end`, it notes what it imports.

        Raises:
            OSError: The zygote is gone, or cannot do it.
        """
        lesson = os.memfd_create("lesson") if on_lesson_end else None
        stdin, its_stdin = open_writer()
        stdout, its_stdout = open_reader()
        stderr, its_stderr = open_reader()
        status, its_status = _open_status()
        process = ForkedProcess(key, 0, stdin, stdout, stderr, status, lesson, on_lesson_end)
        files = [its_stdin, its_stdout, its_stderr, its_status]
        with anyio.CancelScope(shield=True):
            try:
                await self._hand_over(request, files, [] if lesson is None else [lesson])
                process.pid = await _read_pid(status)
            except BaseException:  # boundary: whatever it was, nobody else would close the pipes
                await process.aclose()
                raise
        return process

    async def branch(self, request: Mapping[str, object]) -> Zygote:
        """Fork a zygote that imports modules.

        Raises:
            OSError: The zygote is gone, or its imports do not come to an end.
        """
        ours, theirs = _sockets()
        status, its_status = _open_status()
        pid = 0
        try:
            with anyio.CancelScope(shield=True):
                try:
                    await self._send(request, [its_status, theirs.fileno()])
                finally:
                    theirs.close()
                    os.close(its_status)
                pid = await _read_pid(status)
            return await _grown(Zygote(pid, ours))
        except BaseException:  # boundary: whatever it was, nobody else would close the socket
            ours.close()
            raise
        finally:
            with anyio.CancelScope(shield=True):
                await status.aclose()

    async def aclose(self) -> None:
        """Close the control socket, which ends the zygote."""
        anyio.notify_closing(self.control)
        self.control.close()
        if self._process is not None:
            with anyio.move_on_after(_END_WITHIN):
                await self._process.wait()
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.aclose()

    async def _hand_over(self, request: Mapping[str, object], given: list[int], lent: list[int]) -> None:
        """Send files and close those given away, so that their other ends hear when the zygote dies."""
        try:
            await self._send(request, [*given, *lent])
        finally:
            for file in given:
                os.close(file)

    async def _send(self, request: Mapping[str, object], files: list[int]) -> None:
        data = json.dumps(request).encode()
        while True:
            try:
                socket.send_fds(self.control, [data], files)
                return
            except BlockingIOError:
                await anyio.wait_writable(self.control)


async def _grown(zygote: Zygote) -> Zygote:
    """Wait for the imports of a branch and note what it tells of them."""
    try:
        with anyio.fail_after(_GROW_WITHIN):
            await anyio.wait_readable(zygote.control)
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.kill(zygote.pid, signal.SIGKILL)
        raise
    answer = as_object(json.loads(zygote.control.recv(_MAX_ANSWER) or b"{}"))
    zygote.ahead = frozenset(str(name) for name in as_list(answer.get("modules")))
    zygote.oddity = str(answer.get("odd", "importing it ended the process"))
    zygote.culprit = str(answer.get("culprit", ""))
    return zygote


async def open_zygote(interpreter: Sequence[str], env: Mapping[str, str], folder: Path) -> Zygote:
    """Start the first zygote of an interpreter, in an empty folder.

    Args:
        interpreter: Its path, after what it is to run in.
        env: All variables.
        folder: The folder.

    Raises:
        OSError: It cannot be started.
    """
    ours, theirs = _sockets()
    process: anyio.abc.Process | None = None
    with theirs, anyio.CancelScope(shield=True):
        process = await anyio.open_process(
            [*interpreter, "-c", _BOOT, _SCRIPT],
            stdin=theirs.fileno(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            cwd=folder,
            start_new_session=True,
        )
    assert process is not None
    return Zygote(process.pid, ours, process)


def _sockets() -> tuple[socket.socket, socket.socket]:
    assert sys.platform != "win32"
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    return ours, theirs


def _open_status() -> tuple[ReadEnd, int]:
    """Our end of a line on which the system tells who writes, and the descriptor to hand over."""
    assert sys.platform == "linux"
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    return ReadEnd(ours.detach()), theirs.detach()


async def _read_pid(status: ReadEnd) -> int:
    """The id of the process that writes first, the forked one, as it is here: in a sandbox it has another one.

    Raises:
        OSError: It did not write.
    """
    with anyio.fail_after(_FORK_WITHIN):
        await anyio.wait_readable(status.file)
    with socket.socket(fileno=os.dup(status.file)) as line:
        line.setblocking(False)  # as it was: both descriptors are one open file
        data, extra, _, _ = line.recvmsg(1, socket.CMSG_SPACE(_CREDENTIALS.size))
    found = [content for level, kind, content in extra if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS)]
    if data != b"\n" or not found:
        raise ConnectionError("the zygote did not fork")
    return int(_CREDENTIALS.unpack(found[0])[0])
