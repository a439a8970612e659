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
from toolweave.graph.planning.draft import DeadEnd, Draft, depends, edge_key, producers
from toolweave.graph.planning.growth import MOST_ENTRIES, Growth, next_entry
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

Form = Callable[[Draft, Growth], bool]


def plan_parallel(target: str, draft: Draft, growth: Growth) -> TurnPlan | None:
    """A turn that reaches `target` with at least two calls none of which comes after the other; `None` without one."""
    forms: list[Form] = [_several_entries, _several_uses, _several_values, _several_questions]
    weights = [3.0, 3.0, 2.0, 1.0]
    ordered = sorted(forms, key=lambda form: -(draft.rng.random() ** (1.0 / weights[forms.index(form)])))
    try:
        growth.closure.add(target, "target", draft, draft.leaning.via)
    except DeadEnd:
        return None
    known = growth.known
    if independent(draft.calls, known) and draft.rng.random() < AS_IT_IS:
        return TurnPlan(target, tuple(draft.calls), "parallel")
    for form in ordered:
        before = list(draft.calls)
        if form(draft, growth) and independent(draft.calls, known):
            return TurnPlan(draft.calls[-1].tool, tuple(draft.calls), "parallel")
        draft.calls[:] = before
    return TurnPlan(target, tuple(draft.calls), "parallel") if independent(draft.calls, known) else None


def independent(calls: Sequence[PlannedCall], known: ToolKnowledge) -> bool:
    """Whether two of the calls need nothing of each other, by value or by state, and nothing between them does."""
    before: dict[int, set[int]] = {}
    for at, call in enumerate(calls):
        bound = (one.step for one in calls[:at] if not known.interchangeable(one.tool, call.tool))
        before[call.step] = {*call.after, *bound}
    after = ancestors(before)
    return any(one.step not in after[other.step] for one, other in combinations(calls, 2))


def _several_values(draft: Draft, growth: Growth) -> bool:
    """The target for two or three values that the user says; the value that differs stands first."""
    call, known = draft.calls[-1], growth.known
    if depends(call) or known.may_write(call.tool):
        return False
    varied = [
        path
        for path, source in call.sources.items()
        if isinstance(source, Supplied) and known.variety(call.tool, path) >= 2
    ]
    varied = [path for path in varied if path in growth.closure.reach.needs[call.tool]]
    if not varied:
        return False
    path = draft.rng.choice(varied)
    first: dict[str, ValueSource] = {path: Supplied(), **call.sources}
    count = min(draft.rng.choice((2, 2, 3)), known.variety(call.tool, path))
    draft.calls[-1] = replace(call, sources=first)
    draft.calls += [replace(call, step=draft.next_step + more, sources=first) for more in range(count - 1)]
    return True


def _several_entries(draft: Draft, growth: Growth) -> bool:
    """The target for two or three entries of the list that feeds it."""
    call, known = draft.calls[-1], growth.known
    if known.may_write(call.tool):
        return False
    count = draft.rng.choice((2, 2, MOST_ENTRIES))
    for _ in range(count - 1):
        twin = next_entry(draft.done, draft.calls[-1], draft.next_step, known)
        if twin is None:
            break
        draft.calls.append(twin)
    return draft.calls[-1] is not call


def _several_uses(draft: Draft, growth: Growth) -> bool:
    """Another tool that takes what the target takes, from the same call."""
    call, known = draft.calls[-1], growth.known
    by_step = {done.step: done for done in draft.done}
    out = [edge for step in sorted(producers(call)) for edge in known.graph.out_of(by_step[step].tool)]
    new = set(growth.could_add({edge.target: None for edge in out}, draft))
    edges = [edge for edge in out if edge.confidence >= TRUSTED and edge.target in new]
    edges = [edge for edge in edges if known.interchangeable(call.tool, edge.target)]
    draft.rng.shuffle(edges)
    edges.sort(key=lambda edge: draft.leaning.covered.get(edge_key(edge), 0.0))
    return any(growth.added(edge.target, edge, draft, most=1) for edge in edges[:MOST_TRIED])


def _several_questions(draft: Draft, growth: Growth) -> bool:
    """Another cheap tool that has nothing to do with the target, of whatever server; not beside a long chain."""
    if len(draft.calls) > MOST_BESIDE:
        return False
    call, known, costs = draft.calls[-1], growth.known, growth.closure.reach.costs
    cheap = (tool for tool, cost in costs.items() if cost <= CHEAP and not known.may_write(tool))
    others = [tool for tool in growth.could_add(cheap, draft) if known.interchangeable(call.tool, tool)]
    chosen = draft.rng.sample(others, min(MOST_TRIED, len(others)))
    return any(growth.added(tool, None, draft, most=2) for tool in chosen)
