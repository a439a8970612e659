"""Rehearses a plan: a bounded search for rows, values and missing calls with which every planned call works.

A call that cannot be made to work names the earlier steps that decide about what it is about. The search goes back to
the latest of them, makes it about something else, and makes again only what comes after it; when that step has nothing
else to offer, its own reasons are added and the search goes on further back (conflict-directed backjumping). Going back
costs nothing, and nothing is asked twice at one point (`lane.py`). The search ends only when all calls have been made,
one after the other and without a call more that may change something, on fresh servers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count

from toolweave.agent.execute import Executor, Snapshot
from toolweave.agent.fill import PlanFailed, Voice
from toolweave.agent.ground import Open, OutOfCalls, Rewindable, open_rewindable
from toolweave.agent.lane import Unsteady
from toolweave.agent.memory import Attempt, Memory
from toolweave.agent.slots import Blamed, Leg
from toolweave.agent.trace import Call, Trace
from toolweave.graph.model import ToolGraph
from toolweave.graph.plan import TrajectoryPlan, TurnKind
from toolweave.servers.info import ServerInfo

MOST_PASSES = 5
"""Times that a way that was found is made again on fresh servers."""
MOST_STEPS = 300
"""Calls of one plan that are looked at, live or not."""
MOST_UNSTEADY = 20
"""Times that a way is thought over because a call was answered otherwise on a fresh server."""
MOST_PLANS, MOST_DEEP_PLANS = 3, 6
"""Plans that are rehearsed for one item; one that is to be deep is gone on with elsewhere as long as that may help."""
AT_LEAST = 8
"""Live calls for what is left of an item in the end, if something does not work a second time."""
MOST_FOR_ONE, MOST_FOR_DEEP = 6, 16
"""Live calls for one plan of an item, beside one for each of its calls; for one that is to be deep."""

Replan = Callable[["NotRehearsed", int], TrajectoryPlan | None]
"""Another plan instead of one that was lost; the number says how many have been."""
Shorten = Callable[["NotRehearsed"], TrajectoryPlan]
"""What is left of a plan that was lost."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A trace whose calls were all made one after the other on fresh servers, and nothing else that may matter."""

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
        self.failing: frozenset[str] = frozenset()
        """Tools of which a call did not work in this plan of the item or in an earlier one."""

    @property
    def tool(self) -> str:
        """The tool of the call that did not work."""
        return next(call.tool for turn in self.plan.turns for call in turn.calls if call.step == self.step)


class Lost(PlanFailed):
    """No plan of an item has a first turn that can be made."""

    def __init__(self, lost: Sequence[NotRehearsed]) -> None:
        super().__init__(lost[0].stage, str(lost[0]))
        self.lost = tuple(lost)


def _turns_before(lost: NotRehearsed) -> TrajectoryPlan:
    return replace(lost.plan, turns=lost.plan.turns[: lost.turn])


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
    shorten: Shorten = _turns_before
    on_attempt: Callable[[Attempt], None] = field(default=lambda _: None)
    on_made: Callable[[Sequence[Call]], None] = field(default=lambda _: None)
    """Told of every call that worked, after those before it on the same environment."""
    blame: Counter[Blamed] = field(default_factory=Counter[Blamed])

    async def run(self, plan: TrajectoryPlan) -> Rehearsed:
        """Find a way through a plan, or through another one for the same item, or at least through its first turns.

        Raises:
            Lost: There is none, or none was found with the calls that may be made.
        """
        async with open_rewindable(self.open, self.graph, self.on_attempt) as ground:
            return await _Search(self, plan, ground).run()


