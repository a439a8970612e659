"""What has changed between the settings that a run was made with and those it is to go on with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from toolweave.servers.json_values import as_object, is_object

MOST_DIFFERENCES = 6
_SHORT = 12
"""Characters of a digest that are shown."""


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What has changed, each as `name: old -> new`."""
    found = [f"{name}: {_shown(old)} -> {_shown(new)}" for name, old, new in _differing(before, now, "")]
    more = len(found) - MOST_DIFFERENCES
    return found[:MOST_DIFFERENCES] + ([f"{more} more"] if more > 0 else [])


def _differing(before: Any, now: Any, name: str) -> Iterator[tuple[str, Any, Any]]:
    if before == now:
        return
    if not (is_object(before) and is_object(now)):
        yield name, before, now
        return
    for key in dict.fromkeys([*before, *now]):
        yield from _differing(as_object(before).get(key), as_object(now).get(key), f"{name}.{key}" if name else key)


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    text = str(value)
    return text[:_SHORT] if len(text) == hashlib.sha256().digest_size * 2 else text
