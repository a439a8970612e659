"""Executes planned calls live on one ground: fills the arguments, calls, and finds what has to come before.

A call that may have reached its server is never silently repeated: every attempt is another set of arguments, and the
ground on which calls are made reports every live one. A call that cannot be made to work raises `PlanFailed`, which
names the earlier steps on which that depends; going back to them is the rehearsal's business.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, count
from typing import Any

from toolweave.agent.fill import Filler, PlanFailed, Voice
from toolweave.agent.ground import Ground, OutOfCalls, Way
from toolweave.agent.memory import Memory, form, names
from toolweave.agent.outcomes import emptiness, failure
from toolweave.agent.patterns import get
from toolweave.agent.repair import Failing, after_enabler, enablers, is_enabled, left_out
from toolweave.agent.rows import Focus, Thing
from toolweave.agent.slips import NOT_MADE, leaves_of
from toolweave.agent.slots import Blamed, Filling, Leg
from toolweave.agent.trace import Call, TurnTrace
from toolweave.graph.chains import ancestors
from toolweave.graph.fields import leaves
from toolweave.graph.model import ToolGraph
from toolweave.graph.plan import PlannedCall, TurnKind, TurnPlan
from toolweave.servers.json_values import canonical
from toolweave.servers.results import CallResult
from toolweave.servers.tools import Tool

ATTEMPTS = 3
"""Sets of arguments for one call before others are tried in front of it."""
ATTEMPTS_ALIKE = 2
"""The same where the server says the same every time: it is not about the values."""
MOST_ATTEMPTS = 8
"""Sets of arguments for one call that only reads."""
MOST_CHANGING = 5
"""The same for a call that may change something."""
LONGEST_ID = 40
"""Characters of what may be an identifier."""
IN_VAIN = 2
"""Times that a call is put before one that fails in one way, if it does not even work itself; else once is enough."""
MOST_ENABLERS = 2
"""Calls that may be put before one that fails."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an executor remembered before a call."""

    steps: dict[int, Call]
    said: dict[str, tuple[Any, int]]
    focus: dict[Thing, Focus]
    way: Way


