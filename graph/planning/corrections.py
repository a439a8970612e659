"""Turns in which the user changes their mind: an earlier call once more, one value otherwise."""

from __future__ import annotations

import random
from dataclasses import replace

from toolweave.graph.plan import PlannedCall, Supplied, TurnPlan
from toolweave.graph.planning.draft import Past, producers
from toolweave.graph.planning.knowledge import ToolKnowledge

NUMBERS = 3.0
"""How much rather a number is changed than a text: "make that two instead"."""


def plan_correction(past: Past, known: ToolKnowledge, rng: random.Random) -> TurnPlan | None:
    """A call of the last two turns that nothing was built on, with another value; `None` when none can be changed.

    Calls that only read or that set something come first: what makes a thing would make a second one.
    """
    for turn in reversed(past.turns[-2:]):
        if turn.relation == "corrects":
            continue
        used = {step for call in turn.calls for step in producers(call)}
        for call in sorted(turn.calls, key=lambda call: (_makes_another(call.tool, known), -call.step)):
            again = None if call.step in used else _again(call, len(past.calls), known, rng)
            if again is not None:
                return TurnPlan(again.tool, (again,), relation="corrects")
    return None


def _makes_another(tool: str, known: ToolKnowledge) -> bool:
    return known.may_write(tool) and known.nouns(tool).deed == "make"


def _again(call: PlannedCall, step: int, known: ToolKnowledge, rng: random.Random) -> PlannedCall | None:
    if known.ends(call.tool) or _forbids_itself(call.tool, known):
        return None
    changeable = [path for path, source in call.sources.items() if isinstance(source, Supplied)]
    changeable = [path for path in changeable if _other_values(call.tool, path, known)]
    if not changeable:
        return None
    weights = [NUMBERS if _is_number(call.tool, path, known) else 1.0 for path in changeable]
    changed = rng.choices(changeable, weights)[0]
    return replace(
        call,
        step=step,
        purpose="target",
        after=frozenset(producers(call) | {call.step}),
        corrects=call.step,
        changed=changed,
    )


def _other_values(tool: str, path: str, known: ToolKnowledge) -> bool:
    schema = known.parameters(tool)[path].schema
    return schema.get("type") != "boolean" and "const" not in schema and known.variety(tool, path) >= 2


def _is_number(tool: str, path: str, known: ToolKnowledge) -> bool:
    return known.parameters(tool)[path].schema.get("type") in ("integer", "number")


def _forbids_itself(tool: str, known: ToolKnowledge) -> bool:
    """Whether a second call of the tool was seen not to work."""
    return any(edge.effect == "disables" and edge.source == tool for edge in known.graph.into(tool, "state"))
