"""A server's scratch directory, seen by tools and data as `/workspace` wherever it really is.

Paths of real scratch directories are random. Whatever comes back from a server is therefore rewritten to the stable
alias, and whatever goes out is rewritten to the real path: equal runs on two environments give equal data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from toolweave.servers.interpolation import WORKSPACE
from toolweave.servers.json_values import map_texts
from toolweave.servers.spec import WORKSPACE_ALIAS

_COMPONENT_ENDS = r"(?![\w~%+-]|\.\w)"
_COMPONENT_BEGINS = r"(?:(?<=://)|(?<=:///)|(?<![\w.~%+/-]))"
_ALIAS = re.compile(f"{_COMPONENT_BEGINS}{WORKSPACE_ALIAS}{_COMPONENT_ENDS}")


@dataclass(frozen=True)
class Workspace:
    """One scratch directory of one server in one environment."""

    path: Path

    @cached_property
    def _real(self) -> re.Pattern[str]:
        spellings = sorted({str(self.path), quote(str(self.path)), str(self.path.resolve())}, key=len, reverse=True)
        return re.compile(f"(?:{'|'.join(map(re.escape, spellings))}){_COMPONENT_ENDS}")

    def fill(self, text: str) -> str:
        """The text with `${WORKSPACE}` replaced by the real path."""
        return text.replace(WORKSPACE, str(self.path))

    def to_real(self, value: Any) -> Any:
        """A JSON value on its way to the server: `/workspace`, as a whole path component, becomes the real path."""
        real = str(self.path)
        return map_texts(value, lambda text: _ALIAS.sub(lambda _: real, text))

    def to_alias(self, value: Any) -> Any:
        """A JSON value on its way back: the real path becomes `/workspace`."""
        return map_texts(value, lambda text: self._real.sub(WORKSPACE_ALIAS, text))


def folder_names(servers: Iterable[str]) -> dict[str, str]:
    """A folder name for each server: its own name as far as a file system allows, never the same one twice."""
    names: dict[str, str] = {}
    for server in servers:
        plain = re.sub(r"[^A-Za-z0-9_-]+", "_", server).strip("_")[:64] or "server"
        taken = set(names.values())
        names[server] = next(
            name for number in range(len(taken) + 1) if (name := f"{plain}_{number}" if number else plain) not in taken
        )
    return names
