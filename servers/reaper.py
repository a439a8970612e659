"""A tiny process of its own that outlives a killed toolweave and leaves nothing of it behind.

Runs as `python -I -S reaper.py` and imports nothing but the built-in basics, so that it starts in milliseconds. Reads
lines `+PGID` and `-PGID`, `+/DIRECTORY` and `-/DIRECTORY` on stdin. When stdin ends, however its owner ended, every
process group still noted is terminated, then killed, and the directories still noted are removed.
"""

import os
import signal
import sys
import time

GRACE = 0.5
"""Seconds between SIGTERM and SIGKILL."""


def _signal_all(groups: set[int], number: int) -> set[int]:
    """Send a signal to each group; return those that are still there."""
    alive: set[int] = set()
    for group in groups:
        try:
            os.killpg(group, number)
            alive.add(group)
        except OSError:  # gone, or not ours any more
            continue
    return alive


def _end(groups: set[int]) -> None:
    deadline = time.monotonic() + GRACE
    left = _signal_all(groups, signal.SIGTERM)
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = _signal_all(left, 0)
    _signal_all(left, signal.SIGKILL)


def _remove(directories: list[str]) -> None:
    if directories:
        import shutil  # slow to import, and not needed when the owner has cleaned up itself

        for directory in directories:
            shutil.rmtree(directory, ignore_errors=True)


def main() -> None:
    """Note groups and directories until stdin ends, then clean up."""
    noted: set[str] = set()
    for line in sys.stdin:
        name = line[1:].rstrip("\n")
        if line[0] == "+":
            noted.add(name)
        else:
            noted.discard(name)
    _end({int(name) for name in noted if not name.startswith("/")})
    _remove(sorted(name for name in noted if name.startswith("/")))


if __name__ == "__main__":
    main()
