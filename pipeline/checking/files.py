"""Files in the workspaces of an environment, as digests of their contents."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import anyio.to_thread

from toolweave.agent.observations import clocked
from toolweave.pipeline.sample import FileState
from toolweave.servers.environment import Environment

MOST_FILES = 500
"""Files of one workspace that are looked at, in the order of their paths."""
LARGEST = 4_000_000
"""Bytes of a file whose content is looked at."""
LONGEST_TEXT = 100_000
"""Bytes of a text that is asserted to the letter."""


@dataclass(frozen=True, slots=True)
class SeenFile:
    """One file as it was at one moment."""

    sha256: str
    size: int
    fixed: bool
    """Whether it is plain text that does not follow the clock: archives and databases may hold the time anywhere."""


Found = dict[tuple[str, str], SeenFile]
"""(server, path in its workspace) → the file."""


async def look_at_files(environment: Environment) -> Found:
    """Every file of the workspaces at which servers are pointed."""
    found: Found = {}
    for name, line in environment.connections.items():
        if line.folder is not None and line.spec.uses_workspace:
            below = await anyio.to_thread.run_sync(_below, line.folder)
            found |= {(name, path): seen for path, seen in below.items()}
    return found


def _below(folder: Path) -> dict[str, SeenFile]:
    paths = sorted(Path(place, name) for place, _, names in os.walk(folder) for name in names)
    return {str(path.relative_to(folder)): _seen(path) for path in paths[:MOST_FILES] if path.is_file()}


def _seen(path: Path) -> SeenFile:
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= LARGEST else b"\0"
    except OSError:
        return SeenFile("", 0, fixed=False)
    digest = hashlib.sha256(data).hexdigest()
    if len(data) > LONGEST_TEXT or b"\0" in data:
        return SeenFile(digest, size, fixed=False)
    try:
        return SeenFile(digest, size, fixed=not clocked(data.decode("utf-8"), datetime.now(UTC), ()))
    except UnicodeDecodeError:
        return SeenFile(digest, size, fixed=False)


def file_assertions(before: Found, once: Found, again: Found) -> tuple[FileState, ...]:
    """What two runs agree that the calls did to the files; `before` is how the first of them began."""
    made: list[FileState] = []
    for server, path in sorted(before.keys() | once.keys()):
        then, now, later = (found.get((server, path)) for found in (before, once, again))
        if then == now or (now is None) != (later is None):
            continue
        digest = now.sha256 if now is not None and now == later and now.fixed else None
        made.append(FileState(server=server, path=path, sha256=digest, absent=now is None))
    return tuple(made)


def digests(found: Found, wanted: Iterable[FileState]) -> dict[tuple[str, str], str | None]:
    """The digests of the asserted files; `None` for those that are absent."""
    seen = {(one.server, one.path): found.get((one.server, one.path)) for one in wanted}
    return {key: one.sha256 if one is not None else None for key, one in seen.items()}


def shifting_sizes(found: Found) -> frozenset[int]:
    """Sizes of files that may have another content, and so another size, on another day."""
    return frozenset(one.size for one in found.values() if not one.fixed)
