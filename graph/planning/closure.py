"""The smallest chain that supplies everything a target needs: AND over parameters, OR over producers, state included.

Every required parameter is met by a producer that is strictly cheaper than its consumer, so a plan always ends. State
edges that were believed put the enabling call before the call that it enables; what an earlier call has disabled is
only planned after a call that enables it again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from toolweave.graph.model import Edge, ToolGraph
from toolweave.graph.plan import FromCall, PlannedCall, Purpose, Supplied, ValueSource
from toolweave.graph.planning.chances import alone
from toolweave.graph.planning.draft import MOST_CALLS, DeadEnd, Draft, edge_key
from toolweave.graph.planning.knowledge import ToolKnowledge
from toolweave.graph.planning.state import StateKnowledge
from toolweave.graph.reach import TRUSTED, Reach, edge_cost

SLACK = 1.5
"""How much dearer than the cheapest source a drawn one may be, in calls."""
REUSED = 0.1
"""Cost of taking a value from a call that happens anyway."""
ENDING = 4.0
"""Cost of making an end of something only for what the call returns, or of a call that has only ever failed."""
CHANGING = 0.6
"""Cost of changing something only for what the call returns."""
RISK = 3.0
"""Cost of a way of feeding a call that never works, in calls; that of one that works half the time is half of it."""
OPTIONAL_SHARE = 0.35
"""Share of targets that also carry an optional parameter which the user says."""
WANTED_SHARE = 0.95
"""The same where such values are wanted."""
GIVEN_SHARE = 0.4
"""Share of targets that also carry an optional parameter which another tool gives, where there is one."""

NOTHING_GIVEN: Mapping[str, ValueSource] = {}


@dataclass(frozen=True, slots=True)
class _Free:
    """Parameters that a tool can do without, but for those within lists."""

    paths: tuple[str, ...]
    given: frozenset[str]
    """Those that a trusted edge from a tool within reach feeds."""
    said: frozenset[str]
    """Those of which a user could say the value."""


_Option = tuple[float, Edge | None]
"""(cost, edge); the edge is `None` when the user says the value."""


class Closure:
    """Adds calls with all that they need to a draft."""

    def __init__(self, graph: ToolGraph, reach: Reach, known: ToolKnowledge) -> None:
        self.graph = graph
        self.known = known
        self.reach = reach
        self.state = StateKnowledge(graph, known)
        self._free_of: dict[str, _Free] = {}

    def add(
        self,
        tool: str,
        purpose: Purpose,
        draft: Draft,
        via: Edge | None = None,
        given: Mapping[str, ValueSource] = NOTHING_GIVEN,
    ) -> int:
        """Add a call with its prerequisites.

        Args:
            tool: The tool to call.
            purpose: Why.
            draft: What the call is added to.
            via: The edge through which it must be fed.
            given: Sources by parameter that are taken as they are, where the tool has such parameters.

        Raises:
            DeadEnd: A parameter has no source here, the turn is full, or an earlier call forbids this one.
        """
        draft.open.add(tool)
        enablers = self._enable_again(tool, draft)
        sources = {
            need: given[need] if need in given else self._source(tool, need, draft, via)
            for need in self.reach.needs[tool]
        }
        if via is not None and via.target_param not in sources:
            sources[via.target_param] = self._follow(via, draft)
        open_ended = draft.leaning.straight and not sources
        if purpose == "target" or self.known.shaky(tool) or open_ended:
            optional = self._optional(tool, draft, purpose == "target")
            sources |= {name: source for name, source in optional.items() if name not in sources}
        enablers |= self._enable(tool, sources, draft)
        if self.state.disabled(tool, draft.done) or len(draft.calls) >= MOST_CALLS:
            raise DeadEnd(tool, "")
        after = {source.step for source in sources.values() if isinstance(source, FromCall)} | enablers
        step = draft.next_step
        draft.calls.append(PlannedCall(step, tool, sources, purpose, frozenset(after)))
        draft.open.discard(tool)
        return step

    def _source(self, tool: str, need: str, draft: Draft, via: Edge | None) -> ValueSource:
        if via is not None and via.target_param == need:
            return self._follow(via, draft)
        options = self._options(tool, need, draft, self.reach.costs[tool])
        if not options:
            raise DeadEnd(tool, need)
        return self._drawn(options, draft)

    def _follow(self, edge: Edge, draft: Draft) -> FromCall:
        """The value out of the edge's producer, which is added where it has not been called."""
        step = draft.step_of(edge.source)
        if step is None and edge.source in draft.open:
            raise DeadEnd(edge.target, edge.target_param)
        return FromCall(self.add(edge.source, "data", draft) if step is None else step, edge.source_field)

    def _drawn(self, options: list[_Option], draft: Draft) -> ValueSource:
        cheapest = min(cost for cost, _ in options)
        near = [(cost, edge) for cost, edge in options if cost <= cheapest + SLACK]
        weights = [math.exp(-2.0 * (cost - cheapest)) * self._novelty(edge, draft) for cost, edge in near]
        edge = draft.rng.choices([edge for _, edge in near], weights)[0]
        return Supplied() if edge is None else self._follow(edge, draft)

    def _novelty(self, edge: Edge | None, draft: Draft) -> float:
        return 1.0 if edge is None else 1.0 / (1.0 + draft.leaning.covered.get(edge_key(edge), 0.0))

    def _options(self, tool: str, need: str, draft: Draft, limit: float) -> list[_Option]:
        """Everything that could supply a parameter.

        Producers that cost `limit` or more are left out: with required parameters, that keeps plans out of circles.
        """
        options: list[_Option] = []
        costs = self.reach.costs
        for edge in self.reach.feeds.get((tool, need), ()):
            if draft.step_of(edge.source) is not None:
                options.append((REUSED + edge_cost(edge) + self._risk(edge, draft), edge))
            elif (cost := costs.get(edge.source, math.inf)) < limit and edge.source not in draft.open:
                regret = self._regret(edge.source, draft) + self._risk(edge, draft)
                options.append((cost + edge_cost(edge) + regret, edge))
        said = self.reach.said_cost(tool, need)
        if not math.isinf(said):
            options.append((said, None))
        return options

    def _regret(self, producer: str, draft: Draft) -> float:
        """What it costs to make a call only for its output: nobody ends or changes a thing to look something up."""
        if self.known.ends(producer) or producer in draft.leaning.avoided:
            return ENDING
        return CHANGING * self.known.may_write(producer)

    def _risk(self, edge: Edge, draft: Draft) -> float:
        """What it costs that a call fed by an edge is not sure to work, or a producer that takes nothing."""
        chances = draft.leaning.chances
        chance = chances.of(edge_key(edge))
        if draft.step_of(edge.source) is None:
            chance *= chances.of(alone(edge.source))
        return RISK * (1.0 - chance)

    def _optional(self, tool: str, draft: Draft, chatty: bool) -> dict[str, ValueSource]:
        """At most one optional parameter: a thing that another tool gives, or when `chatty` something the user says.

        A tool that has often failed gets such a thing whenever there is one, and so does one in a chain that is to be
        long.
        """
        free = self._free(tool)
        paths = list(free.paths)
        draft.rng.shuffle(paths)
        given = next((path for path in paths if path in free.given), None)
        always = self.known.shaky(tool) or draft.leaning.straight
        if given is not None and (always or draft.rng.random() < GIVEN_SHARE):
            options = [item for item in self._options(tool, given, draft, math.inf) if item[1] is not None]
            source = draft.unless_dead_end(lambda: self._drawn(options, draft)) if options else None
            return {given: source} if source else {}
        spoken = next((path for path in paths if path in free.said), None)
        share = WANTED_SHARE if draft.leaning.options else OPTIONAL_SHARE
        return {spoken: Supplied()} if chatty and spoken is not None and draft.rng.random() < share else {}

    def _free(self, tool: str) -> _Free:
        if tool not in self._free_of:
            known, reach = self.known.parameters(tool), self.reach
            paths = tuple(path for path, found in known.items() if not found.required and "[]" not in path)
            fed = {
                path
                for path in paths
                for edge in reach.feeds.get((tool, path), ())
                if edge.confidence >= TRUSTED and edge.source in reach.costs
            }
            said = frozenset(path for path in paths if reach.said_cost(tool, path) == 0.0)
            self._free_of[tool] = _Free(paths, frozenset(fed), said)
        return self._free_of[tool]

    def _enable(self, tool: str, sources: Mapping[str, ValueSource], draft: Draft) -> set[int]:
        """Put the call that enables `tool` before it, about the same things; the steps that must come first."""
        for enabler in self.state.enablers(tool):
            if (step := draft.made(enabler)) is not None:
                return {step}
            if (step := self._try_to_add(enabler, draft, sources)) is not None:
                return {step}
        return set()

    def _enable_again(self, tool: str, draft: Draft) -> set[int]:
        """Where an earlier call has disabled `tool`, a call that enables it once more."""
        if not self.state.disabled(tool, draft.done):
            return set()
        for enabler in self.state.sources(tool, "enables"):
            if (step := self._try_to_add(enabler, draft, NOTHING_GIVEN)) is not None:
                return {step}
        raise DeadEnd(tool, "")

    def _try_to_add(self, tool: str, draft: Draft, given: Mapping[str, ValueSource]) -> int | None:
        """Add what enables a call with all that it needs, or nothing."""
        if tool not in self.reach.costs or tool in draft.open:
            return None
        return draft.unless_dead_end(lambda: self.add(tool, "state", draft, given=given))
