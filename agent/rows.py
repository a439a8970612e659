"""Choosing rows out of outputs: which leaf stands in which row, which rows resemble each other, which row is meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from toolweave.agent.choices import can_be_told
from toolweave.agent.patterns import get
from toolweave.agent.trace import Call
from toolweave.graph.fields import Leaf, leaves
from toolweave.servers.results import CallResult

LONGEST_CELL = 40
"""Characters of a cell that may be what rows have in common; longer ones are names and notes."""
LONGEST_VALUE = 160
"""Characters of a text that may still be an argument."""
Thing = tuple[str, int]
"""(call id, item): one of the things that a trajectory takes from an output."""


@dataclass(frozen=True, slots=True)
class Focus:
    """The row that stands for a thing."""

    leaf: Leaf
    step: int
    """The step that took it first: only there may another row be taken."""


@dataclass
class Rows:
    """Reads outputs row by row, and remembers which row the trajectory is about."""

    focus: dict[Thing, Focus] = field(default_factory=dict[Thing, Focus])
    _leaves: dict[int, tuple[CallResult, list[Leaf]]] = field(default_factory=dict[int, tuple[CallResult, list[Leaf]]])
    _told: dict[tuple[int, str], bool] = field(default_factory=dict[tuple[int, str], bool])

    def leaves(self, call: Call) -> list[Leaf]:
        """All leaves of an output that hold something."""
        key = id(call.result)
        if key not in self._leaves:
            found = [leaf for leaf in leaves(call.result.value) if leaf.value is not None and leaf.value != ""]
            self._leaves[key] = call.result, found
        return self._leaves[key][1]

    def of_pattern(self, call: Call, pattern: str) -> list[Leaf]:
        """Leaves of one pattern that may be an argument: a whole text with many words or lines is none."""
        return [leaf for leaf in self.leaves(call) if leaf.pattern == pattern and is_value(leaf.value)]

    def free(self, call: Call, pattern: str, item: int) -> list[Leaf]:
        """Leaves of a pattern that may stand for this thing: those in its row, else in rows that no other thing has."""
        found = [leaf for leaf in self.of_pattern(call, pattern) if not self._serves_another(call, item, leaf)]
        focus = self.focus.get((call.id, item))
        if focus is None or not found:
            return found
        near = [nearness(call, leaf, focus.leaf) for leaf in found]
        nearest = max(near)
        return [leaf for leaf, distance in zip(found, near, strict=True) if distance == nearest]

    def beside(self, call: Call, pattern: str, item: int, leaf: Leaf) -> Leaf | None:
        """The leaf of another pattern that belongs to the same row, as far as places say."""
        found = [one for one in self.of_pattern(call, pattern) if not self._serves_another(call, item, one)]
        return max(found, key=lambda one: nearness(call, one, leaf), default=None)

    def told(self, call: Call, leaf: Leaf) -> bool:
        """Whether words could say which row is meant."""
        key = id(call.result), leaf.place
        if key not in self._told:
            self._told[key] = can_be_told(call.result.value, leaf, self.leaves(call))
        return self._told[key]

    def has(self, call: Call, leaf: Leaf, pattern: str) -> bool:
        """Whether the row of a leaf holds a pattern; only of entries of lists can a row lack what others have."""
        row = row_of(leaf.place)
        listed = "#" not in leaf.place and row.rpartition("/")[2].isdigit()
        if not listed or not pattern.startswith(leaf.pattern.rpartition("[]")[0] + "[]"):
            return True
        return any(one.pattern == pattern and one.place.startswith(f"{row}/") for one in self.leaves(call))

    def likeness(self, call: Call, found: Sequence[Leaf], good: Collection[str], bad: Collection[str]) -> list[float]:
        """How much more each row resembles rows that worked than rows that did not; both given by places."""
        cells = {leaf.place: self._cells(call, leaf) for leaf in found}
        count = Counter(cell for row in cells.values() for cell in row)
        shared = {place: frozenset(cell for cell in row if count[cell] > 1) for place, row in cells.items()}
        return [
            _likest(shared[leaf.place], [shared[place] for place in good if place in shared])
            - _likest(shared[leaf.place], [shared[place] for place in bad if place in shared])
            for leaf in found
        ]

    def _cells(self, call: Call, leaf: Leaf) -> frozenset[str]:
        if "#" in leaf.place:
            return frozenset(re.findall(r"[\w.'-]+", _line(call, leaf)))
        row = row_of(leaf.place)
        inside = (one for one in self.leaves(call) if "#" not in one.place and one.place.startswith(f"{row}/"))
        return frozenset(f"{one.pattern}={text}" for one in inside if len(text := str(one.value)) <= LONGEST_CELL)

    def _serves_another(self, call: Call, item: int, leaf: Leaf) -> bool:
        return any(
            row_of(focus.leaf.place) == row_of(leaf.place)
            for (other_call, other_item), focus in self.focus.items()
            if other_call == call.id and other_item != item
        )


def is_value(value: object) -> bool:
    """Whether something is a value that a call can take over, no listing and no page of text."""
    return not isinstance(value, str) or (len(value) <= LONGEST_VALUE and "\n" not in value.strip())


def row_of(place: str) -> str:
    """The part of a place that names the innermost entry of a list; the whole place when it lies in none."""
    if "#" in place:
        return place
    tokens = place.split("/")
    last = max((at for at, token in enumerate(tokens) if token.isdigit()), default=len(tokens) - 1)
    return "/".join(tokens[: last + 1])


def nearness(call: Call, one: Leaf, other: Leaf) -> float:
    """How much of their places two leaves share; in a text, whether they stand in one line."""
    first, second = one.place.split("/"), other.place.split("/")
    shared = next((at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), len(first))
    if "#" not in one.place or "#" not in other.place or one.place == other.place:
        return float(shared)
    same = one.place.rpartition(":")[2] == other.place.rpartition(":")[2]
    return shared + 0.5 * (_line(call, one) == _line(call, other)) + 0.25 * same


def _line(call: Call, leaf: Leaf) -> str:
    """The line of a text that a value was read from."""
    try:
        text = get(call.result.value, leaf.place.partition("#")[0])
    except KeyError:
        return ""
    return next((line for line in str(text).splitlines() if str(leaf.value) in line), "")


def _likest(row: frozenset[str], others: Sequence[frozenset[str]]) -> float:
    return max((len(row & other) / max(1, len(row | other)) for other in others), default=0.0)
