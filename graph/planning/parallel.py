"""Turns with calls that need nothing of each other: several values, several entries, several uses, several questions.

Each form plans the target first and then adds what can be called in the same step. Calls of one server may only change
places when neither of them writes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

from toolweave.graph.chains import ancestors
from toolweave.graph.plan import PlannedCall, Supplied, TurnPlan, ValueSource
from toolweave.graph.planning.closure import Closure
from toolweave.graph.planning.draft import DeadEnd, Draft, depends, edge_key, producers
from toolweave.graph.planning.growth import MOST_ENTRIES, added, can_add, next_entry
from toolweave.graph.planning.knowledge import ToolKnowledge
from toolweave.graph.reach import TRUSTED

MOST_TRIED = 8
"""Other tools that are tried as a companion of the target."""
AS_IT_IS = 0.6
"""Share of targets with independent prerequisites that are taken as they are."""
MOST_BESIDE = 2
"""Calls of the target's chain beside which another question is asked."""
CHEAP = 2.5
"""Cost up to which another question is asked beside the target's."""

Form = Callable[[Draft, Closure, ToolKnowledge], bool]


def plan_parallel(target: str, draft: Draft, closure: Closure, known: ToolKnowledge) -> TurnPlan | None:
    """A turn that reaches `target` with at least two calls none of which comes after the other; `None` without one."""
    forms: list[Form] = [_several_entries, _several_uses, _several_values, _several_questions]
    weights = [3.0, 3.0, 2.0, 1.0]
    ordered = sorted(forms, key=lambda form: -(draft.rng.random() ** (1.0 / weights[forms.index(form)])))
    try:
        closure.add(target, "target", draft, draft.leaning.via)
    except DeadEnd:
        return None
    if independent(draft.calls, known) and draft.rng.random() < AS_IT_IS:
        return TurnPlan(target, tuple(draft.calls), "parallel")
    for form in ordered:
        before = list(draft.calls)
        if form(draft, closure, known) and independent(draft.calls, known):
            return TurnPlan(draft.calls[-1].tool, tuple(draft.calls), "parallel")
        draft.calls[:] = before
    return TurnPlan(target, tuple(draft.calls), "parallel") if independent(draft.calls, known) else None


def independent(calls: Sequence[PlannedCall], known: ToolKnowledge) -> bool:
    """Whether two of the calls need nothing of each other, by value or by state."""
    after = ancestors({call.step: call.after for call in calls})
    return any(
        one.step not in after[other.step] and known.interchangeable(one.tool, other.tool)
        for one, other in combinations(calls, 2)
    )


def _several_values(draft: Draft, closure: Closure, known: ToolKnowledge) -> bool:
    """The target for two or three values that the user says; the value that differs stands first."""
    call = draft.calls[-1]
    if depends(call) or known.may_write(call.tool):
        return False
    varied = [
        path
        for path, source in call.sources.items()
        if isinstance(source, Supplied) and known.variety(call.tool, path) >= 2
    ]
    varied = [path for path in varied if path in closure.reach.needs[call.tool]]
    if not varied:
        return False
    path = draft.rng.choice(varied)
    first: dict[str, ValueSource] = {path: Supplied(), **call.sources}
    count = min(draft.rng.choice((2, 2, 3)), known.variety(call.tool, path))
    draft.calls[-1] = replace(call, sources=first)
    draft.calls += [replace(call, step=draft.next_step + more, sources=first) for more in range(count - 1)]
    return True


def _several_entries(draft: Draft, closure: Closure, known: ToolKnowledge) -> bool:
    """The target for two or three entries of the list that feeds it."""
    call = draft.calls[-1]
    if known.may_write(call.tool):
        return False
    count = draft.rng.choice((2, 2, MOST_ENTRIES))
    for _ in range(count - 1):
        twin = next_entry(draft.done, draft.calls[-1], draft.next_step, known)
        if twin is None:
            break
        draft.calls.append(twin)
    return draft.calls[-1] is not call


def _several_uses(draft: Draft, closure: Closure, known: ToolKnowledge) -> bool:
    """Another tool that takes what the target takes, from the same call."""
    call = draft.calls[-1]
    by_step = {done.step: done for done in draft.done}
    edges = [
        edge
        for step in sorted(producers(call))
        for edge in known.graph.out_of(by_step[step].tool)
        if edge.confidence >= TRUSTED and can_add(edge.target, draft, closure, known)
        if known.interchangeable(call.tool, edge.target)
    ]
    draft.rng.shuffle(edges)
    edges.sort(key=lambda edge: draft.leaning.covered.get(edge_key(edge), 0.0))
    return any(added(edge.target, edge, draft, closure, most=1) for edge in edges[:MOST_TRIED])


def _several_questions(draft: Draft, closure: Closure, known: ToolKnowledge) -> bool:
    """Another cheap tool that has nothing to do with the target, of whatever server; not beside a long chain."""
    if len(draft.calls) > MOST_BESIDE:
        return False
    call = draft.calls[-1]
    others = [
        tool
        for tool, cost in closure.reach.costs.items()
        if can_add(tool, draft, closure, known)
        and cost <= CHEAP
        and not known.may_write(tool)
        and known.interchangeable(call.tool, tool)
    ]
    chosen = draft.rng.sample(others, min(MOST_TRIED, len(others)))
    return any(added(tool, None, draft, closure, most=2) for tool in chosen)
