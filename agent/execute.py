"""Executes planned calls live: fills the arguments, calls, repairs with other values, and records what came back.

A call that may have reached its server is never silently repeated: every attempt is another set of arguments, and
every attempt is handed to `on_attempt`. A plan whose call cannot be made to work raises `PlanFailed`; that is a
trajectory with a reason, not a broken run.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from toolweave.agent.arguments import ValueBook
from toolweave.agent.fill import Filler, PlanFailed
from toolweave.agent.outcomes import emptiness, failure
from toolweave.agent.patterns import get
from toolweave.agent.repair import after_enabler, enablers
from toolweave.agent.roles import Model
from toolweave.agent.slips import NOT_MADE, leaves_of
from toolweave.agent.trace import Call, Source, TurnTrace
from toolweave.graph.model import ToolGraph
from toolweave.graph.plan import PlannedCall, TurnPlan
from toolweave.servers.environment import Environment
from toolweave.servers.json_values import canonical
from toolweave.servers.results import CallResult
from toolweave.servers.tools import Tool

ATTEMPTS = 3
"""Sets of arguments for one call."""
MOST_ENABLERS = 2
"""Calls that may be put before one that fails."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One live call, good or bad, as the run's events record it."""

    tool: str
    arguments: dict[str, Any]
    status: str
    reason: str | None
    seconds: float


@dataclass
class Executor:
    """Runs the turns of one trajectory on one environment."""

    environment: Environment
    graph: ToolGraph
    book: ValueBook
    model: Model
    rng: random.Random
    on_attempt: Callable[[Attempt], None] = field(default=lambda _: None)
    repaired: bool = False
    """Whether anything was called that is not in the trace: it may have left something behind."""
    filler: Filler = field(init=False)

    def __post_init__(self) -> None:
        self.filler = Filler(self.graph, self.book, self.model, self.rng)

    @property
    def steps(self) -> dict[int, Call]:
        """Executed calls by step number of the plan."""
        return self.filler.steps

    async def run_turn(self, plan: TurnPlan, turn: int) -> TurnTrace:
        """Execute one planned turn.

        Raises:
            PlanFailed: A call had no value for a parameter, or failed with every set of arguments tried; or the calls
                turn out not to be what the turn's kind wants.
        """
        if plan.kind == "irrelevant":
            return await self._wished(plan, turn)
        done: list[Call] = []
        for planned in plan.calls:
            try:
                done.append(await self._run(planned, turn))
            except PlanFailed as error:
                done += await self._enabled(planned, turn, error)
        if plan.kind == "parallel" and not any(_independent(one, other) for one, other in combinations(done, 2)):
            raise PlanFailed("plan", "parallel: every call needs another one first")
        return TurnTrace(tuple(done), plan.kind, plan.relation, self._withheld(plan, done))

    async def _wished(self, plan: TurnPlan, turn: int) -> TurnTrace:
        tool = self.graph.tools[plan.target]
        arguments, sources = await self.filler.wish(tool, turn)
        wish = Call(f"wish_{turn + 1}", tool, arguments, sources, NOT_MADE)
        return TurnTrace((), plan.kind, plan.relation, wish=wish)

    def _withheld(self, plan: TurnPlan, done: Sequence[Call]) -> tuple[tuple[str, str], ...]:
        """What the user leaves out: the planned leaves, and all others of the turn that say the same."""
        if plan.withheld is None:
            return ()
        call = self.steps[plan.withheld.step]
        hidden = {canonical(get(call.arguments, leaf)) for leaf in leaves_of(call, plan.withheld.parameter)}
        found = tuple(
            (one.id, leaf)
            for one in done
            for leaf, source in one.sources.items()
            if source.kind == "user" and source.said_for is None and canonical(get(one.arguments, leaf)) in hidden
        )
        if not found:
            raise PlanFailed("plan", f"missing_parameter: the user does not say {plan.withheld.parameter!r}")
        return found

    async def _enabled(
        self, planned: PlannedCall, turn: int, error: PlanFailed, most: int = MOST_ENABLERS
    ) -> tuple[Call, ...]:
        """The call with others before it that made it work; a second one only when the first changed the complaint."""
        if error.stage != "plan" or error.arguments is None:
            raise error
        made = {step: call.tool.id for step, call in self.steps.items()}
        before = dict(self.steps), dict(self.filler.said)
        self.filler.said |= error.arguments
        for enabler in enablers(self.graph, planned, str(error), made, _inserted(made), self.book.speakable):
            try:
                first = await self._run(enabler, turn, attempts=1)
                return first, *await self._retry(after_enabler(self.graph, planned, enabler), turn, error, most)
            except PlanFailed:
                self.filler.steps = dict(before[0])
        self.filler.said = before[1]
        raise error

    async def _retry(self, planned: PlannedCall, turn: int, error: PlanFailed, most: int) -> tuple[Call, ...]:
        try:
            return (await self._run(planned, turn, attempts=1),)
        except PlanFailed as other:
            if most <= 1 or str(other) == str(error):
                raise
            return await self._enabled(planned, turn, other, most - 1)

    async def _run(self, planned: PlannedCall, turn: int, attempts: int = ATTEMPTS) -> Call:
        tool = self.graph.tools[planned.tool]
        first: dict[str, Any] | None = None
        reason: str | None = "no attempt"
        tried: set[str] = set()
        for attempt in range(attempts):
            arguments, sources = await self.filler.fill(planned, turn, attempt)
            first = self.filler.spoken_of(tool, sources, arguments) if first is None else first
            if canonical(arguments) in tried:
                continue
            tried.add(canonical(arguments))
            result = await self.environment.call(tool, arguments)
            reason = failure(result) or emptiness(result)
            self.on_attempt(Attempt(tool.id, arguments, result.status, reason, result.seconds))
            if reason is None:
                self.filler.said |= self.filler.spoken_of(tool, sources, arguments)
                self.steps[planned.step] = self._record(planned, tool, arguments, sources, result)
                return self.steps[planned.step]
            self.repaired = True
            if result.status in ("lost", "timeout", "refused"):
                raise PlanFailed("server", f"{tool.id}: {reason}")
        raise PlanFailed("plan", f"{tool.id}: {reason}", first)

    def _record(
        self,
        planned: PlannedCall,
        tool: Tool,
        arguments: dict[str, Any],
        sources: dict[str, Source],
        result: CallResult,
    ) -> Call:
        after = {source.call for source in sources.values() if source.call is not None}
        after |= {self.steps[step].id for step in planned.after}
        after |= self._state_before(tool)
        return Call(f"call_{len(self.steps) + 1}", tool, arguments, sources, result, frozenset(after))

    def _state_before(self, tool: Tool) -> set[str]:
        """Calls of the same server that cannot change places with this one: either of the two may write."""
        return {
            call.id
            for call in self.steps.values()
            if call.tool.server == tool.server and (self._may_write(call.tool) or self._may_write(tool))
        }

    def _may_write(self, tool: Tool) -> bool:
        return self.graph.fact(tool.id).access != "reads" and tool.annotations.read_only is not True


def _independent(one: Call, other: Call) -> bool:
    return one.id not in other.after and other.id not in one.after


def _inserted(made: Iterable[int]) -> int:
    """A step number for a call that was not planned: below all that are."""
    return min((*made, 0)) - 1
