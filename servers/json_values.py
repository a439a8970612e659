"""JSON of unknown shape, read with types: what is not there or not of the kind reads as empty."""

from __future__ import annotations

import json
from typing import Any, cast


def as_object(value: object) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """The value if it is a list, else an empty one."""
    found: list[Any] = value if isinstance(value, list) else []
    return found


def canonical(value: object) -> str:
    """JSON text with sorted keys and no spaces; equal values give equal text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
