"""Longer chains: a target that is reached becomes the start of another call that uses what the turn has produced.

The next call is the consumer whose edge is covered least, confirmed edges first, deep producers before shallow ones. A
call that makes an end of something is never built upon. A list may be gone through: the same call for its next entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from toolweave.graph.chains import depths
from toolweave.graph.model import Edge
from toolweave.graph.plan import FromCall, PlannedCall, Supplied, ValueSource
from toolweave.graph.planning.chances import Chances, EdgeKey
from toolweave.graph.planning.closure import Closure
from toolweave.graph.planning.draft import MOST_CALLS, Draft, edge_key, fed_by
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
UNCONFIRMED = 2.0
"""How much less an edge is taken that experiments have not shown."""
MOST_ENTRIES = 3
"""Entries of one list that a plan goes through."""
DEEPER = 0.5
"""How much rather an edge is taken for every step that its producer lies deeper."""


@dataclass(frozen=True, slots=True)
class _Way:
    """A trusted edge by which a turn may grow, and what speaks against it and for it in any turn."""

    edge: Edge
    key: EdgeKey
    doubt: float
    crossing: float
    news: bool
    """Whether the value is new with its producer, and not only handed on by it."""
    looks_up: bool
    """Whether its producer only reads: a straight chain does not look up again what it has had."""


class Growth:
    """Grows turns over one graph.

    Args:
        closure: Adds calls with all that they need.
    """

    def __init__(self, closure: Closure) -> None:
        self.closure = closure
        self.known = closure.known
        self._ways_of: dict[str, tuple[_Way, ...]] = {}
        self._likely: dict[str, bool] = {}

    def grow(self, draft: Draft, wanted: int) -> None:
        """Add consumers until `wanted` calls depend on earlier ones, or nothing more fits."""
        while draft.dependent() < wanted and len(draft.calls) < MOST_CALLS:
            if not draft.leaning.straight and draft.rng.random() < LOOP_SHARE and _loops(draft, self.known):
                continue
            if self.known.ends(draft.calls[-1].tool) or not self._grown(draft):
                return

    def added(self, target: str, via: Edge | None, draft: Draft, most: int) -> bool:
        """Whether a call with what it needs could be added, `most` calls at most; else everything is as before."""
        before = list(draft.calls)
        step = draft.unless_dead_end(lambda: self.closure.add(target, "target", draft, via))
        if step is not None and len(draft.calls) - len(before) <= most:
            return True
        draft.calls[:] = before
        return False

    def could_add(self, tools: Iterable[str], draft: Draft) -> Iterator[str]:
        """Those of the tools that can be planned, would be new to the conversation, and are likely to work."""
        had = {call.tool for call in draft.done} | draft.leaning.avoided
        return (tool for tool in tools if tool not in had and self._is_likely(tool))

    def _is_likely(self, tool: str) -> bool:
        if tool not in self._likely:
            self._likely[tool] = tool in self.closure.reach.costs and not self.known.never_worked(tool)
        return self._likely[tool]

    def _grown(self, draft: Draft) -> bool:
        return any(self.added(edge.target, edge, draft, MOST_NEW) for edge in self._consumers(draft)[:MOST_TRIED])

    def _consumers(self, draft: Draft) -> list[Edge]:
        """Edges that leave the turn's calls for tools that were not called yet, the best first."""
        by_step = {call.step: call for call in draft.done}
        depth = depths({step: fed_by(call, by_step) for step, call in by_step.items()})
        least, had_from_calls = -1.0, set[str]()
        if draft.leaning.straight:
            least, had_from_calls = max(depth.values()), _taken(draft.done)
        had = {call.tool for call in draft.done} | draft.leaning.avoided
        covered, random = draft.leaning.covered, draft.rng.random
        rank: list[tuple[float, float, Edge]] = []
        for call in draft.calls:
            for way in self._ways(call.tool):
                if way.edge.target in had or (way.looks_up and way.edge.target_param in had_from_calls):
                    continue
                deeper = DEEPER * depth[call.step]
                if draft.leaning.deep:
                    likely = depth[call.step] + self._ahead(way, draft.leaning.chances)
                    if likely <= least:
                        continue
                    deeper = DEEPEST * likely
                rank.append((covered.get(way.key, 0.0) + way.doubt - way.crossing - deeper, random(), way.edge))
        return [edge for _, _, edge in sorted(rank, key=itemgetter(0, 1))]

    def _ways(self, tool: str) -> tuple[_Way, ...]:
        """How a turn may go on from a call, whatever it has called so far."""
        if tool not in self._ways_of:
            edges = () if self.known.ends(tool) else self.known.graph.out_of(tool)
            likely = (edge for edge in edges if edge.confidence >= TRUSTED and self._is_likely(edge.target))
            self._ways_of[tool] = tuple(map(self._way, likely))
        return self._ways_of[tool]

    def _way(self, edge: Edge) -> _Way:
        crosses = self.known.server(edge.source) != self.known.server(edge.target)
        news = edge.target_param not in self.known.parameters(edge.source) or "[]" in edge.source_field
        looks_up = not self.known.may_write(edge.source)
        return _Way(edge, edge_key(edge), UNCONFIRMED * (not edge.confirmed), CROSSING * crosses, news, looks_up)

    def _ahead(self, way: _Way, chances: Chances) -> float:
        """How much deeper the chain is likely to get behind an edge."""
        ends = way.edge.source, way.edge.target
        if ends not in chances.ahead:
            chances.ahead[ends] = self._deepest(way, frozenset(), LOOK_AHEAD, chances)
        return chances.ahead[ends]

    def _deepest(self, way: _Way, passed: frozenset[str], most: int, chances: Chances) -> float:
        passed |= {way.edge.source, way.edge.target}
        further = (one for one in self._ways(way.edge.target)[:LOOK_ASIDE] if one.edge.target not in passed)
        behind = max((self._deepest(one, passed, most - 1, chances) for one in further), default=0.0) if most else 0.0
        return chances.of(way.key) * (way.news + behind)


def _taken(calls: Sequence[PlannedCall]) -> set[str]:
    """Parameters for which some call takes a value from another one."""
    return {path for call in calls for path, source in call.sources.items() if isinstance(source, FromCall)}


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
