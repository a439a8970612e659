"""Writing values at parameter patterns (`items[].sku`) and walking the leaves of arguments."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from toolweave.servers.json_values import is_list, is_object

_PART = re.compile(r"([^.\[\]]+)|(\[\])")


def escape(key: str) -> str:
    """A key as a JSON pointer token (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def place_of(pattern: str) -> str:
    """The JSON pointer that a pattern names when every array has one item."""
    parts = ["0" if item else escape(name) for name, item in _PART.findall(pattern)]
    return "".join(f"/{part}" for part in parts)


def put(arguments: dict[str, Any], pattern: str, value: Any) -> None:
    """Set the value at a pattern, making the objects and one-item arrays on the way."""
    parts = [name or 0 for name, _ in _PART.findall(pattern)]
    place: Any = arguments
    for part, following in pairwise(parts):
        fresh: Any = [] if following == 0 else {}
        place = _step_into(place, part, fresh)
    _assign(place, parts[-1], value)


def argument_leaves(value: Any, place: str = "") -> list[tuple[str, Any]]:
    """(JSON pointer, scalar) of every leaf; empty objects and arrays inside count as leaves."""
    if value == {} and not place:
        return []
    if is_object(value) and value:
        return [leaf for key, item in value.items() for leaf in argument_leaves(item, f"{place}/{escape(str(key))}")]
    if is_list(value) and value:
        return [leaf for index, item in enumerate(value) for leaf in argument_leaves(item, f"{place}/{index}")]
    return [(place, value)]


def get(value: Any, place: str) -> Any:
    """The value at a JSON pointer.

    Raises:
        KeyError: There is nothing at that place.
    """
    for token in place.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(key)] if is_list(value) else value[key]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise KeyError(place) from error
    return value


def put_at(value: Any, place: str, new: Any) -> None:
    """Overwrite the value at a JSON pointer that exists.

    Raises:
        KeyError: There is nothing at that place.
    """
    parent, _, token = place.rpartition("/")
    holder = get(value, parent)
    get(value, place)
    key = token.replace("~1", "/").replace("~0", "~")
    holder[int(key) if is_list(holder) else key] = new


def _step_into(place: Any, part: str | int, fresh: Any) -> Any:
    if isinstance(part, int):
        if not place:
            place.append(fresh)
        return place[0]
    return place.setdefault(part, fresh)


def _assign(place: Any, part: str | int, value: Any) -> None:
    if isinstance(part, int):
        place[:] = [value]
    else:
        place[part] = value
