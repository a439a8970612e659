"""What preparing commands have made in a first workspace, copied into further ones.

Contract: only for servers whose settings say that preparing acts nowhere but in the workspace. A copy has the same
names, contents, modes, times and links. Where a file or a link names the workspace in which it was made, or is of a
kind that cannot be copied, the commands run every time. Not noticed: a path inside something compressed.
"""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import anyio.to_thread


class Snapshots:
    """Prepared workspaces, kept in a folder for as long as that is there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, Path | None] = {}
        self._locks: defaultdict[str, anyio.Lock] = defaultdict(anyio.Lock)

    async def fill(self, key: str, workspace: Path, prepare: Callable[[], Awaitable[None]]) -> None:
        """Copy what was prepared before under this key; the first time, and where that cannot be, prepare.

        Raises:
            OSError: The copy cannot be made.
        """
        async with self._locks[key]:
            first = key not in self._kept
            if first:
                await prepare()
                target = self._folder / f"prepared-{len(self._kept)}"
                self._kept[key] = await anyio.to_thread.run_sync(_keep, workspace, target)
        kept = self._kept[key]
        if kept is not None and not first:
            await anyio.to_thread.run_sync(_copy, kept, workspace)
        elif not first:
            await prepare()


def _keep(workspace: Path, target: Path) -> Path | None:
    """A copy of the workspace, or nothing where a copy would not be as good as the original."""
    if _names_itself(workspace):
        return None
    try:
        _copy(workspace, target)
    except OSError:  # a socket, or a file that may not be read
        shutil.rmtree(target, ignore_errors=True)
        return None
    return target


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)


def _names_itself(workspace: Path) -> bool:
    spellings = {os.fsencode(workspace), os.fsencode(workspace.resolve())}
    for place, folders, names in os.walk(workspace):
        for path in (Path(place, name) for name in [*folders, *names]):
            content = os.fsencode(path.readlink()) if path.is_symlink() else b""
            if path.is_file() and not path.is_symlink():
                content = path.read_bytes()
            if any(spelling in content for spelling in spellings):
                return True
    return False
