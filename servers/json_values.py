"""JSON of unknown shape, read with types: what is not there or not of the kind reads as empty."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, TypeGuard


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether the value is a JSON object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether the value is a JSON array."""
    return isinstance(value, list)


def as_object(value: object) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if is_object(value) else {}


def as_list(value: object) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if is_list(value) else []


def canonical(value: object) -> str:
    """JSON text with sorted keys and no spaces; equal values give equal text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)


def digest(value: object) -> str:
    """Hexadecimal SHA-256 of the canonical text; equal values have equal ones, in every process."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Copy of a JSON value with every string, keys included, passed through `change`."""
    if isinstance(value, str):
        return change(value)
    if is_list(value):
        return [map_texts(item, change) for item in value]
    if is_object(value):
        return {change(key): map_texts(item, change) for key, item in value.items()}
    return value
