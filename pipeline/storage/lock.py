"""The lock of a run directory: one process at a time. It falls when its holder ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from toolweave.servers.errors import RunError

NAME = ".lock"


def hold(root: Path) -> IO[bytes]:
    """Lock a run directory until the file is closed; a lock that a dead process left behind is free.

    Raises:
        RunError: Another process has it.
        OSError: The directory cannot be written.
    """
    file = (root / NAME).open("a+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        owner = file.read().decode("ascii", "replace").strip() or "unknown"
        file.close()
        raise RunError(f"{root} is in use by another toolweave process (pid {owner})") from error
    file.truncate(0)
    file.write(b"%d\n" % os.getpid())
    file.flush()
    return file


def is_held(root: Path) -> bool:
    """Whether a living process works on a run directory."""
    try:
        with (root / NAME).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
