"""Leaves of a tool's schemas: what it takes and what it gives, each with the pattern of its place.

Patterns are those of `graph/fields.py`. A leaf is a place where a value goes: a scalar, an untyped place, or an object
that says nothing of its properties. Any schema is read, however broken; `schema_notes` names what was left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from toolweave.graph.references import Flattener
from toolweave.servers.json_values import as_list, as_object, is_object
from toolweave.servers.tools import Tool

MOST_LEAVES = 1000
"""Leaves read from one schema; the rest is left out and named."""
DEEPEST = 12
"""Levels of objects and arrays read in one schema."""
MOST_PLACES = 6000
"""Places visited in one schema, leaves or not."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A place in a tool's arguments where a value goes."""

    path: str
    """Pattern, such as `order_id` or `items[].sku`."""
    schema: dict[str, Any]
    """Flat schema of the leaf: no references, no combinations."""
    required: bool
    """Whether every call carries it: it and all around it is required; an inner object that does not say is whole."""
    description: str = ""


@dataclass(frozen=True, slots=True)
class OutputField:
    """A place in a tool's decoded output that its schema declares."""

    path: str
    schema: dict[str, Any]
    description: str = ""


@dataclass(frozen=True, slots=True)
class _Leaf:
    path: str
    schema: dict[str, Any]
    required: bool


def parameters(tool: Tool) -> tuple[Parameter, ...]:
    """The leaf parameters of a tool, in the order of its schema; at most `MOST_LEAVES`."""
    walk = _Walk(Flattener(as_object(tool.input_schema)))
    leaves = walk.leaves(tool.input_schema)
    return tuple(
        Parameter(leaf.path, leaf.schema, leaf.required, _text(leaf.schema)) for leaf in leaves if leaf.path != ""
    )


def output_fields(tool: Tool) -> tuple[OutputField, ...]:
    """The leaves of a tool's output schema, under the patterns of the decoded value; none without a schema.

    A sole `result` property is unwrapped, as `CallResult.value` does.
    """
    schema = tool.output_schema
    if not is_object(schema):
        return ()
    walk = _Walk(Flattener(schema))
    leaves = walk.leaves(_unwrapped(schema, walk.flattener), outputs=True)
    return tuple(
        OutputField(leaf.path, leaf.schema, _text(leaf.schema))
        for leaf in leaves
        if leaf.path != "" or _says_something(leaf.schema)
    )


def schema_notes(tool: Tool) -> tuple[str, ...]:
    """What could not be read of a tool's schemas, in plain words; empty for a sound tool."""
    notes: dict[str, None] = {}
    for name, schema in (("input", tool.input_schema), ("output", tool.output_schema)):
        if schema is None:
            continue
        walk = _Walk(Flattener(as_object(schema)))
        list(walk.leaves(schema))
        notes.update({f"{name} schema: {note}": None for note in walk.flattener.notes})
    return tuple(notes)


def only_value(schema: Mapping[str, Any]) -> tuple[Literal["const", "enum"], Any] | None:
    """The one value that a parameter can have, and which keyword says so; `None` when there is a choice."""
    options = [value for value in as_list(schema.get("enum")) if value is not None]
    if "const" in schema:
        return "const", schema["const"]
    return ("enum", options[0]) if len(options) == 1 else None


def _text(schema: dict[str, Any]) -> str:
    text = schema.get("description")
    return text if isinstance(text, str) else ""


def _says_something(schema: dict[str, Any]) -> bool:
    return schema.get("type") not in (None, "object", "array")


def _unwrapped(schema: dict[str, Any], flattener: Flattener) -> object:
    flat, _ = flattener.flatten(schema)
    properties = as_object(flat.get("properties"))
    return properties["result"] if list(properties) == ["result"] else schema


@dataclass
class _Walk:
    flattener: Flattener
    places: int = 0
    found: list[_Leaf] = field(default_factory=list[_Leaf])

    def leaves(self, schema: object, *, outputs: bool = False) -> list[_Leaf]:
        """Leaves below a schema, in order."""
        if not is_object(schema):
            self.flattener.notes["it is not an object"] = None
            return []
        for leaf in self._below(schema, "", True, frozenset(), 0, outputs):
            if len(self.found) == MOST_LEAVES or self.places > MOST_PLACES:
                self.flattener.notes[f"it has more than {MOST_LEAVES} leaves: the rest is left out"] = None
                break
            self.found.append(leaf)
        return self.found

    def _below(
        self, schema: object, path: str, required: bool, refs: frozenset[str], depth: int, outputs: bool
    ) -> Iterator[_Leaf]:
        self.places += 1
        if depth > DEEPEST:
            self.flattener.notes[f"it is deeper than {DEEPEST} levels: the rest is left out"] = None
            return
        reference = as_object(schema).get("$ref")
        cyclic = isinstance(reference, str) and reference in refs
        flat, refs = self.flattener.flatten(schema, refs)
        if cyclic and not _has_children(flat, outputs):
            return
        for child, child_path, needed in self._children(flat, path, outputs):
            yield from self._below(child, child_path, required and needed, refs, depth + 1, outputs)
        if not _has_children(flat, outputs):
            yield _Leaf(path, flat, required)

    def _children(self, flat: dict[str, Any], path: str, outputs: bool) -> Iterator[tuple[object, str, bool]]:
        properties = self._properties(flat)
        if properties:
            # an inner object that does not say what it requires is filled whole
            needed = _required(flat) if path == "" or "required" in flat else set(properties)
            for name, child in properties.items():
                yield child, f"{path}.{name}" if path else name, name in needed
        elif _is_array(flat):
            yield _items(flat), f"{path}[]", True
        elif outputs and is_object(values := flat.get("additionalProperties")) and values:
            yield {"type": "string"}, f"{path}.{{key}}" if path else "{key}", False
            yield values, f"{path}.{{value}}" if path else "{value}", False

    def _properties(self, flat: dict[str, Any]) -> dict[str, Any]:
        properties = flat.get("properties")
        if properties is not None and not is_object(properties):
            self.flattener.notes["`properties` is not an object"] = None
        return as_object(properties)


def _has_children(flat: dict[str, Any], outputs: bool) -> bool:
    if as_object(flat.get("properties")) or _is_array(flat):
        return True
    return outputs and bool(as_object(flat.get("additionalProperties")))


def _required(flat: dict[str, Any]) -> set[str]:
    return {name for name in as_list(flat.get("required")) if isinstance(name, str)}


def _is_array(flat: dict[str, Any]) -> bool:
    kind = flat.get("type")
    return kind == "array" or (kind is None and ("items" in flat or "prefixItems" in flat))


def _items(flat: dict[str, Any]) -> object:
    """Schema of the items; the description of the list speaks for items that have none."""
    items = flat.get("items")
    for options in (as_list(items), as_list(flat.get("prefixItems"))):
        if options:
            items = options[0]
    schema = as_object(items)
    if "description" not in schema and isinstance(flat.get("description"), str):
        return {**schema, "description": flat["description"]}
    return schema
