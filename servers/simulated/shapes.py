"""Answers in the shape that an output schema asks for: what is known goes where it fits, the rest is made up."""

from __future__ import annotations

import random
from typing import Any

from toolweave.servers.json_values import as_object, is_list, is_object
from toolweave.servers.schemas import first_problem
from toolweave.servers.simulated.names import words_of
from toolweave.servers.simulated.values import example, resolved
from toolweave.servers.tools import Tool

_MOST_DEEP = 6


def shaped(value: Any, tool: Tool, rng: random.Random) -> Any:
    """The value as the tool's output schema wants it; without a schema as it is.

    What cannot be brought into shape is made up as a whole, so that a result never breaks its schema.
    """
    schema = tool.output_schema
    if schema is None or (first_problem(schema, value) is None and not as_object(schema.get("properties"))):
        return value
    found = _fit(value, schema, schema, rng, 0)
    return found if first_problem(schema, found) is None else example(schema, "", rng)


def _fit(value: Any, schema: dict[str, Any], root: dict[str, Any], rng: random.Random, depth: int) -> Any:
    schema = resolved(schema, root)
    if depth > _MOST_DEEP:
        return example(schema, "", rng, root, depth)
    if schema.get("type") == "array" or "items" in schema:
        items = value if is_list(value) else _rows(value)
        return [_fit(item, as_object(schema.get("items")), root, rng, depth + 1) for item in items]
    properties = as_object(schema.get("properties"))
    if not properties:
        return value
    known = {_plain(name): item for name, item in value.items()} if is_object(value) else {}
    return {name: _member(name, as_object(inner), value, known, root, rng, depth) for name, inner in properties.items()}


def _member(
    name: str,
    schema: dict[str, Any],
    value: Any,
    known: dict[str, Any],
    root: dict[str, Any],
    rng: random.Random,
    depth: int,
) -> Any:
    """One property: the field of that name, the rows, the thing itself, or something made up."""
    inner = resolved(schema, root)
    if _plain(name) in known and not _refused(known[_plain(name)], inner, root):
        return known[_plain(name)]
    if _is_array_of_objects(inner, root) and _rows(value):
        return _fit(_rows(value), inner, root, rng, depth + 1)
    if inner.get("type") == "object" and "properties" in inner and is_object(value):
        return _fit(_rows(value)[0] if _rows(value) else value, inner, root, rng, depth + 1)
    if inner.get("type") == "integer" and _plain(name) in ("count", "total", "totalcount", "found"):
        return known.get("total", len(_rows(value)))
    return example(inner, name, rng, root, depth)


def _refused(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    return (
        first_problem({"$defs": root.get("$defs", {}), "definitions": root.get("definitions", {}), **schema}, value)
        is not None
    )


def _is_array_of_objects(schema: dict[str, Any], root: dict[str, Any]) -> bool:
    items = resolved(as_object(schema.get("items")), root)
    return schema.get("type") == "array" and (items.get("type") == "object" or "properties" in items)


def _rows(value: Any) -> list[Any]:
    """The rows that a list of things holds."""
    lists = [item for item in value.values() if is_list(item)] if is_object(value) else []
    return lists[0] if lists and is_object(value) and "total" in value else []


def _plain(name: str) -> str:
    return "".join(words_of(name)) or name