@dataclass
class Executor:
    """Makes the calls of one trajectory."""

    ground: Ground
    graph: ToolGraph
    voice: Voice
    memory: Memory = field(default_factory=Memory)
    blame: Counter[Blamed] = field(default_factory=Counter[Blamed])
    on_made: Callable[[Sequence[Call]], None] = field(default=lambda _: None)
    """Told of every call that worked, after those before it on the same servers."""
    spare_steps: Iterator[int] = field(default_factory=lambda: count(-1, -1))
    """Numbers for calls that no plan has."""
    filler: Filler = field(init=False)

    def __post_init__(self) -> None:
        self.filler = Filler(self.graph, self.voice, self.memory, self.blame)

    def follow(self, upcoming: Sequence[PlannedCall]) -> None:
        """Have these calls in view."""
        self.filler.taker.upcoming = upcoming

    @property
    def steps(self) -> dict[int, Call]:
        """Executed calls by step number of the plan."""
        return self.filler.steps

    async def run_turn(self, plan: TurnPlan, turn: int) -> TurnTrace:
        """Execute one planned turn without ever going back to an earlier call.

        Raises:
            PlanFailed: A call had no value for a parameter, or failed with every set of arguments tried.
        """
        legs: list[Leg] = []
        for planned in plan.calls:
            legs += await self.advance(Leg(planned, turn))
        return await self.trace_of(plan, turn, legs)

    async def advance(self, leg: Leg) -> list[Leg]:
        """Make a planned call; the legs that came of it: what had to be put before it, and the call.

        Raises:
            PlanFailed: There is no other value to try, or enough were tried.
        """
        while True:
            if leg.failures >= self._patience(leg) and (found := await self._enabled(leg)):
                return found
            if leg.done is None and leg.failures >= self._most(leg):
                raise PlanFailed("plan", leg.reason, self._steps_behind(leg))
            try:
                filling = await self.filler.next(leg)
            except PlanFailed as error:
                if found := await self._enabled(leg):
                    return found
                steps = self._steps_behind(leg) if leg.refused else error.steps
                raise PlanFailed(error.stage, str(error), steps) from error
            reason = await self._call(leg, filling)
            if reason is None:
                return [leg]
            leg.fail(filling, reason)
            self._learn(leg, reason)

    async def trace_of(self, plan: TurnPlan, turn: int, legs: Sequence[Leg], plain: TurnKind = "base") -> TurnTrace:
        """What was executed for a turn; of a `plain` kind where the calls are not what the planned kind wants."""
        if plan.kind == "irrelevant":
            tool = self.graph.tools[plan.target]
            wish = await self.filler.wish(tool, turn)
            call = Call(f"wish_{turn + 1}", tool, wish.arguments, wish.sources, NOT_MADE)
            return TurnTrace((), plan.kind, plan.relation, wish=call)
        calls = tuple(self.steps[leg.planned.step] for leg in legs)
        withheld = self._withheld(plan, calls)
        together = _some_are_independent(calls)
        fits = (plan.kind != "parallel" or together) and (plan.kind != "missing_parameter" or bool(withheld))
        return TurnTrace(calls, plan.kind if fits else plain, plan.relation, withheld)

    def snapshot(self) -> Snapshot:
        """What is remembered now."""
        filler = self.filler
        return Snapshot(dict(filler.steps), dict(filler.said), dict(filler.rows.focus), self.ground.way)

    def back_to(self, before: Snapshot) -> None:
        """Go on as if nothing had been done since."""
        self.filler.steps, self.filler.said = dict(before.steps), dict(before.said)
        self.filler.rows.focus = dict(before.focus)
        self.ground.back_to(before.way)

    def _overlook(self, before: Snapshot) -> None:
        """The same, for calls in vain that are not worth a fresh server: the search goes on where they were made."""
        self.ground.overlook(before.way)
        self.back_to(before)

    async def _enabled(self, leg: Leg, most: int = MOST_ENABLERS) -> list[Leg]:
        """The call with others before it that made it work; a second one only when the first changed the complaint."""
        if leg.first is None or leg.done is not None or leg.planned.corrects is not None:
            return []
        made = {step: call.tool.id for step, call in self.steps.items()}
        step = next(self.spare_steps)
        reason = leg.reason.removeprefix(f"{leg.planned.tool}: ")
        failing = Failing(leg.planned, reason, self._blamed(leg), self._named(reason, leg.first))
        for enabler in enablers(self.graph, failing, self.memory, made, step, self.voice.book.speakable):
            vain = "vain", leg.planned.tool, form(failing.reason), enabler.tool
            if enabler.tool in leg.helped or self.blame[vain] >= IN_VAIN:
                continue
            leg.helped.add(enabler.tool)
            before = self.snapshot()
            found = await self._helped(leg, enabler, most)
            if found:
                return found
            self.blame[vain] += IN_VAIN if enabler.step in self.steps else 1
            self._overlook(before)
        return []

    def _blamed(self, leg: Leg) -> set[str]:
        """Parameters of which one has to be another, or has to mean something else by then."""
        picks = leg.refused[-1][0].picks
        return {path for slot in leg.suspects() for path in picks[slot.name].values}

    def _named(self, reason: str, failed: Filling) -> dict[tuple[str, str], int]:
        """Where things were returned that an error names, but for those that the call itself was about."""
        given = {canonical(leaf.value) for leaf in leaves(failed.arguments)}
        return {
            (call.tool.id, leaf.pattern): step
            for step, call in self.steps.items()
            for leaf in self.filler.rows.leaves(call)
            if _is_identifier(leaf.value) and canonical(leaf.value) not in given and names(reason, leaf.value)
        }

    async def _helped(self, leg: Leg, enabler: PlannedCall, most: int) -> list[Leg]:
        """The enabler and the call once more, as it failed first; nothing when that does not work."""
        if leg.first is not None:
            said = self.filler.spoken_of(self.graph.tools[leg.planned.tool], leg.first)
            self.filler.said |= {path: (value, enabler.step) for path, value in said.items()}
        helper = Leg(enabler, leg.turn, inserted=True)
        if await self._once(helper) is not None:
            return []
        again = Leg(after_enabler(self.graph, leg.planned, enabler), leg.turn)
        again.original, again.done, again.helped = leg.original, leg.first, leg.helped
        reason = await self._once(again)
        if reason is None:
            return [helper, again]
        if most <= 1 or reason == leg.reason:
            return []
        deeper = await self._enabled(again, most - 1)
        return [helper, *deeper] if deeper else []

    async def _once(self, leg: Leg) -> str | None:
        """Make a call with its most promising arguments; why it failed."""
        try:
            filling = await self.filler.next(leg)
        except PlanFailed as error:
            return str(error)
        reason = await self._call(leg, filling)
        if reason is not None:
            leg.fail(filling, reason)
        return reason

    async def _call(self, leg: Leg, filling: Filling) -> str | None:
        """One live call; recorded when it worked, else why it did not."""
        planned = leg.planned
        tool = self.graph.tools[planned.tool]
        try:
            result = await self.ground.call(tool, filling.arguments, self._ahead(tool))
        except OutOfCalls as error:
            raise OutOfCalls("plan", leg.reason or str(error)) from error
        reason = failure(result) or emptiness(result)
        if result.status in ("lost", "timeout", "refused"):
            raise PlanFailed("server", f"{tool.id}: {reason}")
        call = self._record(planned, tool, filling, result)
        if reason is not None:
            self.ground.overlook(self.ground.way)
            return f"{tool.id}: {reason}"
        if (missing := self.filler.lacks(planned, call)) is not None:
            self.ground.overlook(self.ground.way)
            return missing
        self.steps[planned.step] = call
        self.ground.keep(tool, filling.arguments, result)
        self.on_made(tuple(self.steps.values()))
        self.filler.commit(planned, filling)
        leg.done = filling
        return None

    def _ahead(self, tool: Tool) -> int:
        """Calls of the tool's server that are still planned, with this one."""
        upcoming = [call for call in self.filler.taker.upcoming if call.step not in self.steps]
        return max(1, sum(self.graph.tools[call.tool].server == tool.server for call in upcoming))

    def _learn(self, leg: Leg, reason: str) -> None:
        """Take what an error names as what was wrong: something left out, else a value."""
        more = left_out(self.graph, leg.planned, reason, self.voice.book.speakable)
        if more:
            leg.planned = replace(leg.planned, sources=leg.planned.sources | more)
            leg.culprits.clear()
        else:
            self.blame.update(leg.culprits[-1].values())

    def _patience(self, leg: Leg) -> int:
        """Failures before other calls are tried in front; one where experiments have shown that something is needed."""
        made = {call.tool.id for call in self.steps.values()}
        if is_enabled(self.graph, leg.planned, made | leg.helped):
            return 1
        return ATTEMPTS_ALIKE if leg.alike >= ATTEMPTS_ALIKE else ATTEMPTS

    def _most(self, leg: Leg) -> int:
        if leg.alike >= ATTEMPTS:
            return ATTEMPTS
        tool = self.graph.tools[leg.planned.tool]
        return MOST_CHANGING if self.ground.may_write(tool) else MOST_ATTEMPTS

    def _steps_behind(self, leg: Leg) -> set[int]:
        """Earlier steps that decide about what the failed call was about.

        There are none where earlier calls brought the thing into the state that forbids the call: with any other thing
        they would do the same.
        """
        if leg.planned.corrects is not None or self._own_doing(leg.reason):
            return set()
        return {step for slot in leg.suspects() for step in slot.steps}

    def _own_doing(self, reason: str) -> bool:
        """Whether an error names something that a call of this trajectory has made or changed."""
        changing = [call for call in self.steps.values() if self.ground.may_write(call.tool)]
        return any(
            names(reason, leaf.value)
            for call in changing
            for leaf in (*self.filler.rows.leaves(call), *leaves(call.arguments))
            if _is_identifier(leaf.value)
        )

    def _withheld(self, plan: TurnPlan, done: Sequence[Call]) -> tuple[tuple[str, str], ...]:
        """What the user leaves out: the planned leaves, and all others of the turn that say the same."""
        if plan.withheld is None or plan.withheld.step not in self.steps:
            return ()
        call = self.steps[plan.withheld.step]
        hidden = {canonical(get(call.arguments, leaf)) for leaf in leaves_of(call, plan.withheld.parameter)}
        return tuple(
            (one.id, leaf)
            for one in done
            for leaf, source in one.sources.items()
            if source.kind == "user" and source.said_for is None and canonical(get(one.arguments, leaf)) in hidden
        )

    def _record(self, planned: PlannedCall, tool: Tool, filling: Filling, result: CallResult) -> Call:
        after = {source.call for source in filling.sources.values() if source.call is not None}
        after |= {self.steps[step].id for step in planned.after if step in self.steps}
        after |= self._state_before(tool)
        name = f"call_{len(self.steps) + 1}"
        return Call(name, tool, filling.arguments, filling.sources, result, frozenset(after))

    def _state_before(self, tool: Tool) -> set[str]:
        """Calls of the same server that cannot change places with this one: either of the two may write."""
        return {
            call.id
            for call in self.steps.values()
            if call.tool.server == tool.server and (self.ground.may_write(call.tool) or self.ground.may_write(tool))
        }


def _is_identifier(value: object) -> bool:
    """Whether a value may be what a thing is known by."""
    return re.search(r"\d", str(value)) is not None and len(str(value)) <= LONGEST_ID


def _some_are_independent(calls: Sequence[Call]) -> bool:
    """Whether two of the calls can be made in one step: neither comes after the other, on whatever way."""
    after = ancestors({call.id: call.after for call in calls})
    return any(one.id not in after[other.id] for one, other in combinations(calls, 2))
