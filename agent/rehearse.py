"""Rehearses a plan: a bounded search for rows, values and missing calls with which every planned call works.

A call that cannot be made to work names the earlier steps that decide about what it is about. The search goes back to
the latest of them, makes it about something else, and makes again only what comes after it; when that step has nothing
else to offer, its own reasons are added and the search goes on further back (conflict-directed backjumping). What only
reads is undone by forgetting it. After anything else, everything starts anew on a fresh environment, on which what is
known to work comes first. The search ends only when a whole pass on one fresh environment worked without a call more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from toolweave.agent.execute import Allowance, Executor, OutOfCalls, Snapshot, Spoilt
from toolweave.agent.fill import PlanFailed, Voice
from toolweave.agent.memory import Attempt, Memory
from toolweave.agent.slots import Blamed, Leg
from toolweave.agent.trace import Call, Trace
from toolweave.graph.model import ToolGraph
from toolweave.graph.plan import TrajectoryPlan, TurnKind
from toolweave.servers.environment import Environment
from toolweave.servers.info import ServerInfo

MOST_ENVIRONMENTS = 10
"""Fresh starts for one item, beside those for what is left of it in the end."""
MOST_STARTS = 3
"""Fresh starts for one plan whose first turn cannot be made."""
MOST_STARTS_LATER = 2
"""The same for a later turn: everything before it is made again each time."""
MOST_PLANS = 4
"""Plans that are rehearsed for one item."""
AT_LEAST = 8
"""Live calls for what is left of an item in the end, if something does not work a second time."""
MOST_FOR_ONE = 10
"""Live calls for one plan of an item, beside one for each of its calls."""

Open = Callable[[Sequence[str]], AbstractAsyncContextManager[Environment]]
"""Opens a fresh environment of the servers with these names."""


Replan = Callable[["NotRehearsed", int], TrajectoryPlan | None]
"""Another plan instead of one that was lost; the number says how many have been."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A trace whose calls were all made one after the other, and nothing else, on one fresh environment."""

    plan: TrajectoryPlan
    trace: Trace
    servers: list[ServerInfo]
    started: datetime
    """When its observations began to come in."""
    legs: tuple[Leg, ...]
    lost: tuple[NotRehearsed, ...]
    """Plans for which no way was found."""


class NotRehearsed(PlanFailed):
    """No way through a plan was found."""

    def __init__(self, error: PlanFailed, plan: TrajectoryPlan, turn: int = 0, step: int = 0) -> None:
        super().__init__(error.stage, str(error), error.steps)
        self.plan = plan
        self.turn = turn
        """The turn that could not be made."""
        self.step = step
        """Its planned call that did not work."""
        self.legs: tuple[Leg, ...] = ()
        """How the calls before it were made."""


class Lost(PlanFailed):
    """No plan of an item has a first turn that can be made."""

    def __init__(self, lost: Sequence[NotRehearsed]) -> None:
        super().__init__(lost[0].stage, str(lost[0]))
        self.lost = tuple(lost)


@dataclass
class Rehearsal:
    """What the rehearsals of one item share."""

    open: Open
    graph: ToolGraph
    voice: Voice
    memory: Memory
    calls_left: int
    """Live calls that may still be made for the item, beside those that are only made again."""
    replan: Replan = field(default=lambda _lost, _tries: None)
    on_attempt: Callable[[Attempt], None] = field(default=lambda _: None)
    on_made: Callable[[Sequence[Call]], None] = field(default=lambda _: None)
    """Told of every call that worked, after those before it on the same environment."""
    blame: Counter[Blamed] = field(default_factory=Counter[Blamed])

    async def run(self, plan: TrajectoryPlan) -> Rehearsed:
        """Find a way through a plan, or through another one for the same item, or at least through its first turns.

        Raises:
            Lost: There is none, or none was found with the calls that may be made.
        """
        search = _Search(self, plan)
        for _ in range(MOST_ENVIRONMENTS):
            if (found := await search.attempt()) is not None:
                return found
        search.hurry()
        for _ in range(MOST_ENVIRONMENTS):
            if (found := await search.attempt()) is not None:
                return found
        raise Lost(search.lost)


