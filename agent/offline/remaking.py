"""An earlier call once more with another value: how the student takes a change of mind."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from toolweave.agent.offline.conversation import Seen
from toolweave.agent.offline.fitting import Slot, fit, value_of
from toolweave.agent.offline.results import Candidate
from toolweave.agent.offline.supplying import Supplier
from toolweave.agent.offline.ways import Filled, Way
from toolweave.agent.relative import changed
from toolweave.graph.words import words
from toolweave.servers.tools import Tool

LEAST = 0.2
"""Fit from which a mention is the changed value: the user says nothing else."""


def made_again(supplier: Supplier, tool: Tool, before: Seen) -> Way | None:
    """An earlier call with what the request says otherwise; `None` when it says nothing that fits."""
    listener, slots = supplier.listener, [slot for slot in supplier.slots(tool) if _had(before, slot)]
    said = _counted(supplier, slots, before)
    said = said or listener.said(tool, slots, frozenset(), LEAST) or _nearest(supplier, slots)
    if not said:
        return None
    kept = [
        Filled(name, copy.deepcopy(value), "earlier", Candidate(value, before, 1.0, "used"))
        for name, value in before.arguments.items()
        if name not in said and f"{name}[]" not in said
    ]
    return Way(tool, 1.0, [*kept, *said.values()], frozenset())


def _had(before: Seen, slot: Slot) -> bool:
    return slot.path.partition(".")[0].removesuffix("[]") in before.arguments


def _counted(supplier: Supplier, slots: Sequence[Slot], before: Seen) -> dict[str, Filled]:
    """The one value that the request changes by a difference; where there are more, what it is called tells."""
    request = supplier.situation.request
    heard = set(words(request))
    found = [
        (len(heard & set(slot.own)), -at, old, moved[1])
        for at, slot in enumerate(slots)
        if (moved := changed(request, old := before.arguments.get(slot.path))) is not None
    ]
    if not found:
        return {}
    _, at, old, value = max(found, key=lambda one: one[:2])
    path = slots[-at].path
    return {path: Filled(path, value, "earlier", Candidate(old, before, 1.0, "changed"))}


def _nearest(supplier: Supplier, slots: Sequence[Slot]) -> dict[str, Filled]:
    """The one mention that could be any of the values, where it fits best."""
    found = [
        (fit(mention, slot), -at, index, value)
        for at, slot in enumerate(slots)
        for index, mention in enumerate(supplier.listener.mentions)
        if (value := value_of(mention, slot)) is not None
    ]
    if not found:
        return {}
    _, at, index, value = max(found, key=lambda one: one[:2])
    path = slots[-at].path
    return {path: Filled(path, value, "request", mentions=frozenset({index}))}
