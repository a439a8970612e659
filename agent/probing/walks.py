"""Walks: chains of calls on fresh environments, which show what enables and disables what.

A walk begins with a case, a call that worked or failed before, and is about what the case is about and what belongs
to that. Calls that are likely to fail come first: they change nothing, and after every step that works they are tried
again as far as the step can have made a difference. Then comes the call that teaches most. A call that ends otherwise
than before tells which step made the difference, or calls for going back (see `goals`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from toolweave.agent.probing.bindings import Bindings
from toolweave.agent.probing.calltext import Action
from toolweave.agent.probing.cases import Case, Cases
from toolweave.agent.probing.choosing import Chooser
from toolweave.agent.probing.crossings import LEAST_AFTER, MOST_AFTER, MOST_SPOILT, Crossings
from toolweave.agent.probing.effects import Effects
from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.goals import Goal, goals
from toolweave.agent.probing.remedies import MOST_REMEDIES, Remedies
from toolweave.agent.probing.session import Session
from toolweave.agent.probing.snapshot import read_about
from toolweave.agent.probing.steps import Steps
from toolweave.agent.probing.things import FEW, Thing, Things
from toolweave.agent.probing.trials import START, WORKED, Situation
from toolweave.agent.probing.walk import Walk
from toolweave.agent.probing.worth import Worth
from toolweave.servers.json_values import canonical

CASE_EVERY = 3
"""Of so many walks, one begins with a case whatever else there is to do."""
WORTHWHILE = 0.3
"""Worth per call from which a walk goes back to a known situation."""
MOST_WORTH = 5.0
"""Worth of a known situation at most, because it can hardly stand more than a few calls."""
CROSS_EVERY = 2
"""Of so many walks, all but one are crossings."""
BEYOND = 3
"""Steps beyond the known way in one walk."""
MORE_READS = 4
"""Calls of each reading tool in search of more things."""
MOST_GOALS = 3
"""Goals that say what a walk is about."""
MOST_THINGS = 10
"""Things that a walk begins with."""


@dataclass
class Walker:
    """All walks on one server."""

    explorer: Explorer
    effects: Effects = field(default_factory=Effects)
    _tried: set[tuple[Situation, Action]] = field(default_factory=set[tuple[Situation, Action]])
    """Goals that were gone for."""
    _beside: dict[str, list[Thing]] = field(default_factory=dict[str, list[Thing]])
    """Origin → things that reading tools show beside it."""
    _searches: int = 3
    """Times that more things may still be looked for."""
    _walks: int = 0

    def __post_init__(self) -> None:
        self.things = Things(self.explorer.filler, self.explorer.reads)
        self.bindings = Bindings(self.explorer, self.things, self.effects)
        self._cases = Cases(self.explorer, self.things, self.bindings)
        self._crossings = Crossings(self.effects)
        self._steps = Steps(self.explorer, self.things, self.effects, self.bindings)
        self._remedies = Remedies(self._steps)
        self._chooser = Chooser(self._steps)
        self._goals: dict[Situation, list[Goal]] = {}

    async def walk(self, session: Session) -> bool:
        """One walk on a fresh environment that nothing was done to; whether there is anything left to walk from.

        Raises:
            OutOfBudget: No call is left.
            ServerLost: The server died.
        """
        self.things.refresh(self.explorer.journal)
        self.effects.refresh()
        crossing = self._crossings.next() if self._walks % CROSS_EVERY else None
        if crossing is not None:
            self._walks += 1
            await self._cross(crossing, session)
            return True
        self._goals = goals(self.effects, self._tried)
        way, worth = self._best_goal()
        case = await self._next_case(session) if worth < WORTHWHILE or self._walks % CASE_EVERY == 0 else None
        if case is None and not worth:
            return self._lower()
        walk = self._begin(case) if case else self._return(way)
        walk.named |= self._steps.named
        self._walks += 1
        await self._acquaint(walk, session)
        await self._go(walk, way if case is None else (START,), session)
        return True

    async def _cross(self, path: Situation, session: Session) -> None:
        """Try calls about what the last step of a path is about before and after it."""
        walk = Walk(canonical(path[1:]), [], (START,), variant=self._crossings.count(path))
        walk.named |= self._steps.named
        arrived = await self._steps.follow(walk, path[1:-1], session)
        step = self.bindings.as_before(walk, path[-1]) if arrived else None
        if step is None:
            return
        walk.join([*step.things, *(other for thing in step.things for other in self.things.company(thing))], first=True)
        fails = self._steps.failed.copy()
        fails.subtract(self._steps.done)
        for one in self._crossings.before(step, self._chooser.prospects(walk), fails):
            if await self._steps.take(walk, one, session):
                break
        step = self.bindings.as_before(walk, path[-1])
        if step is not None and await self._steps.take(walk, step, session):
            await self._compare(walk, session)
            await self._mend(walk, session)

    async def _mend(self, walk: Walk, session: Session) -> None:
        """Try what may end the failures that were met here, each time with what failed once more."""
        for _ in range(MOST_REMEDIES):
            self.effects.refresh()
            remedy = self._remedies.next(walk, self._chooser.prospects(walk))
            if remedy is None:
                return
            if await self._steps.take(walk, remedy.call, session):
                again = self.bindings.as_before(walk, remedy.failing.action)
                if again is not None:
                    await self._steps.take(walk, again, session)

    async def _compare(self, walk: Walk, session: Session) -> None:
        """Try what tells most of the last step, as long as the environment is not spoilt."""
        spoilt = 0
        for _ in range(MOST_AFTER):
            worth = Worth(self.effects, self.things, walk)
            best = self._crossings.after(worth, self._chooser.prospects(walk), LEAST_AFTER * self._chooser.share)
            if best is None or spoilt > MOST_SPOILT:
                return
            spoilt += await self._steps.take(walk, best, session)

    def _best_goal(self) -> tuple[Situation, float]:
        """The situation to go back to, and its worth per call."""
        values = {way: _worth(way, here) for way, here in self._goals.items()}
        best = max(values, key=lambda way: values[way], default=(START,))
        return best, values.get(best, 0.0)

    def _begin(self, case: Case) -> Walk:
        walk = Walk(case.name, list(case.things), (START,), variant=self._walks)
        walk.own[case.tool.id] = case.arguments
        return walk

    def _return(self, way: Situation) -> Walk:
        """A walk on a known path, about what its goals are about, the best goal first."""
        walk = Walk(canonical(way[1:]), [], (START,))
        for goal in sorted(self._goals[way], key=lambda one: (-one.worth, one.action))[:MOST_GOALS]:
            one = self.bindings.as_before(walk, goal.action)
            walk.join(one.things if one else ())
        return walk

    def _lower(self) -> bool:
        """Be content with less; whether that makes sense."""
        self._chooser.share /= 2
        self._tried.clear()
        return self._chooser.share > 0.05

    async def _next_case(self, session: Session) -> Case | None:
        case = self._cases.next()
        if case is None and self._searches > 0:
            self._searches -= 1
            await self._read_more(session)
            self.things.refresh(self.explorer.journal)
            case = self._cases.next()
        return case

    async def _read_more(self, session: Session) -> None:
        """Read about more things than were needed so far."""
        filler = self.explorer.filler
        for tool in self.explorer.tools:
            if not self.explorer.reads(tool) or not filler.naming(tool):
                continue
            for attempt in range(MORE_READS):
                filled = filler.fill(tool, attempt, avoid=self.bindings.is_gone, guess=False)
                if filled is not None:
                    filler.used(tool, filled)
                    await session.call(tool, filled.arguments)

    async def _acquaint(self, walk: Walk, session: Session) -> None:
        """Read what there is to read about the origin once: it belongs to the walk as well, as the lesser part."""
        if walk.origin not in self._beside:
            readings = await read_about(self.explorer, self.things, walk.things, session)
            self.things.refresh(self.explorer.journal)
            found = dict.fromkeys(thing for seen in readings for thing in self.things.shown(seen))
            self._beside[walk.origin] = [*found][:FEW]
        near = [other for thing in walk.things for other in self.things.company(thing)]
        walk.join(near)
        walk.join(self._beside[walk.origin])
        walk.join([other for thing in near for other in self.things.company(thing)])
        del walk.things[MOST_THINGS:]

    async def _go(self, walk: Walk, way: Situation, session: Session) -> None:
        """Go a known way, by calls that worked before, reach the goals there, and learn on from there."""
        if not await self._steps.follow(walk, way[1:], session):
            self._tried.update((way, goal.action) for goal in self._goals.get(way, ()))
            return
        last = len(way) + BEYOND
        while len(walk.situation) < last and await self._advance(walk, session):
            self.effects.refresh()
            if self._steps.done[walk.situation[-1][0]] == 1:
                last = len(walk.situation) + BEYOND
        await self._until_one_works(walk, session, most=0)
        await self._mend(walk, session)

    async def _advance(self, walk: Walk, session: Session) -> bool:
        """Try calls until one works; whether one did."""
        for goal in sorted(self._goals.get(walk.situation, ()), key=lambda one: self._order(walk, one)):
            self._tried.add((walk.situation, goal.action))
            known = goal.action in self.effects.exact.ends.get(walk.situation, {})
            one = None if known else self.bindings.as_before(walk, goal.action)
            if one is not None and await self._steps.take(walk, one, session):
                return True
        return await self._until_one_works(walk, session)

    async def _until_one_works(self, walk: Walk, session: Session, most: int = 2) -> bool:
        """Try the best calls of a rank of `most` at most until one works; whether one did."""
        while best := self._chooser.best(walk, most):
            if await self._steps.take(walk, best, session):
                return True
        return False

    def _order(self, walk: Walk, goal: Goal) -> tuple[bool, float, Action]:
        """Likely failures first, then what teaches most."""
        known = self.effects.exact.last_known(walk.situation, goal.action)
        return known is None or known[1] == WORKED, -goal.worth, goal.action


def _worth(way: Situation, here: Sequence[Goal]) -> float:
    """Worth per call of going to a situation."""
    return min(sum(one.worth for one in here), MOST_WORTH) / (len(way) - 1 + min(len(here), MOST_WORTH))
