"""Walks: chains of calls on fresh environments, which show what enables and disables what.

A walk begins with a case, a call that worked or failed before, and is about what the case is about and what belongs
to that. Calls that are likely to fail come first: they change nothing, and after every step that works they are tried
again as far as the step can have made a difference. Then comes the call that teaches most. A call that ends otherwise
than before tells which step made the difference, or calls for going back (see `goals`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from toolweave.agent.probing.bindings import Bindings
from toolweave.agent.probing.calltext import Action
from toolweave.agent.probing.cases import Case, Cases
from toolweave.agent.probing.complaints import Complaint
from toolweave.agent.probing.crossings import LEAST_AFTER, MOST_AFTER, MOST_SPOILT, Crossings
from toolweave.agent.probing.effects import START, WORKED, Effects, Situation
from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.goals import Goal, goals
from toolweave.agent.probing.prior import harm
from toolweave.agent.probing.session import Observation, Session
from toolweave.agent.probing.snapshot import read_about, take_snapshot
from toolweave.agent.probing.things import FEW, Thing, Things
from toolweave.agent.probing.walk import Prospect, Walk
from toolweave.agent.probing.worth import Worth
from toolweave.servers.json_values import canonical
from toolweave.servers.tools import Tool

NEW = 3.0
"""Worth of the first success of a tool."""
LEAST = 0.5
"""Worth from which a call is made that may fail."""
CASE_EVERY = 3
"""Of so many walks, one begins with a case whatever else there is to do."""
LEAST_STEP = 0.45
"""Worth per call of the next step, and of what follows, from which a walk goes on."""
WORTHWHILE = 0.3
"""Worth per call from which a walk goes back to a known situation."""
MOST_WORTH = 5.0
"""Worth of a known situation at most, because it can hardly stand more than a few calls."""
HARM = 0.5
"""How much a step is put off for every degree of harm that it may do to what could follow."""
USUAL = 15
"""Calls of one tool after which its further ones are worth half as much."""
CROSS_EVERY = 2
"""Of so many walks, all but one are crossings."""
BEYOND = 3
"""Steps beyond the known way in one walk."""
MOST_TIMES = 2
"""Times that one tool may work in one walk."""
LOOKS = 1
"""Times that outputs are read before and after a tool that seems to change nothing."""
MORE_READS = 4
"""Calls of each reading tool in search of more things."""
MOST_GOALS = 3
"""Goals that say what a walk is about."""
MOST_MADE = 4
"""Things taken from the output of one call."""
MOST_THINGS = 10
"""Things that a walk begins with."""


@dataclass
class Walker:
    """All walks on one server."""

    explorer: Explorer
    effects: Effects = field(default_factory=Effects)
    _done: Counter[str] = field(default_factory=Counter[str])
    """Tool id → times that it worked in walks."""
    _failed: Counter[str] = field(default_factory=Counter[str])
    _tried: set[tuple[Situation, Action]] = field(default_factory=set[tuple[Situation, Action]])
    """Goals that were gone for."""
    _beside: dict[str, list[Thing]] = field(default_factory=dict[str, list[Thing]])
    """Origin → things that reading tools show beside it."""
    _named: dict[Action, tuple[Thing, ...]] = field(default_factory=dict[Action, tuple[Thing, ...]])
    """Call → what its last error named, of what exists from the start."""
    _searches: int = 3
    """Times that more things may still be looked for."""
    _walks: int = 0
    _share: float = 1.0
    """What is left of the least worth."""

    def __post_init__(self) -> None:
        self.things = Things(self.explorer.filler, self.explorer.reads)
        self.bindings = Bindings(self.explorer, self.things, self.effects)
        self._cases = Cases(self.explorer, self.things, self.bindings)
        self._crossings = Crossings(self.effects)
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
        walk.named |= self._named
        self._walks += 1
        await self._acquaint(walk, session)
        await self._go(walk, way if case is None else (START,), session)
        return True

    async def _cross(self, path: Situation, session: Session) -> None:
        """Try calls about what the last step of a path is about before and after it."""
        walk = Walk(canonical(path[1:]), [], (START,), variant=self._crossings.count(path))
        walk.named |= self._named
        step = await self._replay(walk, path, session)
        if step is None:
            return
        walk.join([*step.things, *(other for thing in step.things for other in self.things.company(thing))], first=True)
        fails = self._failed.copy()
        fails.subtract(self._done)
        for one in self._crossings.before(step, self._prospects(walk), fails):
            if await self._try(walk, one, session):
                break
        step = self.bindings.as_before(walk, path[-1])
        if step is not None and await self._try(walk, step, session):
            await self._compare(walk, session)

    async def _replay(self, walk: Walk, path: Situation, session: Session) -> Prospect | None:
        """Go a known path up to its last step, which is returned; `None` where that is not possible any more."""
        for action in path[1:-1]:
            step = self.bindings.as_before(walk, action)
            if step is None or not await self._try(walk, step, session):
                return None
        return self.bindings.as_before(walk, path[-1])

    async def _compare(self, walk: Walk, session: Session) -> None:
        """Try what tells most of the last step, as long as the environment is not spoilt."""
        spoilt = 0
        for _ in range(MOST_AFTER):
            worth = Worth(self.effects, self.things, walk)
            best = self._crossings.after(worth, self._prospects(walk), LEAST_AFTER * self._share)
            if best is None or spoilt > MOST_SPOILT:
                return
            spoilt += await self._try(walk, best, session)

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
        self._share /= 2
        self._tried.clear()
        return self._share > 0.05

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
        for action in way[1:]:
            step = self.bindings.as_before(walk, action)
            if step is None or not await self._try(walk, step, session):
                self._tried.update((way, goal.action) for goal in self._goals.get(way, ()))
                return
        last = len(way) + BEYOND
        while len(walk.situation) < last and await self._advance(walk, session):
            self.effects.refresh()
            if self._done[walk.situation[-1][0]] == 1:
                last = len(walk.situation) + BEYOND
        await self._until_one_works(walk, session, most=0)

    async def _advance(self, walk: Walk, session: Session) -> bool:
        """Try calls until one works; whether one did."""
        for goal in sorted(self._goals.get(walk.situation, ()), key=lambda one: self._order(walk, one)):
            self._tried.add((walk.situation, goal.action))
            known = goal.action in self.effects.exact.ends.get(walk.situation, {})
            one = None if known else self.bindings.as_before(walk, goal.action)
            if one is not None and await self._try(walk, one, session):
                return True
        return await self._until_one_works(walk, session)

    async def _until_one_works(self, walk: Walk, session: Session, most: int = 2) -> bool:
        """Try the best calls of a rank of `most` at most until one works; whether one did."""
        while best := self._best(walk, self._prospects(walk), most):
            if await self._try(walk, best, session):
                return True
        return False

    def _order(self, walk: Walk, goal: Goal) -> tuple[bool, float, Action]:
        """Likely failures first, then what teaches most."""
        known = self.effects.exact.last_known(walk.situation, goal.action)
        return known is None or known[1] == WORKED, -goal.worth, goal.action

    def _prospects(self, walk: Walk) -> list[Prospect]:
        """Calls that are about things of the walk or about nothing in particular."""
        found: dict[Action, Prospect] = {}
        for tool in self.explorer.tools:
            if self.explorer.reads(tool):
                continue
            if self._concerns(tool, walk) or not self.explorer.filler.naming(tool):
                found |= {one.action: one for one in self.bindings.prospects(walk, tool) if self._is_about(walk, one)}
        for size in range(1, len(walk.situation) + 1):
            for action in self.effects.exact.ends.get(walk.situation[:size], {}):
                again = None if action in found else self.bindings.as_before(walk, action)
                found |= {} if again is None else {again.action: again}
        return list(found.values())

    def _is_about(self, walk: Walk, one: Prospect) -> bool:
        return not one.places or not set(one.things).isdisjoint(walk.things)

    def _concerns(self, tool: Tool, walk: Walk) -> bool:
        links = [self.explorer.filler.links[tool.id, one.path] for one in self.explorer.filler.naming(tool)]
        return any(self.things.fits(link, thing) for link in links for thing in walk.things)

    def _best(self, walk: Walk, prospects: Sequence[Prospect], most: int) -> Prospect | None:
        """The call to make here: likely failures first, then what is not known at all, then what teaches most."""
        worth, here = Worth(self.effects, self.things, walk), len(walk.situation)
        ranked: list[tuple[int, float, Action, Prospect]] = []
        for one in prospects:
            if one.known is not None and one.known[0] == here and one.known[1] != WORKED:
                continue
            if one.known is None and one.action in self.effects.exact.ends.get(walk.situation, {}):
                continue
            rank, value = self._value(walk, worth, one, prospects)
            if rank <= most and value >= (LEAST_STEP if rank == 2 else LEAST) * self._share:
                ranked.append((rank, self._put_off(one, rank) - value, one.action, one))
        return min(ranked, key=lambda item: item[:3])[-1] if ranked else None

    def _put_off(self, one: Prospect, rank: int) -> float:
        """How much later a call comes for the harm that it may do to what could follow."""
        return (0.0, HARM if self._done[one.tool.id] else HARM / 2, HARM / 4, 0.0)[rank] * harm(one.tool)

    def _value(self, walk: Walk, worth: Worth, one: Prospect, prospects: Sequence[Prospect]) -> tuple[int, float]:
        """How early a call should come, and what it would teach."""
        now = worth.now(one)
        if one.action == walk.situation[-1]:
            return 0, now if self.effects.again(one.action) is None and not self.effects.repeats(one.tool.id) else 0.0
        if one.known is not None and one.known[1] != WORKED:
            return 0, now
        often = sum(step[0] == one.tool.id for step in walk.situation) >= MOST_TIMES
        ahead = 0.0 if often else worth.ahead(one, prospects)
        news = NEW / (1 + self._done[one.tool.id]) / (1 + self._failed[one.tool.id] / 5)
        if one.known is None:
            calls = self._done[one.tool.id] + self._failed[one.tool.id]
            return 1, (now + worth.behind(one, prospects) + (ahead + news) / 2) / (1 + calls / USUAL)
        return (3, 0.0) if often else (2, (ahead + news) / (1 + self._done[one.tool.id] / USUAL))

    async def _try(self, walk: Walk, one: Prospect, session: Session) -> bool:
        """Make one call; whether it worked and led to a new situation."""
        await self._look(walk, one, session)
        seen = await session.call(one.tool, one.filled.arguments)
        self.explorer.judge(seen, one.filled)
        if not seen.worked:
            self._failed[one.tool.id] += 1
            if not self.explorer.refused(seen, one.filled):
                self._note(walk, one, seen)
                self._overhear(walk, one, seen)
            repaired = self.bindings.repaired(walk, one, seen)
            return repaired is not None and await self._try(walk, repaired, session)
        self.explorer.worked[one.tool.id].append(seen)
        self._done[one.tool.id] += 1
        self._note(walk, one, seen)
        walk.situation = (*walk.situation, one.action)
        again = self.effects.again(one.action)
        if again is not None:
            self.effects.exact.note(walk.situation, one.action, again)
        self._take_in(walk, one, seen)
        await self._look_again(walk, one.tool, session)
        return True

    def _note(self, walk: Walk, one: Prospect, seen: Observation) -> None:
        worth, end = Worth(self.effects, self.things, walk), self.effects.end(seen)
        self.bindings.judge(one, end)
        for step, about in zip(walk.situation[1:], walk.about[1:], strict=True):
            self.effects.manners[step, one.action] = worth.manner(about, one)
        self.effects.note(walk.situation, one.action, end)
        if not seen.worked:
            named = [thing for thing in self.things.named(seen.result.text) if thing not in one.things]
            marks = frozenset(walk.mark(thing) for thing in named)
            self.effects.complaints[walk.situation, one.action] = Complaint(seen.says, marks)

    def _overhear(self, walk: Walk, one: Prospect, seen: Observation) -> None:
        """What an error names belongs to what the call was about."""
        named = [thing for thing in self.things.named(seen.result.text) if thing not in one.things]
        present = [thing for thing in named if thing in walk.born or thing in self.things.first][:MOST_MADE]
        walk.join(present)
        if present:
            walk.named[one.action] = tuple(present)
            self._named[one.action] = tuple(thing for thing in present if thing in self.things.first)
        if present and one.things:
            walk.tie([*one.things, *present])
            self.things.relate([thing for thing in (*one.things, *present) if thing in self.things.first])

    def _take_in(self, walk: Walk, one: Prospect, seen: Observation) -> None:
        """What a call was given and what it made belongs to the walk from now on."""
        given = self.things.given(seen.tool, seen.arguments)
        known = {*given, *walk.things, *self.things.first}
        fresh = [thing for thing in dict.fromkeys(self.things.shown(seen)) if thing not in known][:MOST_MADE]
        walk.join(fresh, first=True)
        walk.about.append((*fresh, *given))
        walk.tie([*fresh, *given])
        walk.join([other for thing in given for other in self.things.company(thing)])
        walk.born |= {thing: (len(walk.situation) - 1, number) for number, thing in enumerate(fresh)}
        self.effects.about[walk.situation] = frozenset(walk.mark(thing) for thing in walk.about[-1])

    async def _look(self, walk: Walk, one: Prospect, session: Session) -> None:
        """Read before a call of which it is not known yet what it changes."""
        if one.known is None or one.known[1] != WORKED or one.action == walk.situation[-1]:
            return
        if self._understood(one.tool):
            return
        if walk.snapshot is None or walk.snapshot.situation != walk.situation:
            walk.snapshot = await take_snapshot(self.explorer, self.things, walk.things, walk.situation, session)

    async def _look_again(self, walk: Walk, tool: Tool, session: Session) -> None:
        old = walk.snapshot
        if old is None or old.situation != walk.situation[:-1] or self._understood(tool):
            return
        walk.snapshot = new = await old.again(walk.situation, session)
        self.effects.compared[tool.id] += 1
        if changed := old.differing(new):
            self.effects.changed.setdefault(tool.id, set()).update(changed)

    def _understood(self, tool: Tool) -> bool:
        """Whether it is known what a tool changes, or that it hardly changes anything."""
        return self.effects.compared[tool.id] >= LOOKS or tool.id in self.effects.changed


def _worth(way: Situation, here: Sequence[Goal]) -> float:
    """Worth per call of going to a situation."""
    return min(sum(one.worth for one in here), MOST_WORTH) / (len(way) - 1 + min(len(here), MOST_WORTH))
