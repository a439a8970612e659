"""Pools: the values seen in each field of each tool's real outputs, and which values were seen together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from toolweave.graph.fields import Leaf, Scalar, leaves
from toolweave.graph.learning.values import LONGEST, distinctive, key, look

MOST_VALUES = 80
"""Values kept per field."""
MOST_READ = 1500
"""Leaves read per output."""


@dataclass(slots=True)
class Field:
    """One field of one tool, with what was seen in it."""

    tool: str
    pattern: str
    values: dict[str, Scalar] = field(default_factory=dict[str, Scalar])
    """Values that the tool was not given itself, by their text, in the order in which they were first seen."""
    echoes: int = 0
    """Values that the tool had been given in the same call."""
    looks: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])

    @property
    def look(self) -> tuple[str, str]:
        """What most of its values look like."""
        return self.looks.most_common(1)[0][0] if self.looks else ("nothing", "")


class Pools:
    """Everything seen so far on one set of servers."""

    def __init__(self) -> None:
        self.fields: dict[tuple[str, str], Field] = {}
        self.near: dict[str, dict[str, None]] = {}
        """Distinctive value → distinctive values of its row, or of the call that returned it."""
        self._holders: dict[str, dict[tuple[str, str], None]] = {}

    def add(self, tool: str, given: Iterable[Scalar], value: object) -> None:
        """Take in the output of one successful call; `given` are the leaves of its arguments."""
        arguments = {key(item): item for item in given}
        rows: dict[str, list[str]] = {}
        for leaf in islice(leaves(value), MOST_READ):
            self._note(tool, leaf, arguments)
            if distinctive(leaf.value):
                rows.setdefault(row_of(leaf.place), []).append(key(leaf.value))
        known = [text for text, item in arguments.items() if distinctive(item)]
        for row in rows.values():
            for text in row:
                self._relate(text, [*known, *row[:12]])

    def holders(self, text: str) -> Iterator[Field]:
        """Fields in which a value was seen other than as an echo."""
        for name in self._holders.get(text, ()):
            yield self.fields[name]

    def patterns(self) -> dict[str, list[str]]:
        """Tool id → field patterns seen in its outputs."""
        found: dict[str, list[str]] = {}
        for tool, pattern in self.fields:
            found.setdefault(tool, []).append(pattern)
        return found

    def texts(self, tool: str) -> dict[str, tuple[str, ...]]:
        """Field pattern → the texts seen in a tool's outputs that stand for no thing by themselves."""
        places = [place for (owner, _), place in self.fields.items() if owner == tool]
        texts = {place.pattern: tuple(filter(_is_text, map(str, place.values.values()))) for place in places}
        return {pattern: found for pattern, found in texts.items() if found}

    def join(self, other: Pools) -> None:
        """Take over what was seen on other servers; tools must not overlap."""
        self.fields |= other.fields
        for text, holders in other._holders.items():
            self._holders.setdefault(text, {}).update(holders)
        for text, near in other.near.items():
            self.near.setdefault(text, {}).update(near)

    def _note(self, tool: str, leaf: Leaf, arguments: dict[str, Scalar]) -> None:
        name = (tool, leaf.pattern)
        place = self.fields.setdefault(name, Field(tool, leaf.pattern))
        kind = look(leaf.value)
        if kind[0] in ("nothing", "flag") or (isinstance(leaf.value, str) and len(leaf.value) > LONGEST):
            return
        text = key(leaf.value)
        place.looks[kind] += 1
        if text in arguments:
            place.echoes += 1
            return
        self._holders.setdefault(text, {})[name] = None
        if len(place.values) < MOST_VALUES:
            place.values.setdefault(text, leaf.value)

    def _relate(self, text: str, others: list[str]) -> None:
        near = self.near.setdefault(text, {})
        for other in others:
            if other != text:
                near[other] = None
                self.near.setdefault(other, {})[text] = None


def _is_text(text: str) -> bool:
    return look(text)[0] not in ("number", "flag") and not distinctive(text)


def row_of(place: str) -> str:
    """The place up to its last list index: leaves with the same one stand in one row."""
    parts = place.split("/")
    last = max((at for at, part in enumerate(parts) if part.isdigit()), default=0)
    return "/".join(parts[: last + 1])
