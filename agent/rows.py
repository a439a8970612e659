"""Choosing values out of outputs: one row per call, the same row for everything that is taken from it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from toolweave.graph.fields import Leaf, values_at


@dataclass
class Rows:
    """Remembers, per producing call, which row the trajectory is about."""

    focus: dict[str, str] = field(default_factory=dict[str, str])
    """Call id → place of the leaf that was taken last."""

    def choose(
        self, call_id: str, value: Any, pattern: str, used: set[str], attempt: int, rng: random.Random
    ) -> Leaf | None:
        """A leaf of the pattern, near the row in focus; later attempts move on to other rows.

        `used` holds places that this very call has taken for other parameters: two parameters fed by one field get
        two rows.
        """
        found = [leaf for leaf in values_at(value, pattern) if _usable(leaf) and leaf.place not in used]
        if not found:
            return None
        if call_id in self.focus:
            focus = self.focus[call_id]
            found.sort(key=lambda leaf: -_shared(leaf.place, focus))
        else:
            rng.shuffle(found)
        leaf = found[attempt % len(found)]
        self.focus[call_id] = leaf.place
        return leaf


def _usable(leaf: Leaf) -> bool:
    return leaf.value is not None and leaf.value != "" and not isinstance(leaf.value, (dict, list))


def _shared(one: str, other: str) -> int:
    """How many leading pointer tokens two places share."""
    count = 0
    for left, right in zip(one.split("/"), other.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count
