"""What a server and all that it has started use of the machine, and the end of one that uses too much.

The system's own limits are per process; these are for the whole tree, root or not, in a sandbox or not. A process that
has left the tree is counted only in a sandbox of its own, where nothing leaves it.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import anyio

_LOOK_EVERY = 0.5
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a tree of processes may use."""

    memory: int | None
    """Bytes that are really in use; `None` for any."""
    tasks: int
    """Processes and threads."""


async def enforce(root: int, bounds: Bounds) -> str:
    """Look at a tree of processes now and then; end it when it uses too much, and tell why. Never returns otherwise."""
    while True:
        await anyio.sleep(_LOOK_EVERY)
        tasks, memory = _measured(root, bounds.tasks)[1:]
        if tasks > bounds.tasks:
            reason = f"it had more than {bounds.tasks} processes and threads"
        elif bounds.memory is not None and memory > bounds.memory:
            reason = f"it used more than {bounds.memory >> 20} MiB of memory"
        else:
            continue
        _kill(root)
        return reason


def _measured(root: int, most: int) -> tuple[list[int], int, int]:
    """The processes of a tree, how many tasks they have, and their memory; counting stops where there are too many."""
    found, waiting, tasks, pages = list[int](), [root], 0, 0
    while waiting and tasks <= most:
        process = waiting.pop()
        try:
            threads = list(Path(f"/proc/{process}/task").iterdir())
            tasks += len(threads)
            pages += int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1])
            for thread in threads:
                waiting += map(int, (thread / "children").read_text("ascii").split())
        except (OSError, ValueError, IndexError):  # it has just ended, or this is no Linux
            continue
        found.append(process)
    return found, tasks, pages * os.sysconf("SC_PAGE_SIZE")


def _kill(root: int) -> None:
    """All are stopped before any is ended: whose parent has ended is not found any more, and might start others."""
    for number in (signal.SIGSTOP, signal.SIGSTOP, signal.SIGKILL):
        for process in _measured(root, sys.maxsize)[0]:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, number)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(root, signal.SIGKILL)
