"""JSON Schema made flat: `$ref`, `allOf`, `anyOf`, `oneOf` and nullable types folded into one plain schema.

Contract: `flatten` never raises and always ends, whatever the schema holds; what it could not follow is left out and
named in `notes`. Covered: local references (`#/…`), combinations, type lists. Not covered: remote references,
`if`/`then`, `patternProperties`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from toolweave.servers.json_values import as_list, as_object, is_list, is_object

DEEPEST_REFERENCES = 20
"""Combinations and references followed inside one place of a schema."""
COMBINATIONS = ("allOf", "anyOf", "oneOf")
_INDIRECT = ("$ref", *COMBINATIONS)


@dataclass
class Flattener:
    """Flattens places of one schema document."""

    root: dict[str, Any]
    notes: dict[str, None] = field(default_factory=dict[str, None])
    """What could not be followed, in order of discovery, each once."""

    def flatten(self, schema: object, open_refs: frozenset[str] = frozenset()) -> tuple[dict[str, Any], frozenset[str]]:
        """The plain schema of a place, and the references that are open below it (for finding cycles)."""
        if is_object(schema) and schema.keys().isdisjoint(_INDIRECT) and not is_list(schema.get("type")):
            return schema, open_refs
        merged: dict[str, Any] = {}
        refs = set(open_refs)
        for part in self._parts(schema, refs, 0):
            _merge(merged, part)
        kind = merged.get("type")
        if is_list(kind):
            kinds = [name for name in kind if isinstance(name, str) and name != "null"]
            merged["type"] = kinds[0] if len(kinds) == 1 else kinds
        return merged, frozenset(refs)

    def _parts(self, schema: object, refs: set[str], depth: int) -> Iterator[dict[str, Any]]:
        if not is_object(schema):
            return
        if depth > DEEPEST_REFERENCES:
            self.notes["references are nested too deeply"] = None
            return
        yield {key: value for key, value in schema.items() if key not in COMBINATIONS and key != "$ref"}
        if "$ref" in schema:
            yield from self._parts(self._follow(schema["$ref"], refs), refs, depth + 1)
        for part in as_list(schema.get("allOf")):
            yield from self._parts(part, refs, depth + 1)
        for key in ("anyOf", "oneOf"):
            yield from self._choice(as_list(schema.get(key)), refs, depth + 1)

    def _choice(self, options: list[Any], refs: set[str], depth: int) -> Iterator[dict[str, Any]]:
        real = [option for option in options if as_object(option).get("type") != "null"]
        for option in real:
            for part in self._parts(option, refs, depth):
                # what one of several options requires is not required
                yield part if len(real) == 1 else {key: value for key, value in part.items() if key != "required"}

    def _follow(self, ref: object, refs: set[str]) -> object:
        if not isinstance(ref, str) or not ref.startswith("#"):
            self.notes[f"reference {str(ref)[:80]!r} is not local"] = None
            return None
        if ref in refs:
            self.notes[f"reference {ref!r} is cyclic"] = None
            return None
        refs.add(ref)
        place: object = self.root
        for step in ref[1:].split("/")[1:]:
            name = unquote(step).replace("~1", "/").replace("~0", "~")
            place = as_list(place)[int(name)] if _is_index(place, name) else as_object(place).get(name)
        if not is_object(place) and place is not True:
            self.notes[f"reference {ref!r} leads nowhere"] = None
        return place


def _is_index(place: object, name: str) -> bool:
    return is_list(place) and name.isdecimal() and int(name) < len(place)


def _merge(into: dict[str, Any], part: dict[str, Any]) -> None:
    """Fold `part` into `into`: properties and requirements are united, the first word on anything else wins."""
    for key, value in part.items():
        if key == "properties" and is_object(into.get(key)) and is_object(value):
            into[key] = {**into[key], **{name: child for name, child in value.items() if name not in into[key]}}
        elif key == "required" and is_list(into.get(key)):
            into[key] = [*into[key], *as_list(value)]
        elif key == "type" and key in into:
            into[key] = _united(into[key], value)
        elif key not in into:
            into[key] = value


def _united(first: object, second: object) -> list[object]:
    kinds: list[object] = []
    for kind in (first, second):
        for name in kind if is_list(kind) else [kind]:
            if name not in kinds:
                kinds.append(name)
    return kinds
