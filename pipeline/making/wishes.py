"""One wish a turn: what nobody would ask for in one breath is asked for in several turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from toolweave.agent.trace import Call, Trace, TurnTrace
from toolweave.graph.nouns import tool_nouns
from toolweave.graph.plan import Relation, TurnKind
from toolweave.graph.vocabulary import LOOKING

MOST_GOALS = 3
"""Things that one request is for; what only leads to one of them does not count."""


def one_wish_each(trace: Trace, most: int = MOST_GOALS) -> Trace:
    """The trace with turns divided that want too much, or want undone what they have only just wanted done.

    Args:
        trace: As it was executed.
        most: Things that one request may be for.
    """
    return Trace(tuple(part for turn in trace.turns for part in _parts(turn, most)))


def _parts(turn: TurnTrace, most: int) -> Iterator[TurnTrace]:
    """A turn as it is, or what it wants first as ordinary turns and the rest as a turn of its kind."""
    cuts = [0, *_cuts(turn, most), len(turn.calls)]
    for number, (start, end) in enumerate(pairwise(cuts)):
        calls = turn.calls[start:end]
        withheld = tuple(place for place in turn.withheld if place[0] in {call.id for call in calls})
        own = end == len(turn.calls) if turn.kind == "missing_function" else _is_of_kind(turn, calls)
        kind: TurnKind = turn.kind if own else "base"
        relation: Relation = "continues" if number else turn.relation
        yield replace(turn, calls=calls, kind=kind, relation=relation, withheld=withheld)


def _is_of_kind(turn: TurnTrace, calls: Sequence[Call]) -> bool:
    """Whether a part shows what the kind of its turn promises."""
    if turn.kind == "error_recovery":
        return any(call.fails for call in calls)
    left_out = {call_id for call_id, _ in turn.withheld}
    return turn.kind != "missing_parameter" or any(call.id in left_out for call in calls)


def _cuts(turn: TurnTrace, most: int) -> list[int]:
    """Where the parts of a turn begin, the first one left out."""
    if turn.kind in ("parallel", "irrelevant") or turn.relation == "corrects":
        return []
    wishes, goals = _wishes(turn.calls), set(_goals(turn.calls))
    size = -(-len(goals) // -(-len(goals) // most)) if goals else 0
    cuts: list[int] = []
    part: list[int] = []
    for at in wishes:
        full = len(goals.intersection(part)) >= size or _undoes(turn.calls[at], [turn.calls[one] for one in part])
        if part and full and _divides(turn, part[-1] + 1):
            cuts.append(part[-1] + 1)
            part = []
        part.append(at)
    return cuts


def _wishes(calls: Sequence[Call]) -> list[int]:
    """Indices of the calls that a request speaks of: what changes something, and what nothing takes a value from."""
    goals = set(_goals(calls))
    return [at for at, call in enumerate(calls) if at in goals or (not call.fails and _changes(call))]


def _goals(calls: Sequence[Call]) -> list[int]:
    """Indices of the calls that nothing takes a value from."""
    used = {producer for call in calls for producer in call.producers}
    return [at for at, call in enumerate(calls) if not call.fails and call.id not in used]


def _changes(call: Call) -> bool:
    return tool_nouns(call.tool).deed not in LOOKING


def _undoes(call: Call, before: Sequence[Call]) -> bool:
    """Whether a call puts an end to what one of those before it has brought about."""
    done = {one.id for one in before if _changes(one)}
    return tool_nouns(call.tool).deed == "end" and not done.isdisjoint(call.producers)


def _divides(turn: TurnTrace, at: int) -> bool:
    """Whether the turn can be divided there: nothing is mended, asked for or missed across the cut."""
    before, behind = turn.calls[:at], turn.calls[at:]
    left_out = {call_id for call_id, _ in turn.withheld}
    mended = all(_is_mended(call, before, behind) for call in before if call.fails)
    asked = not (_any_in(before, left_out) and _any_in(behind, left_out))
    missed = turn.kind == "missing_function" and any(call.tool.id == turn.target.id for call in before)
    return mended and asked and not missed


def _is_mended(failing: Call, before: Sequence[Call], behind: Sequence[Call]) -> bool:
    """Whether the right call for one that fails is sure to stand before the cut: of its tool there may be several."""
    later = before[before.index(failing) + 1 :]
    return _calls(later, failing) and not _calls(behind, failing)


def _calls(calls: Sequence[Call], failing: Call) -> bool:
    return any(call.tool.id == failing.tool.id and not call.fails for call in calls)


def _any_in(calls: Sequence[Call], ids: set[str]) -> bool:
    return any(call.id in ids for call in calls)
