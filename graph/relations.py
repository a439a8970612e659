"""How a turn stands to the earlier ones, and which of their calls it may use for that."""

from __future__ import annotations

from collections.abc import Sequence

from toolweave.graph.plan import Relation, TurnPlan
from toolweave.graph.planning.draft import Past, producers


def past_for(relation: Relation, turns: tuple[TurnPlan, ...]) -> Past | None:
    """What a turn with this relation may use of the earlier turns; `None` when they allow no such turn."""
    if (relation == "opens") != (not turns):
        return None
    if relation == "opens" or relation == "switches":
        return Past(turns)
    usable = turns[-1:] if relation == "continues" else turns[:-1] if relation == "returns" else turns
    calls = tuple(call for turn in usable for call in turn.calls)
    return Past(turns, calls) if calls else None


def relation_of(turn: TurnPlan, earlier: Sequence[TurnPlan]) -> Relation:
    """How a planned turn stands to the turns before it."""
    if not earlier:
        return "opens"
    if any(call.corrects is not None for call in turn.calls):
        return "corrects"
    used = {step for call in turn.calls for step in producers(call)}
    if used & {call.step for call in earlier[-1].calls}:
        return "continues"
    older = {call.step for before in earlier for call in before.calls}
    return "returns" if used & older else "switches"
