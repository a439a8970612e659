"""All things of all kinds: rows by key, made from the seed, remembered when they are gone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from toolweave.servers.json_values import canonical, is_object
from toolweave.servers.simulated.names import words_of
from toolweave.servers.simulated.reading import Kind, Noun, is_handed_out, kind_of
from toolweave.servers.simulated.values import example, identifier, sentence, title

Row = dict[str, Any]
AT_FIRST = 5
"""Things of a kind that are there at the start."""
_LABELS = ("name", "title", "label", "subject")


class Refusal(Exception):
    """What the server says in place of an answer."""


@dataclass
class Things:
    """The things of one kind."""

    kind: Kind
    seed: int
    rows: dict[str, Row] = field(default_factory=dict[str, Row])
    """By the text of the key."""
    gone: dict[str, Row] = field(default_factory=dict[str, Row])
    made: int = 0

    def rng(self, *parts: Any) -> random.Random:
        """Chance that depends on the seed, the kind and what is asked; never on what happened before."""
        return random.Random(canonical([self.seed, *self.kind.noun, *parts]))

    def find(self, key: Any, parameter: str | None = None) -> Row:
        """The thing with this key; where nobody hands keys out, any key has one.

        Args:
            key: The value.
            parameter: The parameter that holds it: a name in place of an id finds the thing of that name.

        Raises:
            Refusal: There is none, or no more.
        """
        row = self.rows.get(str(key))
        if row is None and parameter is not None and not is_handed_out(parameter):
            names = (parameter, words_of(parameter)[-1])
            row = next((item for item in self.rows.values() if key in [item.get(name) for name in names]), None)
        if row is None and (self.kind.closed or str(key) in self.gone):
            raise Refusal(f"There is no {self.kind.name} with {parameter or self.kind.key} {key!r}.")
        return row if row is not None else self.put(self.row(key, {}))

    def put(self, row: Row) -> Row:
        """Keep a row under its key."""
        self.rows[str(row[self.kind.key])] = row
        return row

    def row(self, key: Any, known: Row, *chance: Any) -> Row:
        """A thing with this key, and with what is known of it; the rest is made up."""
        rng = self.rng("row", key, *chance)
        fields = {name: example(schema, name, rng) for name, schema in self.kind.fields.items()}
        if not any(name in fields for name in _LABELS):
            fields = {"name": title(rng), **fields}
        if len(fields) < 3:
            fields = {**fields, "description": sentence(rng), "status": rng.choice(("active", "pending", "closed"))}
        return {self.kind.key: key, **fields, **{name: item for name, item in known.items() if name != self.kind.key}}

    def new_key(self) -> Any:
        """A key that nothing has had."""
        while True:
            self.made += 1
            key = identifier(self.kind.noun, self.kind.key_schema, self.rng("new", self.made))
            if str(key) not in self.rows and str(key) not in self.gone:
                return key

    def remove(self, key: Any, parameter: str | None = None) -> Row:
        """Take a thing away.

        Raises:
            Refusal: There is none.
        """
        row = self.find(key, parameter)
        own = str(row[self.kind.key])
        self.gone[own] = self.rows.pop(own)
        return row


def all_things(kinds: Sequence[Kind], seed: int) -> list[Things]:
    """All kinds with what is there at the start; things refer to things that are there."""
    found = [Things(kind, seed) for kind in kinds]
    for things in found:
        if things.kind.closed:
            for number in range(AT_FIRST):
                key = _first_key(things, number)
                things.put(things.row(key, {}))
    for things in found:
        for number, row in enumerate(things.rows.values()):
            _tie(things, row, number, found, kinds)
    return found


def _first_key(things: Things, number: int) -> Any:
    kind, rng = things.kind, things.rng("key", number)
    while True:
        key = (
            identifier(kind.noun, kind.key_schema, rng) if kind.key == "id" else example(kind.key_schema, kind.key, rng)
        )
        if str(key) not in things.rows and not is_object(key):
            return key


def _tie(things: Things, row: Row, number: int, found: Sequence[Things], kinds: Sequence[Kind]) -> None:
    """Let the references of a row name things that are there."""
    for name, noun in things.kind.references.items():
        other = things_of(noun, found, kinds)
        if other is not None and other.rows and other is not things:
            row[name] = _meaning(name, list(other.rows.values())[number % len(other.rows)], other)


def _meaning(name: str, row: Row, things: Things) -> Any:
    """What a field that means another thing says of it: its id, or what people call it."""
    label = next((label for label in (name, *_LABELS) if label in row), things.kind.key)
    return row[things.kind.key] if is_handed_out(name) else row[label]


def things_of(noun: Noun, found: Sequence[Things], kinds: Sequence[Kind]) -> Things | None:
    """The things that a noun means."""
    kind = kind_of(noun, kinds)
    return next((things for things in found if things.kind is kind), None)
