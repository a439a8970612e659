"""Plans one turn: the smallest chain that supplies everything its target needs (FunReason-MT §3.1, our decisions).

The paper's rule "the nearest legal tool" loops and forgets that several parameters need several producers. Here every
required parameter is met by a producer that is strictly cheaper than its consumer, so a plan always ends; state edges
that were confirmed by intervention put the enabling call before the call that it enables.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from toolweave.graph.model import Edge, ToolGraph
from toolweave.graph.plan import FromCall, NoSource, PlannedCall, Purpose, Supplied, TurnPlan, ValueSource
from toolweave.graph.reach import TRUSTED, Reach, Speakable, edge_cost, reach
from toolweave.graph.schema import parameters

T = TypeVar("T")

SLACK = 1.5
"""How much dearer than the cheapest source a drawn one may be, in calls."""
REUSED = 0.1
"""Cost of taking a value from a call that happens anyway."""
BELIEVED_STATE = 0.6
"""Confidence from which an enabling edge is planned for."""
MOST_CALLS = 8
OPTIONAL_SHARE = 0.35
"""Share of targets that also carry an optional parameter which the user says."""
GIVEN_SHARE = 0.4
"""Share of targets that also carry an optional parameter which another tool gives, where there is one."""


class _DeadEnd(Exception):
    """A parameter has no source that does not lead back to where we came from."""

    def __init__(self, tool: str, parameter: str) -> None:
        super().__init__(tool, parameter)
        self.missing = NoSource(tool, parameter)


@dataclass
class _Draft:
    """A turn under construction; `calls` grows in an order in which it can run."""

    rng: random.Random
    earlier: dict[str, int]
    first_step: int
    calls: list[PlannedCall] = field(default_factory=list[PlannedCall])
    open: set[str] = field(default_factory=set[str])

    def step_of(self, tool: str) -> int | None:
        """The step that already calls this tool, in this turn or an earlier one."""
        for call in self.calls:
            if call.tool == tool:
                return call.step
        return self.earlier.get(tool)

    def unless_dead_end(self, work: Callable[[], T]) -> T | None:
        """The work's result, or everything as it was before."""
        calls, opened = list(self.calls), set(self.open)
        try:
            return work()
        except _DeadEnd:
            self.calls, self.open = calls, opened
            return None


