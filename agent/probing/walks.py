"""Walks: chains of calls on fresh environments, which show what enables and disables what.

First comes what exploring has shown, in environments that nothing was done to (see `seeds`). Then, in this order: what
tells which of several steps made a difference (see `goals`); calls that are crossed with others (see `crossings` and
`comparing`) and, now and then, a refusal that something may end (see `locks`); and other goals when nothing is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from toolweave.agent.probing.bindings import Bindings
from toolweave.agent.probing.calltext import Action
from toolweave.agent.probing.comparing import Comparing
from toolweave.agent.probing.crossings import Crossings
from toolweave.agent.probing.effects import Effects
from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.goals import SETTLES, Goal, goals
from toolweave.agent.probing.locks import Locks
from toolweave.agent.probing.seeds import Seeds
from toolweave.agent.probing.session import Session
from toolweave.agent.probing.snapshot import read_about
from toolweave.agent.probing.steps import Steps
from toolweave.agent.probing.things import FEW, Thing, Things
from toolweave.agent.probing.trials import START, WORKED, Situation
from toolweave.agent.probing.walk import Walk
from toolweave.servers.json_values import canonical

MOST_WORTH = 5.0
"""Worth of a known situation at most, because it can hardly stand more than a few calls."""
WORTHWHILE = 0.3
"""Worth per call from which a walk goes back to a known situation."""
UNLOCK_EVERY = 4
"""Of so many walks, one goes against a refusal first."""
MOST_READ_ABOUT = 3
"""Things of a walk that are read about."""
MOST_FAR = 10
"""Things that join a walk because they belong to what belongs to its things."""


@dataclass
class Walker:
    """All walks on one server."""

    explorer: Explorer
    effects: Effects = field(default_factory=Effects)
    _tried: set[tuple[Situation, Action]] = field(default_factory=set[tuple[Situation, Action]])
    """Goals that were gone for."""
    _beside: dict[tuple[Thing, ...], list[Thing]] = field(default_factory=dict[tuple[Thing, ...], list[Thing]])
    """Things → things that reading tools show beside them."""
    _walks: int = 0

    def __post_init__(self) -> None:
        self.things = Things(self.explorer.filler, self.explorer.reads)
        self.bindings = Bindings(self.explorer, self.things, self.effects)
        self._steps = Steps(self.explorer, self.things, self.effects, self.bindings)
        self._seeds = Seeds(self.explorer, self.things, self.bindings, self.effects)
        self._crossings = Crossings(self._steps)
        self._comparing = Comparing(self._steps)
        self._locks = Locks(self._steps)
        self._goals: dict[Situation, list[Goal]] = {}

    async def walk(self, session: Session, *, last: bool = False) -> bool:
        """One walk on a fresh environment that nothing was done to; whether there is anything left to walk for.

        Args:
            session: The environment.
            last: There will be no other environment, so nothing is done for the sake of later walks.

        Raises:
            OutOfBudget: No call is left.
            ServerLost: The server died.
        """
        self.things.refresh(self.explorer.journal)
        self.effects.refresh()
        if await self._sow(session, last=last):
            return True
        self._goals = goals(self.effects, self._tried)
        if await self._settle(session):
            return True
        self._walks += 1
        if self._walks % UNLOCK_EVERY == 0 and await self._unlock(session):
            return True
        return await self._cross(session) or await self._unlock(session) or await self._return(session)

    async def _sow(self, session: Session, *, last: bool) -> bool:
        """Make seeds until one works, in the last walk all of them, with comparisons; whether any were left."""
        walk, sown = Walk("seeds", [], (START,)), False
        while seed := self._seeds.next():
            one = self.bindings.as_before(walk, seed)
            if one is not None and one.known is None:
                walk.join(one.things, first=True)
                sown = True
                if await self._steps.take(walk, one, session):
                    if not last:
                        break
                    await self._comparing.after(walk, session)
        return sown

    async def _settle(self, session: Session) -> bool:
        """Go for what tells which step made a difference; whether there was anything to tell."""
        open_goals = {way: here for way, here in self._goals.items() if any(one.worth >= SETTLES for one in here)}
        way, worth = _best(open_goals)
        if worth > 0:
            await self._go(way, session)
        return worth > 0

    async def _return(self, session: Session) -> bool:
        """Go back for the best goals; whether there are any."""
        way, worth = _best(self._goals)
        if worth >= WORTHWHILE:
            await self._go(way, session)
        return worth >= WORTHWHILE

    async def _unlock(self, session: Session) -> bool:
        """Go against a refusal; whether there was one left."""
        lock = self._locks.next()
        if lock is not None:
            await self._locks.open(lock, session)
        return lock is not None

    async def _cross(self, session: Session) -> bool:
        """Try calls before and after the last call of a path; whether there was such a path."""
        path = self._crossings.next()
        if path is None:
            return False
        walk = Walk(canonical(path[1:]), [], (START,), variant=self._crossings.count(path))
        walk.named |= self._steps.named
        arrived = await self._steps.follow(walk, path[1:-1], session)
        step = self.bindings.as_before(walk, path[-1]) if arrived else None
        if step is None:
            return True
        walk.join(step.things, first=True)
        await self._acquaint(walk, session)
        await self._comparing.before(walk, step, session)
        step = self.bindings.as_before(walk, path[-1])
        if step is not None and await self._steps.take(walk, step, session):
            await self._comparing.after(walk, session)
        return True

    async def _acquaint(self, walk: Walk, session: Session) -> None:
        """Read what there is to read about a walk's things once: it belongs to the walk as well, as the lesser part."""
        known = tuple(thing for thing in walk.things if thing not in walk.born)[:MOST_READ_ABOUT]
        if known not in self._beside:
            self._beside[known] = []
            readings = await read_about(self.explorer, self.things, known, session)
            self.things.refresh(self.explorer.journal)
            found = dict.fromkeys(thing for seen in readings for thing in self.things.shown(seen))
            self._beside[known] = [*found][:FEW]
        near = [other for thing in walk.things for other in self.things.company(thing)]
        walk.join(near)
        walk.join(self._beside[known])
        walk.join(islice((other for thing in near for other in self.things.company(thing)), MOST_FAR))

    async def _go(self, way: Situation, session: Session) -> None:
        """Go a known way, by calls that worked before, and reach the goals there."""
        walk = Walk(canonical(way[1:]), [], (START,))
        walk.named |= self._steps.named
        if not await self._steps.follow(walk, way[1:], session):
            self._tried.update((way, goal.action) for goal in self._goals.get(way, ()))
            return
        while await self._reach(walk, session):
            self.effects.refresh()

    async def _reach(self, walk: Walk, session: Session) -> bool:
        """Try the goals of the present situation until one works; whether one did."""
        for goal in sorted(self._goals.get(walk.situation, ()), key=lambda one: self._order(walk, one)):
            self._tried.add((walk.situation, goal.action))
            known = goal.action in self.effects.exact.ends.get(walk.situation, {})
            one = None if known else self.bindings.as_before(walk, goal.action)
            if one is not None:
                walk.join(one.things)
                if await self._steps.take(walk, one, session):
                    return True
        return False

    def _order(self, walk: Walk, goal: Goal) -> tuple[bool, float, Action]:
        """Likely failures first, then what teaches most."""
        known = self.effects.exact.last_known(walk.situation, goal.action)
        return known is None or known[1] == WORKED, -goal.worth, goal.action


def _best(open_goals: dict[Situation, list[Goal]]) -> tuple[Situation, float]:
    """The situation to go back to, and its worth per call."""
    values = {way: _worth(way, here) for way, here in open_goals.items()}
    best = max(values, key=lambda way: values[way], default=(START,))
    return best, values.get(best, 0.0)


def _worth(way: Situation, here: Sequence[Goal]) -> float:
    """Worth per call of going to a situation."""
    return min(sum(one.worth for one in here), MOST_WORTH) / (len(way) - 1 + min(len(here), MOST_WORTH))
