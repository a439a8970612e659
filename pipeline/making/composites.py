"""The advanced tools of a run: what its turns amount to, each with what goes in and what comes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from toolweave.servers.json_values import as_list, as_object


def composites(samples: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every advanced tool once, with how many turns it stands for, the most frequent first."""
    counts: Counter[str] = Counter()
    found: dict[str, dict[str, Any]] = {}
    for sample in samples:
        for turn in as_list(sample.get("turns")):
            tool = as_object(as_object(turn).get("advanced"))
            if tool:
                name = str(tool["name"])
                counts[name] += 1
                found.setdefault(name, tool)
    return [
        {**found[name], "turns": count} for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ]