class Planner:
    """Plans turns over one graph."""

    def __init__(self, graph: ToolGraph, speakable: Speakable, allowed: frozenset[str]) -> None:
        self.graph = graph
        self.reach: Reach = reach(graph, speakable, allowed)

    def reachable(self) -> list[str]:
        """Tools that some plan reaches, in the order of the graph."""
        return [name for name in self.graph.tools if name in self.reach.costs]

    def plan_turn(
        self, target: str, rng: random.Random, earlier: Sequence[tuple[int, str]] = (), first_step: int = 0
    ) -> TurnPlan | NoSource:
        """A chain that ends with `target`; `earlier` holds (step, tool id) of the calls of earlier turns."""
        if missing := self.reach.missing(target):
            return NoSource(*missing)
        draft = _Draft(rng, {tool: step for step, tool in earlier}, first_step)
        try:
            self._add(target, "target", draft)
        except _DeadEnd as error:
            return error.missing
        if len(draft.calls) > MOST_CALLS:
            return NoSource(target, "")
        return TurnPlan(target, tuple(draft.calls))

    def _add(self, tool: str, purpose: Purpose, draft: _Draft) -> int:
        draft.open.add(tool)
        sources = {need: self._source(tool, need, draft) for need in self.reach.needs[tool]}
        if purpose == "target":
            sources |= self._optional(tool, draft)
        enablers = self._enable(tool, draft)
        after = {source.step for source in sources.values() if isinstance(source, FromCall)} | enablers
        step = draft.first_step + len(draft.calls)
        draft.calls.append(PlannedCall(step, tool, sources, purpose, frozenset(after)))
        draft.open.discard(tool)
        return step

    def _source(self, tool: str, need: str, draft: _Draft) -> ValueSource:
        options = self._options(tool, need, draft, self.reach.costs[tool])
        if not options:
            raise _DeadEnd(tool, need)
        return self._drawn(options, draft)

    def _drawn(self, options: list[tuple[float, Edge | None]], draft: _Draft) -> ValueSource:
        cheapest = min(cost for cost, _ in options)
        near = [(cost, edge) for cost, edge in options if cost <= cheapest + SLACK]
        weights = [math.exp(-2.0 * (cost - cheapest)) for cost, _ in near]
        edge = draft.rng.choices([edge for _, edge in near], weights)[0]
        if edge is None:
            return Supplied()
        step = draft.step_of(edge.source)
        return FromCall(self._add(edge.source, "data", draft) if step is None else step, edge.source_field)

    def _options(self, tool: str, need: str, draft: _Draft, limit: float) -> list[tuple[float, Edge | None]]:
        """(cost, edge) of everything that could supply a parameter; the edge is `None` when the user says it.

        Producers that cost `limit` or more are left out: with required parameters, that keeps plans out of circles.
        """
        options: list[tuple[float, Edge | None]] = []
        for edge in self.reach.feeds.get((tool, need), ()):
            cost = self.reach.costs.get(edge.source, math.inf)
            if draft.step_of(edge.source) is not None:
                options.append((REUSED + edge_cost(edge), edge))
            elif cost < limit and edge.source not in draft.open:
                options.append((cost + edge_cost(edge), edge))
        said = self.reach.said_cost(tool, need)
        if not math.isinf(said):
            options.append((said, None))
        return options

    def _optional(self, tool: str, draft: _Draft) -> dict[str, ValueSource]:
        """At most one optional parameter: a thing that another tool gives, or something that the user can say.

        A tool that has never worked without its optional parameters gets such a thing whenever there is one.
        """
        free = [p.path for p in parameters(self.graph.tools[tool]) if not p.required and "[]" not in p.path]
        draft.rng.shuffle(free)
        fact = self.graph.fact(tool)
        helpless = fact.tried > 0 and fact.tried == fact.failed
        given = [path for path in free if self._is_given(tool, path)]
        if given and (helpless or draft.rng.random() < GIVEN_SHARE):
            options = [item for item in self._options(tool, given[0], draft, math.inf) if item[1] is not None]
            return {given[0]: source} if options and (source := self._try_to_draw(options, draft)) else {}
        spoken = [path for path in free if self.reach.said_cost(tool, path) == 0.0]
        return {spoken[0]: Supplied()} if spoken and draft.rng.random() < OPTIONAL_SHARE else {}

    def _is_given(self, tool: str, path: str) -> bool:
        """Whether a trusted edge from a tool within reach feeds an optional parameter."""
        edges = self.reach.feeds.get((tool, path), ())
        return any(edge.confidence >= TRUSTED and edge.source in self.reach.costs for edge in edges)

    def _enable(self, tool: str, draft: _Draft) -> set[int]:
        """Put the call that enables `tool` before it; the steps that must come first."""
        for edge in self.graph.into(tool, "state"):
            if edge.effect != "enables" or edge.confidence < BELIEVED_STATE:
                continue
            if (step := draft.step_of(edge.source)) is not None:
                return {step}
            reachable = edge.source in self.reach.costs and edge.source not in draft.open
            if reachable and (step := self._try_to_add(edge.source, draft)) is not None:
                return {step}
        return set()

    def _try_to_add(self, tool: str, draft: _Draft) -> int | None:
        """Add what enables a call with all that it needs, or nothing."""
        return draft.unless_dead_end(lambda: self._add(tool, "state", draft))

    def _try_to_draw(self, options: list[tuple[float, Edge | None]], draft: _Draft) -> ValueSource | None:
        """Draw a source and add all that it needs, or nothing."""
        return draft.unless_dead_end(lambda: self._drawn(options, draft))
