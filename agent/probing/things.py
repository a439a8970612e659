"""Things: what ids stand for. A value that could be anything (`7`, `open`) is one only together with its kind.

Kinds are learned: two parameters take one kind of thing when one field feeds both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from toolweave.agent.patterns import argument_leaves, get, place_of
from toolweave.agent.probing.filling import Filler
from toolweave.agent.probing.session import Observation
from toolweave.graph.fields import Scalar, leaves
from toolweave.graph.learning.links import Link
from toolweave.graph.learning.pools import Field, row_of
from toolweave.graph.learning.values import distinctive, key, look
from toolweave.servers.tools import Tool

Thing = str
"""A distinctive value as text, or kind and value."""

_TOKEN = re.compile(r"[\w@][\w@.:/-]*[\w]")
MOST_READ = 1500
MOST_IN_ROW = 12
FEW = 6
"""Things that are seen with more others than this hold nothing together."""


class Things:
    """All things seen on one server."""

    def __init__(self, filler: Filler, reads: Callable[[Tool], bool]) -> None:
        self.filler = filler
        self.reads = reads
        self.values: dict[Thing, Scalar] = {}
        self.first: dict[Thing, None] = {}
        """Those that exist from the start, in the order in which they were seen: reading tools showed them first."""
        self.near: dict[Thing, dict[Thing, None]] = {}
        """Thing → things that reading tools show beside it."""
        self._made: set[Thing] = set()
        self._read = 0
        """Observations of the journal that were taken in."""
        self._kinds: dict[tuple[str, str], str] = {}
        self._fields: dict[tuple[str, str], str] = {}

    def refresh(self, journal: Sequence[Observation]) -> None:
        """Take in what is new in the journal; all of it again when kinds are known by now that were not before."""
        known = (self._kinds, self._fields)
        self._learn_kinds()
        if known != (self._kinds, self._fields):
            self.first, self.near, self._made, self._read = {}, {}, set(), 0
        for seen in islice(journal, self._read, None):
            if seen.worked:
                self._take_in(seen)
            else:
                self._overhear(seen)
        self._read = len(journal)

    def thing(self, link: Link, value: Scalar) -> Thing | None:
        """What a value stands for as an argument; `None` when it stands for nothing in particular."""
        if distinctive(value):
            return self._known(key(value), value)
        kind = self._kinds.get((link.tool.id, link.parameter.path))
        return None if kind is None else self._known(f"{kind}={value}", value)

    def given(self, tool: Tool, arguments: dict[str, object]) -> list[Thing]:
        """What a call is about."""
        found: dict[Thing, None] = {}
        for one in self.filler.naming(tool):
            try:
                value = get(arguments, place_of(one.path))
            except KeyError:
                continue
            thing = self.thing(self.filler.links[tool.id, one.path], value)
            found |= {thing: None} if thing is not None else {}
        others = [value for _, value in argument_leaves(arguments) if distinctive(value)]
        return [*(found | {self._known(key(value), value): None for value in others})]

    def shown(self, seen: Observation) -> list[Thing]:
        """What an output names, beyond what the call was given, in order."""
        given = set(self.given(seen.tool, seen.arguments))
        return [thing for row in self._rows(seen) for thing in row if thing not in given]

    def fits(self, link: Link, thing: Thing) -> bool:
        """Whether a parameter takes a thing."""
        value = self.values[thing]
        if distinctive(value):
            fits = link.fits(value)
            # Nothing in a bare hash tells what it names: then the fields that show it do.
            return fits or (fits is None and any(link.fed_by(one) for one in self.filler.pools.holders(str(value))))
        kind = self._kinds.get((link.tool.id, link.parameter.path))
        return thing == f"{kind}={value}" and key(value) not in link.refused

    def together(self, one: Thing, other: Thing) -> bool:
        """Whether reading tools show two things beside each other, and few others."""
        near = self.near.get(one, {})
        return other in near and (len(near) <= FEW or len(self.near.get(other, {})) <= FEW)

    def nearness(self, one: Thing, others: Sequence[Thing], ties: Mapping[Thing, set[Thing]]) -> str:
        """`=` for one of others, `~` for what belongs to one, `?` for what belongs to what belongs to one."""
        if one in others:
            return "="
        if any(other in ties.get(one, ()) or self.together(one, other) for other in others):
            return "~"
        around = {*ties.get(one, ()), *self.company(one)}
        return (
            "?" if any(not around.isdisjoint([*ties.get(other, ()), *self.company(other)]) for other in others) else ""
        )

    def named(self, text: str) -> list[Thing]:
        """The things that a text names by a distinctive value that was seen before."""
        found = dict.fromkeys(_TOKEN.findall(text[:2000]))
        return [token for token in found if token in self.values and distinctive(token)]

    def company(self, thing: Thing) -> list[Thing]:
        """What a thing is shown beside, if that is little."""
        near = self.near.get(thing, {})
        return [*near] if len(near) <= FEW else []

    def _known(self, thing: Thing, value: Scalar) -> Thing:
        self.values.setdefault(thing, value)
        return thing

    def _rows(self, seen: Observation) -> list[list[Thing]]:
        rows: dict[str, dict[Thing, None]] = {}
        for leaf in islice(leaves(seen.result.value), MOST_READ):
            if distinctive(leaf.value):
                thing = self._known(key(leaf.value), leaf.value)
            elif (kind := self._fields.get((seen.tool.id, leaf.pattern))) is not None and leaf.value is not None:
                thing = self._known(f"{kind}={leaf.value}", leaf.value)
            else:
                continue
            rows.setdefault(row_of(leaf.place), {})[thing] = None
        return [list(row) for row in rows.values()]

    def _take_in(self, seen: Observation) -> None:
        given = self.given(seen.tool, seen.arguments)
        reading = self.reads(seen.tool)
        for row in self._rows(seen):
            for thing in row:
                if thing in self.first or thing in self._made:
                    continue
                if reading:
                    self.first[thing] = None
                elif thing not in given:
                    self._made.add(thing)
            if reading:
                self.relate([thing for thing in (*given, *row[:MOST_IN_ROW]) if thing in self.first])

    def _overhear(self, seen: Observation) -> None:
        """What an error names, and no output has shown as new, was there from the start."""
        given = set(self.given(seen.tool, seen.arguments))
        looks = {look for link in self.filler.links.values() for look in link.accepted_looks()}
        for token in _TOKEN.findall(seen.result.text[:2000]):
            fresh = token not in given and token not in self._made and token not in self.first
            if fresh and distinctive(token) and look(token) in looks:
                self.first[self._known(token, token)] = None

    def relate(self, row: Sequence[Thing]) -> None:
        """Note that things belong together."""
        for one in row:
            self.near.setdefault(one, {}).update((other, None) for other in row if other != one)

    def _learn_kinds(self) -> None:
        self._kinds, self._fields = {}, {}
        for name, link in self.filler.links.items():
            if not link.accepted or link.takes_anything or link.takes_parts:
                continue
            feeding = [place for place in self.filler.pools.fields.values() if self._feeds(place, link)]
            named = [self._fields[place.tool, place.pattern] for place in feeding if self._has_kind(place)]
            kind = named[0] if named else f"{name[0]}.{name[1]}"
            self._kinds[name] = kind
            for place in feeding:
                self._fields.setdefault((place.tool, place.pattern), kind)

    def _has_kind(self, place: Field) -> bool:
        return (place.tool, place.pattern) in self._fields

    def _feeds(self, place: Field, link: Link) -> bool:
        """Whether a field of values that could be anything is known to feed a parameter."""
        if not place.values or any(distinctive(value) for value in islice(place.values.values(), 3)):
            return False
        if (place.tool, place.pattern) in link.trials:
            return True
        edges = self.filler.edges.get((link.tool.id, link.parameter.path), ())
        matched = any(edge.source == place.tool and edge.source_field == place.pattern for edge in edges)
        return matched and link.fed_by(place) is not False
