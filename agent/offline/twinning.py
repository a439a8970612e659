"""One call for each of several things: what a request says behind "and the same for" becomes calls like the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from toolweave.agent.offline.fitting import Slot, fit, option_mentions, options_of, value_of
from toolweave.agent.offline.mentions import Mention
from toolweave.agent.offline.supplying import Supplier
from toolweave.agent.offline.ways import Way
from toolweave.servers.tools import Tool

_WRITTEN = frozenset({"quoted", "token", "name"})
SAME_KIND = 0.3
"""How much it speaks for a parameter that the first call has a value of the same kind there."""


def twins(supplier: Supplier, way: Way) -> list[Way]:
    """Calls like the first one on a way, each with what the request says for a further thing."""
    ready = way.ready
    found: list[dict[str, Any]] = []
    for owner, slot, value in _assigned(supplier, [way, *_all_before(way)]):
        if owner is not ready:
            continue
        if not found or slot.path in found[-1]:
            found.append({})
        found[-1][slot.path] = value
    return [_varied(ready, values) for values in found]


def _all_before(way: Way) -> list[Way]:
    return [one for before in way.before for one in (before, *_all_before(before))]


def _assigned(supplier: Supplier, ways: Sequence[Way]) -> list[tuple[Way, Slot, Any]]:
    """The further values in the order in which they are said, each with the call and the parameter that it is for."""
    places = [
        (way, slot, item.mentions)
        for way in ways
        for slot in supplier.slots(way.tool)
        for item in way.filled
        if item.path == slot.path and item.source == "request" and "[]" not in slot.path
    ]
    found: list[tuple[int, Way, Slot, Any]] = []
    mentions = supplier.listener.mentions
    for index in sorted(supplier.listener.further):
        mention = mentions[index]
        fitting = [
            (fit(mention, slot) + SAME_KIND * bool(used), -number)
            for number, (_, slot, used) in enumerate(places)
            if value_of(mention, slot) not in (None, *_rejected(supplier, places[number][0].tool, slot))
            and not options_of(slot)
            and (not used or any(_alike(mentions[at], mention) for at in used))
        ]
        if fitting:
            way, slot, _ = places[-max(fitting)[1]]
            found.append((mention.start, way, slot, value_of(mention, slot)))
    start, end = supplier.listener.behind or (0, 0)
    spoken = supplier.situation.request[start:end]
    for way, slot, _ in places:
        for _, option in option_mentions(spoken, slot):
            found.append((start + spoken.lower().find(option.replace("_", " ").lower()), way, slot, option))
    return [(way, slot, value) for _, way, slot, value in sorted(found, key=lambda one: one[0])]


def _alike(one: Mention, other: Mention) -> bool:
    return one.kind == other.kind or {one.kind, other.kind} <= _WRITTEN


def _rejected(supplier: Supplier, tool: Tool, slot: Slot) -> list[Any]:
    """Values that hints have rejected for a parameter."""
    correction = supplier.follower.correction(tool, slot)
    return correction.excluded if correction is not None else []


def _varied(first: Way, values: dict[str, Any]) -> Way:
    filled = [replace(item, value=values[item.path]) if item.path in values else item for item in first.filled]
    return replace(first, filled=filled)
