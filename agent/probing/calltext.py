"""Calls as text that means the same in every walk: things made on the way are named by the step that made them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from toolweave.agent.probing.effects import Action
from toolweave.graph.learning.values import key
from toolweave.servers.json_values import canonical, is_list, is_object

Birth = tuple[int, int]
"""Number of the step that made a thing, and which of the things made there it is."""
_MARK = re.compile(r'\{"@":\[(\d+),\d+\]\}')


def call_text(arguments: Mapping[str, Any], born: Mapping[str, Birth]) -> str:
    """Arguments as text; `born` maps values to their births."""

    def marked(value: Any) -> Any:
        return {"@": list(born[key(value)])} if key(value) in born else value

    return canonical(_mapped(dict(arguments), marked))


def arguments_of(action: Action, things: Mapping[Birth, Any]) -> dict[str, Any] | None:
    """The arguments of an action in a walk with these things; `None` when one of them was never made."""
    missing: list[Birth] = []

    def unmarked(mark: dict[str, Any]) -> Any:
        step, number = mark["@"]
        if (step, number) not in things:
            missing.append((step, number))
        return things.get((step, number))

    found = json.loads(action[1], object_hook=lambda item: unmarked(item) if list(item) == ["@"] else item)
    return None if missing else found


def newest_step(action: Action) -> int:
    """The last step that made something which the action is about; 0 when it is about nothing that was made."""
    return max((int(step) for step in _MARK.findall(action[1])), default=0)


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    if is_object(value):
        return {name: _mapped(item, change) for name, item in value.items()}
    if is_list(value):
        return [_mapped(item, change) for item in value]
    return change(value)
