"""Choosing values out of outputs: one row per call, the same row for everything that is taken from it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from toolweave.agent.choices import can_be_told
from toolweave.agent.trace import Call
from toolweave.graph.fields import Leaf, values_at


@dataclass
class Rows:
    """Remembers, per producing call, which row the trajectory is about."""

    focus: dict[tuple[str, int], str] = field(default_factory=dict[tuple[str, int], str])
    """(call id, item) → place of the leaf that was taken last."""

    def choose(
        self, producer: Call, pattern: str, item: int, used: set[str], attempt: int, rng: random.Random
    ) -> Leaf | None:
        """A leaf of the pattern, near the row in focus, else one that can be told; later attempts move on to others.

        `item` tells things of one output apart: no row serves two of them. `used` holds places that this very call has
        taken for other parameters: two parameters fed by one field get two rows.
        """
        found = [leaf for leaf in values_at(producer.result.value, pattern) if _usable(leaf) and leaf.place not in used]
        found = [leaf for leaf in found if not self._serves_another(producer.id, item, leaf)]
        if not found:
            return None
        focus = self.focus.get((producer.id, item))
        if focus is not None:
            found.sort(key=lambda leaf: -_shared(leaf.place, focus))
        else:
            rng.shuffle(found)
            told = next((leaf for leaf in found if can_be_told(producer.result.value, leaf.place)), found[0])
            found = [told, *(leaf for leaf in found if leaf is not told)]
        leaf = found[attempt % len(found)]
        self.focus[producer.id, item] = leaf.place
        return leaf

    def _serves_another(self, call_id: str, item: int, leaf: Leaf) -> bool:
        return any(
            row_of(place) == row_of(leaf.place)
            for (other_call, other_item), place in self.focus.items()
            if other_call == call_id and other_item != item
        )


def row_of(place: str) -> str:
    """The part of a place that names the innermost entry of a list; the whole place when it lies in none."""
    if "#" in place:
        return place
    tokens = place.split("/")
    last = max((at for at, token in enumerate(tokens) if token.isdigit()), default=len(tokens) - 1)
    return "/".join(tokens[: last + 1])


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
