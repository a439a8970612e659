"""Kinds of objects told by their shape: items of `cast[]` that look like what `search_movie` finds are movies.

An object whose container names no kind that any parameter asks for is compared, by the names of its fields, with the
objects of the same server whose kind is sure; rare names weigh more. The kind of the most similar ones is taken over.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from toolweave.graph.slots import Slot
from toolweave.graph.vocabulary import IS_A

SURE = 0.8
"""How sure the surroundings must be of a kind, for an object to stand for it."""
ALIKE = 0.45
"""Share of fields, weighted by rarity, from which two objects are of one kind."""
MARGIN = 0.06
"""How much more alike than the next kind."""
FEWEST_FIELDS = 4
MOST_COMPARED = 60
"""Known objects compared with one unknown object."""


@dataclass(frozen=True, slots=True)
class _Thing:
    """One object of an output schema."""

    server: str
    container: str
    names: frozenset[str]
    kind: str


def with_kinds_by_shape(
    gives: Sequence[tuple[Slot, ...]], servers: Sequence[str], wanted: frozenset[str]
) -> list[tuple[Slot, ...]]:
    """The fields of every tool, with kinds added where only the shape of the object tells them.

    `wanted` are the kinds of thing that parameters ask for.
    """
    things = [_things(slots, server, wanted) for slots, server in zip(gives, servers, strict=True)]
    known = _Known(thing for found in things for thing in found.values())
    return [_retold(slots, found, known) for slots, found in zip(gives, things, strict=True)]


def _things(slots: Iterable[Slot], server: str, wanted: frozenset[str]) -> dict[str, _Thing]:
    """The objects of one output, by container."""
    names: dict[str, set[str]] = {}
    kinds: dict[str, str] = {}
    for slot in slots:
        container, _, last = slot.path.rpartition(".")
        names.setdefault(container, set()).add(last)
        if slot.attribute == "id" and not slot.things:
            sure = [word for word, weight in slot.around.items() if weight >= SURE and word in wanted]
            kinds[container] = sure[0] if sure else ""
    return {
        container: _Thing(server, container, frozenset(names[container]), kind)
        for container, kind in kinds.items()
        if len(names[container]) >= FEWEST_FIELDS
    }


class _Known:
    """Objects whose kind is sure, by server and by the names of their fields."""

    def __init__(self, things: Iterable[_Thing]) -> None:
        every = list(things)
        self.count = Counter(name for thing in every for name in thing.names)
        self.total = len(every)
        self.by_name: dict[tuple[str, str], dict[tuple[str, frozenset[str]], None]] = {}
        for thing in every:
            if thing.kind:
                for name in sorted(thing.names):
                    self.by_name.setdefault((thing.server, name), {})[thing.kind, thing.names] = None

    def kind_of(self, thing: _Thing) -> tuple[str, float]:
        """The kind of an object and how alike it is; an empty kind when none is clearly the likest."""
        best: dict[str, float] = {}
        for kind, names in self._near(thing):
            best[kind] = max(best.get(kind, 0.0), self._alike(thing.names, names))
        ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))
        if not ranked or ranked[0][1] < ALIKE or (len(ranked) > 1 and ranked[0][1] - ranked[1][1] < MARGIN):
            return "", 0.0
        return ranked[0]

    def _near(self, thing: _Thing) -> list[tuple[str, frozenset[str]]]:
        found: dict[tuple[str, frozenset[str]], None] = {}
        for name in sorted(thing.names, key=lambda name: (self.count[name], name))[:8]:
            for other in self.by_name.get((thing.server, name), ()):
                if len(found) == MOST_COMPARED:
                    return list(found)
                found[other] = None
        return list(found)

    def _alike(self, first: frozenset[str], second: frozenset[str]) -> float:
        return self._weight(first & second) / self._weight(first | second)

    def _weight(self, names: frozenset[str]) -> float:
        return sum(sorted(math.log(1.0 + self.total / self.count[name]) for name in names))


def _retold(slots: tuple[Slot, ...], things: dict[str, _Thing], known: _Known) -> tuple[Slot, ...]:
    kinds = {container: known.kind_of(thing) for container, thing in things.items() if not thing.kind}
    if not any(kind for kind, _ in kinds.values()):
        return slots
    return tuple(_with_kind(slot, *kinds.get(slot.path.rpartition(".")[0], ("", 0.0))) for slot in slots)


def _with_kind(slot: Slot, kind: str, alike: float) -> Slot:
    if not kind or slot.things:
        return slot
    others = {word: weight * (0.3 if word in IS_A.values() else 0.6) for word, weight in slot.around.items()}
    return replace(slot, around={**others, kind: min(0.9, 0.45 + 0.5 * alike)})