class _Search:
    """The way through the plans of an item so far."""

    def __init__(self, shared: Rehearsal, plan: TrajectoryPlan, ground: Rewindable) -> None:
        self._shared = shared
        self._ground = ground
        self._lost: list[NotRehearsed] = []
        self._cut = False
        self._unsteady = 0
        self._spare_steps = count(-1, -1)
        self._begin(plan, ())

    async def run(self) -> Rehearsed:
        """Go through the plan, or another one, until a way was made as it will be told.

        Raises:
            Lost: There is no way through any plan.
        """
        while True:
            for _ in range(MOST_PASSES):
                executor = await self._walk()
                if self._ground.clean:
                    return await self._rehearsed(executor)
                await self._ground.renew()
                self._grant(len(self._legs))  # the way is known by now: this is no search
            self._hurry()

    def _begin(self, plan: TrajectoryPlan, known: Sequence[Leg]) -> None:
        """Turn to a plan; `known` are legs of an earlier one that begins alike."""
        fresh = [Leg(call, number) for number, turn in enumerate(plan.turns) for call in turn.calls]
        self._plan = plan
        self._legs = _as_known(fresh, known)
        self._deepest = -1
        self._steps = 0
        self._failure = NotRehearsed(
            PlanFailed("plan", "it works only now and then"), plan, fresh[0].turn, fresh[0].planned.step
        )
        self._granted = self._ground.allowance.left = 0
        most = MOST_FOR_DEEP if plan.deep else MOST_FOR_ONE
        self._grant(min(self._shared.calls_left, most + len(fresh)))

    def _grant(self, calls: int) -> None:
        self._granted += calls
        self._ground.allowance.left += calls

    def _hurry(self) -> None:
        """Let go of the plan at hand, and be content with the turns that are known to work."""
        self._shared.calls_left = 0
        self._instead(self._failure)

    async def _rehearsed(self, executor: Executor) -> Rehearsed:
        trace = await self._trace(executor)
        servers = [self._ground.servers[name] for name in dict.fromkeys(call.tool.server for call in trace.calls)]
        return Rehearsed(self._plan, trace, servers, self._ground.started, tuple(self._legs), tuple(self._lost))

    async def _walk(self) -> Executor:
        """Make one call after the other, going back, or over to another plan, where that may help."""
        executor, before = self._executor(), list[Snapshot]()
        while len(before) < len(self._legs):
            executor.follow([call for turn in self._plan.turns for call in turn.calls])
            at = len(before)
            before.append(executor.snapshot())
            try:
                made = await self._advance(executor, self._legs[at])
            except PlanFailed as error:
                back = self._after_failure(at, error)
                executor.back_to(before[back])
                del before[back:]
                continue
            except Unsteady:
                executor, before = self._thought_over(), []
                continue
            self._legs[at : at + 1] = made
            before += [before[-1]] * (len(made) - 1)
        return executor

    async def _advance(self, executor: Executor, leg: Leg) -> list[Leg]:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise OutOfCalls("plan", leg.reason or "no way was found soon enough")
        return await executor.advance(leg)

    def _thought_over(self) -> Executor:
        """Begin from the first call, with what is remembered now."""
        self._unsteady += 1
        if self._unsteady > MOST_UNSTEADY:
            raise PlanFailed("plan", "a server answers otherwise each time that it is started")
        return self._executor()

    def _executor(self) -> Executor:
        shared = self._shared
        self._ground.back_to({})
        executor = Executor(self._ground, shared.graph, shared.voice, shared.memory, shared.blame)
        executor.on_made, executor.spare_steps = shared.on_made, self._spare_steps
        return executor

    def _after_failure(self, at: int, error: PlanFailed) -> int:
        """The leg to go on with: one of this plan that is to be made otherwise, or the first one of another plan.

        Raises:
            Lost: There is none.
        """
        if error.stage != "plan":
            raise error
        if at > self._deepest and not (self._deepest >= 0 and isinstance(error, OutOfCalls)):
            self._deepest, leg = at, next(one for one in self._legs[at:] if not one.inserted)
            self._failure = NotRehearsed(error, self._plan, leg.turn, leg.original.step)
            self._failure.legs = tuple(one.kept() for one in self._legs[:at])
        if not isinstance(error, OutOfCalls) and (back := self._back(at, error)) is not None:
            return back
        self._instead(self._failure)
        return 0

    def _instead(self, failure: NotRehearsed) -> None:
        """Turn to another plan, or to what is left of the one that came furthest."""
        shared = self._shared
        shared.calls_left -= self._granted - self._ground.allowance.left
        if self._cut:
            raise Lost(self._lost)
        self._lost.append(failure)
        failure.failing = frozenset(one.tool for one in self._lost)
        most = MOST_DEEP_PLANS if failure.plan.deep else MOST_PLANS
        more = len(self._lost) < most and shared.calls_left > 0
        plan = shared.replan(failure, len(self._lost)) if more else None
        if plan is None:
            failure = max(self._lost, key=lambda one: (one.turn, one.step))
            plan = shared.shorten(failure)
            self._cut = True
            shared.calls_left = max(shared.calls_left, AT_LEAST)
            if not plan.tools:
                raise Lost(self._lost)
        self._begin(plan, failure.legs)

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