class _Search:
    """The way through the plans of an item so far."""

    def __init__(self, shared: Rehearsal, plan: TrajectoryPlan) -> None:
        self._shared = shared
        self.lost: list[NotRehearsed] = []
        self._cut = False
        self._before: list[Snapshot] = []
        """What the executor remembered before each leg that was made."""
        self._begin(plan, ())

    def _begin(self, plan: TrajectoryPlan, known: Sequence[Leg]) -> None:
        """Turn to a plan; `known` are legs of an earlier one that begins alike."""
        fresh = [Leg(call, number) for number, turn in enumerate(plan.turns) for call in turn.calls]
        self._plan = plan
        self._legs = _as_known(fresh, known)
        self._deepest = -1
        self._starts = 0
        self._failure = NotRehearsed(
            PlanFailed("plan", "too many fresh starts"), plan, fresh[0].turn, fresh[0].planned.step
        )
        self._granted = min(self._shared.calls_left, MOST_FOR_ONE + len(fresh))
        self._allowance = Allowance(self._granted)

    def hurry(self) -> None:
        """Let go of the plan at hand, and be content with the turns that are known to work."""
        self._shared.calls_left = 0
        self._instead(self._failure)

    async def attempt(self) -> Rehearsed | None:
        """Go through the plan on a fresh environment; nothing when another one is needed.

        Raises:
            Lost: There is no way through any plan.
        """
        shared, started = self._shared, datetime.now(UTC)
        self._starts += 1
        if self._starts > (MOST_STARTS if self._failure.turn == 0 else MOST_STARTS_LATER) and not self._cut:
            self._instead(self._failure)
        names = dict.fromkeys(shared.graph.tools[leg.planned.tool].server for leg in self._legs)
        self._before = []
        async with shared.open(list(names)) as environment:
            if environment.failures:
                raise PlanFailed("server", next(iter(environment.failures.values())))
            executor = self._executor(environment)
            try:
                await self._walk(executor)
            except Spoilt:
                return None
            if executor.repaired:
                self._starts -= 1  # the way is known by now: what follows is no search
                return None
            trace = await self._trace(executor)
            servers = [environment.servers[name] for name in dict.fromkeys(call.tool.server for call in trace.calls)]
            return Rehearsed(self._plan, trace, servers, started, tuple(self._legs), tuple(self.lost))

    def _executor(self, environment: Environment) -> Executor:
        shared = self._shared
        executor = Executor(environment, shared.graph, shared.voice, shared.on_attempt, shared.memory, shared.blame)
        executor.on_made = shared.on_made
        return executor

    async def _walk(self, executor: Executor) -> None:
        """Make one call after the other, going back, or over to another plan, where that may help."""
        while len(self._before) < len(self._legs):
            executor.follow([call for turn in self._plan.turns for call in turn.calls], self._allowance)
            at = len(self._before)
            self._before.append(executor.snapshot())
            try:
                made = await executor.advance(self._legs[at])
            except PlanFailed as error:
                back = self._after_failure(at, error, executor.environment)
                executor.undo(self._before[back])
                del self._before[back:]
                continue
            self._legs[at : at + 1] = made
            self._before += [self._before[-1]] * (len(made) - 1)

    def _after_failure(self, at: int, error: PlanFailed, environment: Environment) -> int:
        """The leg to go on with: one of this plan that is to be made otherwise, or the first one of another plan.

        Raises:
            Lost: There is none.
            Spoilt: Another plan needs another environment.
        """
        if error.stage != "plan":
            raise error
        if at > self._deepest and not (self._deepest >= 0 and isinstance(error, OutOfCalls)):
            self._deepest, leg = at, self._legs[at]
            self._failure = NotRehearsed(error, self._plan, leg.turn, leg.original.step)
            self._failure.legs = tuple(one.kept() for one in self._legs[:at])
        if not isinstance(error, OutOfCalls) and (back := self._back(at, error)) is not None:
            return back
        here = self._failure if at == self._deepest else None
        begun = self._instead(self._failure)
        servers = {self._shared.graph.tools[leg.planned.tool].server for leg in self._legs}
        if begun is not here or not servers <= environment.servers.keys():
            raise Spoilt
        return sum(leg.done is not None for leg in self._legs)

    def _instead(self, failure: NotRehearsed) -> NotRehearsed:
        """Turn to another plan, or to what is left of the one that came furthest; the lost plan that it begins like."""
        shared = self._shared
        shared.calls_left -= self._granted - self._allowance.left
        if self._cut:
            raise Lost(self.lost)
        self.lost.append(failure)
        more = len(self.lost) < MOST_PLANS and shared.calls_left > 0
        plan = shared.replan(failure, len(self.lost)) if more else None
        if plan is None:
            failure = max(self.lost, key=lambda one: one.turn)
            plan = replace(failure.plan, turns=failure.plan.turns[: failure.turn])
            self._cut = True
            shared.calls_left = max(shared.calls_left, AT_LEAST)
            if not plan.tools:
                raise Lost(self.lost)
        self._begin(plan, failure.legs)
        return failure

    def _back(self, at: int, error: PlanFailed) -> int | None:
        """The leg to make otherwise; those behind it are as they were planned."""
        steps = error.steps | self._legs[at].conflicts
        behind = [number for number in range(at) if self._legs[number].planned.step in steps]
        if not behind:
            return None
        back = behind[-1]
        leg = self._legs[back]
        leg.conflicts |= steps - {leg.planned.step}
        if leg.done is not None:
            self._shared.blame.update(pick.blamed for pick in leg.done.picks.values())
            leg.reject(leg.done, str(error))
        self._legs[back + 1 :] = [one.anew() for one in self._legs[back + 1 :] if not one.inserted]
        return back

    async def _trace(self, executor: Executor) -> Trace:
        kinds = [turn.kind for turn in self._plan.turns]
        plain: TurnKind = "long_context" if "long_context" in kinds else "base"
        turns = [
            await executor.trace_of(turn, number, [leg for leg in self._legs if leg.turn == number], plain)
            for number, turn in enumerate(self._plan.turns)
        ]
        return Trace(tuple(turns))


def _as_known(legs: Sequence[Leg], known: Sequence[Leg]) -> list[Leg]:
    """Planned legs, those at the beginning as they were made in another plan that begins alike."""
    begun: list[Leg] = []
    waiting: list[Leg] = []
    planned = iter(legs)
    for leg in known:
        waiting.append(leg.kept())
        if leg.inserted:
            continue
        one = next(planned, None)
        if one is None or one.planned.sources != leg.original.sources or one.planned.tool != leg.original.tool:
            break
        begun += waiting
        waiting.clear()
    return [*begun, *legs[sum(not leg.inserted for leg in begun) :]]
