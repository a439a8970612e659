"""Which samples stand for a run: those that show the most of its kinds, servers and tools, in the order of the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def chosen(rows: Sequence[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """At most so many rows; each next one adds the most, of equals it is the more difficult one, then the first."""
    seen: set[str] = set()
    left, found = list(rows), list[dict[str, Any]]()
    while left and len(found) < most:
        best = max(left, key=lambda row: (len(_shown(row) - seen), row["difficulty"], -row["index"]))
        left.remove(best)
        found.append(best)
        seen |= _shown(best)
    return sorted(found, key=lambda row: int(row["index"]))


def _shown(row: dict[str, Any]) -> set[str]:
    kinds, servers = (f"kind {name}" for name in row["kinds"]), (f"server {name}" for name in row["servers"])
    return {*kinds, *servers, *row["tools"]}
