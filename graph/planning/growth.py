"""Longer chains: a target that is reached becomes the start of another call that uses what the turn has produced.

The next call is the consumer whose edge is covered least, confirmed edges first, deep producers before shallow ones. A
call that makes an end of something is never built upon. A list may be gone through: the same call for its next entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from toolweave.graph.chains import depths
from toolweave.graph.model import Edge
from toolweave.graph.plan import FromCall, PlannedCall, Supplied, ValueSource
from toolweave.graph.planning.closure import Closure
from toolweave.graph.planning.draft import MOST_CALLS, Draft, edge_key, producers
from toolweave.graph.planning.knowledge import ToolKnowledge
from toolweave.graph.reach import TRUSTED

MOST_TRIED = 12
"""Edges that are tried for one more call."""
MOST_NEW = 2
"""Calls that one step of growth may add: the consumer and one more that it needs."""
LOOP_SHARE = 0.6
"""Share of grown turns that go on with the next entry of a list, where there is one."""
DEEPEST = 4.0
"""The same where a deep chain is wanted."""
LOOK_AHEAD = 3
"""Calls that are looked ahead where a deep chain is wanted."""
LOOK_ASIDE = 6
"""Edges that are followed in looking ahead, the strongest."""
CROSSING = 1.0
"""How much rather an edge is taken that leads to another server."""
MOST_ENTRIES = 3
"""Entries of one list that a plan goes through."""
DEEPER = 0.5
"""How much rather an edge is taken for every step that its producer lies deeper."""


def grow(draft: Draft, closure: Closure, known: ToolKnowledge, wanted: int) -> None:
    """Add consumers until `wanted` calls depend on earlier ones, or nothing more fits."""
    while draft.dependent() < wanted and len(draft.calls) < MOST_CALLS:
        if draft.rng.random() < LOOP_SHARE and _loops(draft, known):
            continue
        if known.ends(draft.calls[-1].tool) or not _grown(draft, closure, known):
            return


def _grown(draft: Draft, closure: Closure, known: ToolKnowledge) -> bool:
    for edge in _consumers(draft, closure, known)[:MOST_TRIED]:
        if added(edge.target, edge, draft, closure, MOST_NEW):
            return True
    return False


def added(target: str, via: Edge | None, draft: Draft, closure: Closure, most: int) -> bool:
    """Whether a call with what it needs could be added, `most` calls at most; else everything is as before."""
    before = list(draft.calls)
    step = draft.unless_dead_end(lambda: closure.add(target, "target", draft, via))
    if step is not None and len(draft.calls) - len(before) <= most:
        return True
    draft.calls[:] = before
    return False


def _consumers(draft: Draft, closure: Closure, known: ToolKnowledge) -> list[Edge]:
    """Edges that leave the turn's calls for tools that were not called yet, the best first."""
    depth = depths({call.step: producers(call) for call in draft.calls})
    rank: list[tuple[float, float, Edge]] = []
    for call in draft.calls:
        for edge in () if known.ends(call.tool) else known.graph.out_of(call.tool):
            if edge.confidence < TRUSTED or not can_add(edge.target, draft, closure, known):
                continue
            covered = draft.leaning.covered.get(edge_key(edge), 0.0) + (0 if edge.confirmed else 2)
            crossing = CROSSING * (known.server(edge.source) != known.server(edge.target))
            deeper = DEEPER * depth[call.step]
            if draft.leaning.deep:
                deeper = DEEPEST * (depth[call.step] + _ahead(edge.target, {edge.source}, LOOK_AHEAD, known))
            rank.append((covered - crossing - deeper, draft.rng.random(), edge))
    return [edge for _, _, edge in sorted(rank, key=lambda item: item[:2])]


def _ahead(tool: str, passed: set[str], most: int, known: ToolKnowledge) -> int:
    """How many calls could follow, each using what the one before returned; counted up to `most`."""
    if most == 0 or known.ends(tool):
        return 0
    edges = known.graph.out_of(tool)[:LOOK_ASIDE]
    further = {edge.target for edge in edges if edge.confidence >= TRUSTED} - passed - {tool}
    return max((1 + _ahead(target, passed | {tool}, most - 1, known) for target in further), default=0)


def can_add(tool: str, draft: Draft, closure: Closure, known: ToolKnowledge) -> bool:
    """Whether a call of the tool can be planned, would be new to the conversation, and is likely to work."""
    new = tool not in draft.leaning.avoided and all(call.tool != tool for call in draft.done)
    return new and tool in closure.reach.costs and not known.never_worked(tool)


def _loops(draft: Draft, known: ToolKnowledge) -> bool:
    """Make the last call once more for the next entry of the list that fed it."""
    twin = next_entry(draft.done, draft.calls[-1], draft.next_step, known)
    if twin is None or known.ends(twin.tool):
        return False
    draft.calls.append(twin)
    return True


def next_entry(calls: Sequence[PlannedCall], call: PlannedCall, step: int, known: ToolKnowledge) -> PlannedCall | None:
    """The call for the next entry of the list that fed it, numbered `step`; `None` when no list did."""
    lists = {
        source.step
        for source in call.sources.values()
        if isinstance(source, FromCall) and is_listed(source, calls, known)
    }
    if not lists:
        return None
    item = 1 + max(item_of(twin, lists) for twin in calls if twin.tool == call.tool)
    if item >= MOST_ENTRIES:
        return None
    sources: dict[str, ValueSource] = {
        path: replace(source, item=item) if isinstance(source, FromCall) and source.step in lists else source
        for path, source in call.sources.items()
    }
    return PlannedCall(step, call.tool, sources, call.purpose, call.after)


def item_of(call: PlannedCall, lists: set[int]) -> int:
    """Which entry of those lists a call is about."""
    items = [s.item for s in call.sources.values() if isinstance(s, FromCall) and s.step in lists]
    return max(items, default=0)


def is_listed(source: FromCall, calls: Sequence[PlannedCall], known: ToolKnowledge) -> bool:
    """Whether a value is likely to be one of several: the entry of a list, or of a text, by a tool that speaks of many.

    What a tool returns of one thing, or of what the user names, may be a list too, but often one of a single entry; so
    is what lies in a list within a list.
    """
    call = next((call for call in calls if call.step == source.step), None)
    if call is None or not known.nouns(call.tool).many or _is_asked_by_name(call, known):
        return False
    return source.field.count("[]") == 1 or ("#" in source.field and "[]" not in source.field)


def _is_asked_by_name(call: PlannedCall, known: ToolKnowledge) -> bool:
    """Whether a look-up needs something that the user says."""
    needed = known.parameters(call.tool)
    return any(isinstance(source, Supplied) and needed[path].required for path, source in call.sources.items())
