"""All things of all kinds: rows by key, made from the seed, remembered when they are gone."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolweave.servers.json_values import canonical, is_object
from toolweave.servers.simulated.names import words_of
from toolweave.servers.simulated.reading import Kind, Noun, Use, is_handed_out, kind_of
from toolweave.servers.simulated.values import example, identifier, sentence, title
from toolweave.servers.simulated.writing import Ask, Writer, filled, place_of
from toolweave.servers.tools import Tool

Row = dict[str, Any]
_MOST_TOOLS = 8
_BRIEF = 300
AT_FIRST = 5
"""Things of a kind that are there at the start."""
LABELS = ("name", "title", "label", "subject")
"""Fields by which people call a thing."""


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
    born: dict[str, Row] = field(default_factory=dict[str, Row])
    """Things as they first were, by the text of the key."""
    made: int = 0
    writer: Writer | None = None
    tools: Sequence[Tool] = ()
    """Those that have to do with them, for the writer."""

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
        return row if row is not None else self.put(self.written([self.row(key, {})], {})[0])

    def put(self, row: Row, key: str | None = None) -> Row:
        """Keep a row, under its own key where no other is given."""
        key = str(row[self.kind.key]) if key is None else key
        self.rows[key], self.born[key] = row, dict(row)
        return row

    def row(self, key: Any, known: Row, *chance: Any) -> Row:
        """A thing with this key, and with what is known of it; the rest is made up."""
        rng = self.rng("row", key, *chance)
        fields = {name: example(schema, name, rng) for name, schema in self.kind.fields.items()}
        if not any(name in fields for name in LABELS):
            fields = {"name": title(rng), **fields}
        if len(fields) < 3:
            fields = {**fields, "description": sentence(rng), "status": rng.choice(("active", "pending", "closed"))}
        return {self.kind.key: key, **fields, **{name: item for name, item in known.items() if name != self.kind.key}}

    def written(self, rows: list[Row], known: Row) -> list[Row]:
        """New rows, with what the rules have left open as the writer has it; without one as they are.

        Args:
            rows: As `row` made them.
            known: What the call said that brought them up.
        """
        if self.writer is None or not rows:
            return rows
        shown = [{name: item for name, item in row.items() if name in known or name == self.kind.key} for row in rows]
        facts = {"kind": self.kind.name, "tools": described(self.tools), "asked_for": known, "things": shown}
        places = {
            place_of(number, name): self.kind.fields.get(name, {"type": "string"})
            for number, row in enumerate(rows)
            for name in row
            if self._is_open(name, known)
        }
        what = f"what a system holds about {len(rows)} of its things of the kind {self.kind.name!r}"
        return list(filled(Ask(what, facts, places, self.seed, rows), self.writer)) if places else rows

    def _is_open(self, name: str, known: Row) -> bool:
        decided = name in known or name == self.kind.key or name in self.kind.references
        return not decided and not is_handed_out(name)

    def some_key(self, rng: random.Random) -> Any:
        """A key as things of this kind have it, whether or not there is such a thing."""
        if self.kind.key == "id":
            return identifier(self.kind.noun, self.kind.key_schema, rng)
        return example(self.kind.key_schema, self.kind.key, rng)

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


def described(tools: Sequence[Tool]) -> list[dict[str, str]]:
    """What a few tools say of themselves, briefly."""
    return [{"name": tool.name, "description": tool.description[:_BRIEF]} for tool in tools[:_MOST_TOOLS]]


def all_things(kinds: Sequence[Kind], seed: int, writer: Writer | None, uses: Collection[Use]) -> list[Things]:
    """All kinds with what is there at the start; things refer to things that are there."""
    found = [Things(kind, seed, writer=writer) for kind in kinds]
    for things in found:
        if writer is not None:
            things.tools = [use.tool for use in uses if things_of(use.noun, found) is things]
        if things.kind.closed:
            rows = [things.row(key, {}) for key in _first_keys(things)]
            for row in things.written(rows, {}):
                things.put(row)
    for things in found:
        for number, row in enumerate(things.rows.values()):
            _tie(things, row, number, found)
        things.born = {key: dict(row) for key, row in things.rows.items()}
    return found


def _first_keys(things: Things) -> list[Any]:
    keys: dict[str, Any] = {}
    for number in range(AT_FIRST):
        rng = things.rng("key", number)
        while str(key := things.some_key(rng)) in keys or is_object(key):
            pass
        keys[str(key)] = key
    return list(keys.values())


def _tie(things: Things, row: Row, number: int, found: Sequence[Things]) -> None:
    """Let the references of a row name things that are there."""
    for name, noun in things.kind.references.items():
        other = things_of(noun, found)
        if other is not None and other.rows and other is not things:
            row[name] = _meaning(name, list(other.rows.values())[number % len(other.rows)], other)


def _meaning(name: str, row: Row, things: Things) -> Any:
    """What a field that means another thing says of it: its id, or what people call it."""
    label = next((label for label in (name, *LABELS) if label in row), things.kind.key)
    return row[things.kind.key] if is_handed_out(name) else row[label]


def things_of(noun: Noun, found: Sequence[Things]) -> Things | None:
    """The things that a noun means."""
    kind = kind_of(noun, [things.kind for things in found])
    return next((things for things in found if things.kind is kind), None)
