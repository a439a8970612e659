"""Fields of real outputs: patterns, concrete places, and prose read as labelled values.

A *pattern* names a kind of place in a decoded output: `items[].sku`, `owner.name`, `[]` (items of a top-level list),
`{key}` (the keys of an open object), and the empty pattern for a scalar output. A *place* is one concrete JSON
pointer (RFC 6901) such as `/items/0/sku`. What is read out of a text carries the text's pattern or place, `#`, and a
label drawn from the words around it: pattern `note#member`, place `/note#member:0` (the first one so labelled).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from toolweave.graph.prose import read_text
from toolweave.servers.json_values import as_object, is_list, is_object

Scalar = str | int | float | bool | None

MOST_LEAVES = 5000
"""Leaves read from one output; the rest is left out."""
LONGEST_TEXT = 40_000
"""Characters of one text that are read for labelled values."""
_DEEPEST = 40

_NAME = re.compile(r"[A-Za-z_$][A-Za-z_$]*\d{0,2}|[A-Za-z]+(?:[ ./_-][A-Za-z]+)*\d{0,2}")
_OPENING = re.compile(r"[\[{]")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One scalar of a decoded output."""

    pattern: str
    place: str
    value: Scalar


def leaves(value: object, *, prose: bool = True) -> list[Leaf]:
    """Every scalar of a decoded output, in order; with `prose`, also what texts say in words, tables and lists."""
    return list(islice(_walk(value, "", "", prose, 0), MOST_LEAVES))


def values_at(value: object, pattern: str) -> list[Leaf]:
    """The leaves of one pattern, in order."""
    return [leaf for leaf in leaves(value, prose="#" in pattern) if leaf.pattern == pattern]


def value_at(value: object, place: str) -> Scalar:
    """What stands at a place, in this output or in that of the same call made again; `None` when nothing does."""
    return next((leaf.value for leaf in leaves(value, prose="#" in place) if leaf.place == place), None)


def is_open(value: Mapping[str, object]) -> bool:
    """Whether an object's keys are data (ids, dates, names of like things) and not names of fields."""
    if not value:
        return False
    if not any(_NAME.fullmatch(key) for key in value):
        return True
    shapes = {tuple(sorted(as_object(item))) for item in value.values()}
    return len(value) >= 3 and len(shapes) == 1 and shapes != {()}


def _walk(value: object, pattern: str, place: str, prose: bool, depth: int) -> Iterator[Leaf]:
    if depth > _DEEPEST:
        return
    if is_object(value):
        yield from _object(value, pattern, place, prose, depth)
    elif is_list(value):
        for index, item in enumerate(value):
            yield from _walk(item, f"{pattern}[]", f"{place}/{index}", prose, depth + 1)
    else:
        yield Leaf(pattern, place, cast(Scalar, value))
        if prose and isinstance(value, str):
            yield from _text(value, pattern, place, depth)


def _object(value: dict[str, Any], pattern: str, place: str, prose: bool, depth: int) -> Iterator[Leaf]:
    dot = f"{pattern}." if pattern else ""
    data = is_open(value)
    for index, (key, item) in enumerate(value.items()):
        if data:
            yield Leaf(f"{dot}{{key}}", f"{place}#{{key}}:{index}", key)
        inner = f"{place}/{key.replace('~', '~0').replace('/', '~1')}"
        yield from _walk(item, f"{dot}{{value}}" if data else f"{dot}{key}", inner, prose, depth + 1)


def _text(text: str, pattern: str, place: str, depth: int) -> Iterator[Leaf]:
    text = text[:LONGEST_TEXT]
    embedded = _embedded_json(text)
    if embedded is not None:
        text, inner = embedded
        yield from _walk(inner, f"{pattern}#json", f"{place}#json:0", True, depth + 1)
    count = Counter[str]()
    for found in read_text(text, brief=pattern != ""):
        yield Leaf(f"{pattern}#{found.label}", f"{place}#{found.label}:{count[found.label]}", found.value)
        count[found.label] += 1


def _embedded_json(text: str) -> tuple[str, Any] | None:
    """The text before the first JSON object or array inside it, and that object or array."""
    for opening in islice(_OPENING.finditer(text), 3):
        try:
            value, _ = json.JSONDecoder().raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            continue
        if any(is_object(item) for item in ([value] if is_object(value) else value)):
            return text[: opening.start()], value
    return None
