"""Answers in the shape that an output schema asks for: what is known goes where it fits, the rest is made up."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from toolweave.servers.json_values import as_object, is_list, is_object
from toolweave.servers.schemas import first_problem
from toolweave.servers.simulated.names import words_of
from toolweave.servers.simulated.reading import Kind
from toolweave.servers.simulated.values import example, resolved
from toolweave.servers.simulated.writing import place_of
from toolweave.servers.tools import Tool

_MOST_DEEP = 6


@dataclass(frozen=True, slots=True)
class Shaped:
    """A value that fits the tool's output schema."""

    value: Any
    made_up: dict[str, dict[str, Any]]
    """JSON pointer → schema of what nothing was known for."""


def shaped(value: Any, tool: Tool, kind: Kind, rng: random.Random, guessed: Collection[str] = ()) -> Shaped:
    """The value as the tool's output schema wants it; without a schema as it is.

    What cannot be brought into shape is made up as a whole, so that a result never breaks its schema.

    Args:
        value: What is known.
        tool: Whose answer it is to be.
        kind: Of the things in it.
        rng: Decides what is made up.
        guessed: Members of the value that were made up already.
    """
    schema = tool.output_schema
    if schema is None or (first_problem(schema, value) is None and not as_object(schema.get("properties"))):
        return Shaped(value, {place_of(name): {} for name in guessed})
    fitting = _Fitting(schema, kind, rng, frozenset(map(_plain, guessed)))
    found = fitting.fit(value, schema, ())
    if first_problem(schema, found) is None:
        return Shaped(found, fitting.made_up)
    return Shaped(example(schema, "", rng), {"": schema})


@dataclass
class _Fitting:
    """One value on its way into a shape."""

    root: dict[str, Any]
    kind: Kind
    rng: random.Random
    guessed: frozenset[str]
    made_up: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def fit(self, value: Any, schema: dict[str, Any], path: tuple[str | int, ...]) -> Any:
        schema = resolved(schema, self.root)
        if len(path) > _MOST_DEEP:
            return self._invent(schema, "", path, len(path))
        if schema.get("type") == "array" or "items" in schema:
            items, inner = value if is_list(value) else _rows(value), as_object(schema.get("items"))
            return [self.fit(item, inner, (*path, number)) for number, item in enumerate(items)]
        properties = as_object(schema.get("properties"))
        if not properties:
            return value
        known = {_plain(name): item for name, item in value.items()} if is_object(value) else {}
        return {name: self._member(as_object(inner), value, known, (*path, name)) for name, inner in properties.items()}

    def _member(self, schema: dict[str, Any], value: Any, known: dict[str, Any], path: tuple[str | int, ...]) -> Any:
        """One property: the field of that name, the rows, the thing itself, or something made up."""
        name, inner = str(path[-1]), resolved(schema, self.root)
        plain = "id" if self.kind.is_own_id(name) and _plain(name) not in known else _plain(name)
        if plain in known and first_problem(self._alone(inner), known[plain]) is None:
            if plain in self.guessed:
                self.made_up[place_of(*path)] = self._alone(inner)
            return known[plain]
        if self._is_array_of_objects(inner) and _rows(value):
            return self.fit(_rows(value), inner, path)
        if inner.get("type") == "object" and "properties" in inner and is_object(value):
            return self.fit(_rows(value)[0] if _rows(value) else value, inner, path)
        if inner.get("type") == "integer" and plain in ("count", "total", "totalcount", "found"):
            return known.get("total", len(_rows(value)))
        return self._invent(inner, name, path, len(path) - 1)

    def _invent(self, schema: dict[str, Any], name: str, path: tuple[str | int, ...], depth: int) -> Any:
        self.made_up[place_of(*path)] = self._alone(schema)
        return example(schema, name, self.rng, self.root, depth)

    def _alone(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A part of the schema, with what its references name."""
        return {key: self.root[key] for key in ("$defs", "definitions") if key in self.root} | schema

    def _is_array_of_objects(self, schema: dict[str, Any]) -> bool:
        items = resolved(as_object(schema.get("items")), self.root)
        return schema.get("type") == "array" and (items.get("type") == "object" or "properties" in items)


def _rows(value: Any) -> list[Any]:
    """The rows that a list of things holds."""
    lists = [item for item in value.values() if is_list(item)] if is_object(value) else []
    return lists[0] if lists and is_object(value) and "total" in value else []


def _plain(name: str) -> str:
    return "".join(words_of(name)) or name
