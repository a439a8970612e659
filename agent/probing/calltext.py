"""Calls as text that means the same in every walk: things made on the way are named by the step that made them."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

from toolweave.agent.patterns import place_of, put_at
from toolweave.servers.json_values import canonical

Action = tuple[str, str]
"""(tool id, its arguments as text, with things made on the way named by the step that made them)."""
Birth = tuple[int, int]
"""Number of the step that made a thing, and which of the things made there it is."""
_MARK = re.compile(r'\{"@":\[(\d+),\d+\]\}')


def call_text(arguments: Mapping[str, Any], born: Mapping[str, Birth]) -> str:
    """Arguments as text; `born` maps parameter patterns to the births of the things that they name."""
    marked = copy.deepcopy(dict(arguments))
    for path, birth in born.items():
        put_at(marked, place_of(path), {"@": list(birth)})
    return canonical(marked)


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


def steps_of(action: Action) -> set[int]:
    """The steps that made something which the action is about."""
    return {int(step) for step in _MARK.findall(action[1])}


def renumbered(action: Action, places: Mapping[int, int]) -> Action:
    """The action on a path on which the steps that made things have other numbers."""
    return action[0], _MARK.sub(lambda mark: mark[0].replace(mark[1], str(places[int(mark[1])]), 1), action[1])


def newest_step(action: Action) -> int:
    """The last step that made something which the action is about; 0 when it is about nothing that was made."""
    return max((int(step) for step in _MARK.findall(action[1])), default=0)
