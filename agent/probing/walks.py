"""Walks: sequences of calls about the same things, from fresh environments, to find what enables and disables what.

In every situation the calls that are expected to fail come first: they change nothing, so many fit into one
situation. A call that works leads to the next situation; it is made again at once, because what is refused the second
time shows later what makes it possible again. Every walk has an environment to itself. Half of the walks begin from
something new, the others go back to where most is still unknown, so that the same call is seen without and with
another one before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from toolweave.agent.probing.destinations import missing_halves, most_to_learn, open_questions
from toolweave.agent.probing.effects import APART, CLOSE, PARTLY, START, WORKED, Action, Effects, End, Situation
from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.origins import NOWHERE, Origins
from toolweave.agent.probing.session import Observation, Session
from toolweave.agent.probing.snapshot import read_about, take_snapshot
from toolweave.agent.probing.templates import Templates
from toolweave.agent.probing.things import FEW, Thing, Things
from toolweave.agent.probing.walk import Prospect, Walk
from toolweave.servers.tools import Tool

RARE = 12.0
"""How much more is learned from the first success of a tool than from one open question."""
BEYOND = 5
"""Calls that work after the end of the known path, in one walk."""
MOST_TIMES = 2
"""Times that one tool may work in one walk."""
WALKS_ALIKE = 4
"""Of so many walks from one origin, one makes other choices of arguments."""
LOOKS = 1
"""Times that outputs are read before and after a tool that seems to change nothing."""
MORE_READS = 4
"""Calls of each reading tool in search of more things."""
ENOUGH = 1.0
"""Open questions per call from which a known way is gone again."""
MOST_RETURNS = 1
"""Walks on known ways, after which one begins from something new."""
HOPELESS = 15
"""Failures in walks after which a tool that never worked is left alone."""
MOST_MADE = 4
"""Things taken from the output of one call."""


@dataclass
class Walker:
    """All walks on one server."""

    explorer: Explorer
    effects: Effects = field(default_factory=Effects)
    _walked: Counter[str] = field(default_factory=Counter[str])
    _done: Counter[str] = field(default_factory=Counter[str])
    """Tool id → times that it worked in walks."""
    _failed: Counter[str] = field(default_factory=Counter[str])
    _starts: dict[Action, tuple[str, list[Thing]]] = field(default_factory=dict[Action, tuple[str, list[Thing]]])
    """First call of a walk → where the walk began."""
    _barren: set[Situation] = field(default_factory=set[Situation])
    """Situations that were returned to in vain."""
    _since: int = 0
    """Walks since one began from something new."""
    _beside: dict[str, list[Thing]] = field(default_factory=dict[str, list[Thing]])
    """Origin → things that reading tools show beside it."""
    _searches: int = 3
    """Times that more things may still be looked for."""
    _again: int = 3
    """Times that all may begin anew, with other arguments."""

    def __post_init__(self) -> None:
        self.things = Things(self.explorer.filler, self.explorer.reads)
        self.templates = Templates(self.explorer, self.things, self.effects)
        self._origins = Origins(self.explorer, self.things)

    async def walk(self, session: Session) -> bool:
        """One walk on a fresh environment that nothing was done to; whether there is anything left to walk from.

        Raises:
            OutOfBudget: No call is left.
            ServerLost: The server died.
        """
        self.things.refresh(self.explorer.journal)
        self.effects.refresh()
        way, worth = most_to_learn(self.effects, self._barren)
        origin = await self._unwalked(session) if worth < ENOUGH or self._since >= MOST_RETURNS else None
        if origin is None and not worth:
            return self._begin_anew()
        self._since = 0 if origin else self._since + 1
        name, start = origin or self._starts[way[1]]
        walk = Walk(name, list(start), (START,), variant=_variant(sum(self._walked.values())))
        self._walked[name] += 1
        known = self.effects.exact.size()
        await self._acquaint(walk, session)
        await self._walk(walk, (START,) if origin else way, session)
        if self.effects.exact.size() == known:
            self._barren.add(way)
        for action in walk.situation[1:2]:
            self._starts.setdefault(action, (name, start))
        return True

    def _begin_anew(self) -> bool:
        """Try what seemed settled again, with other arguments; whether that was not done often enough."""
        self._again -= 1
        self.effects.patience += 1
        self.templates.forget()
        self._walked.clear()
        self._barren.clear()
        return self._again >= 0

    async def _unwalked(self, session: Session) -> tuple[str, list[Thing]] | None:
        """Something that no walk has begun from."""
        found = self._origins.present(self._walked)
        if not found and self._searches > 0:
            self._searches -= 1
            await self._read_more(session)
            self.things.refresh(self.explorer.journal)
            found = self._origins.present(self._walked)
        return next(iter(found), None)

    async def _read_more(self, session: Session) -> None:
        """Read about more things than were needed so far."""
        filler = self.explorer.filler
        for tool in self.explorer.tools:
            if not self.explorer.reads(tool) or not filler.naming(tool):
                continue
            for attempt in range(MORE_READS):
                filled = filler.fill(tool, attempt, avoid=self.templates.is_gone, guess=False)
                if filled is not None:
                    filler.used(tool, filled)
                    await session.call(tool, filled.arguments)

    async def _acquaint(self, walk: Walk, session: Session) -> None:
        """Read what there is to read about the origin once: it belongs to the walk as well, as the lesser part."""
        walk.join([other for thing in walk.things for other in self.things.company(thing)])
        if walk.origin not in self._beside:
            readings = await read_about(self.explorer, self.things, walk.things, session)
            found = dict.fromkeys(thing for seen in readings for thing in self.things.shown(seen))
            self._beside[walk.origin] = [*found][:FEW]
        walk.join(self._beside[walk.origin])
        walk.last = tuple(walk.things)

    async def _walk(self, walk: Walk, way: Situation, session: Session) -> None:
        """Go a known way, by calls that worked before, and try from there on what is not known."""
        for action in way[1:]:
            prospect = self.templates.as_before(walk, action)
            if prospect is None or not await self._try(walk, prospect, session):
                return
        for _ in range(BEYOND):
            self.effects.refresh()
            for prospect in self._untried(walk, self._prospects(walk)):
                if await self._try(walk, prospect, session):
                    break
            else:
                return

    def _prospects(self, walk: Walk) -> list[Prospect]:
        """Calls that are about things of the walk or about nothing in particular, and calls missing here."""
        found: dict[Action, Prospect] = {}
        for tool in self.explorer.tools:
            if self.explorer.reads(tool) or (self._failed[tool.id] >= HOPELESS and not self.explorer.worked[tool.id]):
                continue
            if self._concerns(tool, walk) or (walk.origin == NOWHERE and not self.explorer.filler.naming(tool)):
                found |= {one.action: one for one in self.templates.prospects(walk, tool)}
        for action in (*walk.situation[1:], *open_questions(self.effects, walk.situation)):
            again = self.templates.as_before(walk, action)
            found |= {} if again is None else {again.action: again}
        for action in missing_halves(self.effects, walk.situation):
            prospect = self.templates.as_before(walk, action)
            if prospect is not None:
                found[action] = replace(prospect, missing=True)
        return list(found.values())

    def _concerns(self, tool: Tool, walk: Walk) -> bool:
        links = [self.explorer.filler.links[tool.id, one.path] for one in self.explorer.filler.naming(tool)]
        return any(self.things.fits(link, thing) for link in links for thing in walk.things)

    def _untried(self, walk: Walk, prospects: Sequence[Prospect]) -> list[Prospect]:
        """What is worth trying here: likely failures first, then what leads to the least known."""
        found: list[tuple[bool, bool, bool, float, Action, Prospect]] = []
        for one in prospects:
            if one.action in self.effects.exact.ends.get(walk.situation, {}) or self._often(walk, one):
                continue
            if one.missing or self._teaches(walk, one):
                repeats, works = one.action == walk.situation[-1], not one.before and not one.known
                news = self._news(walk, one, prospects) + RARE / (1 + self._done[one.tool.id])
                found.append((not repeats, works, not one.missing, -news, one.action, one))
        ordered = [item[-1] for item in sorted(found, key=lambda item: item[:5])]
        alike: dict[tuple[str, End | None, bool], Prospect] = {}
        for one in sorted(ordered, key=lambda one: -self._closeness(walk, walk.last, one)):
            alike.setdefault((one.tool.id, one.before, one.missing), one)
        return [one for one in ordered if one.before is None or one in alike.values()]

    def _teaches(self, walk: Walk, one: Prospect) -> bool:
        """Whether it is worth knowing how a call ends after the last step."""
        last = walk.situation[-1]
        if last == START:
            return one.known is None and (not one.things or self._closeness(walk, walk.last, one) > APART)
        if one.action == last:
            return not self.effects.repeatable(one.tool.id)
        if self.effects.suspected(last, one.tool.id):
            return True
        if one.before is None:
            return self.effects.firsts[self.effects.kind(last), one.tool.id] < self.effects.patience
        return not self.effects.settled(last, one.tool.id, self._closeness(walk, walk.last, one), one.before)

    def _closeness(self, walk: Walk, last: Sequence[Thing], one: Prospect) -> int:
        """How many of the things that a call is about belong to those of the last call."""
        near = [any(self._belong(walk, thing, other) for other in last) for thing in one.things]
        if all(near):
            return CLOSE if near else PARTLY
        return PARTLY if any(near) else APART

    def _belong(self, walk: Walk, thing: Thing, other: Thing) -> bool:
        return thing == other or thing in walk.ties.get(other, ()) or self.things.together(thing, other)

    def _often(self, walk: Walk, one: Prospect) -> bool:
        """Whether the tool has worked in this walk often enough."""
        return sum(step[0] == one.tool.id for step in walk.situation) >= MOST_TIMES

    def _news(self, walk: Walk, first: Prospect, prospects: Sequence[Prospect]) -> int:
        """Of how many calls it is not known how they end after `first`."""
        open_questions = 0
        for other in prospects:
            close = self._closeness(walk, first.things, other)
            name = other.tool.id
            if name != first.tool.id and not self.effects.settled(first.action, name, close, other.known):
                open_questions += 1 + 3 * self.effects.suspected(first.action, name)
        return open_questions

    async def _try(self, walk: Walk, one: Prospect, session: Session) -> bool:
        """Make one call; whether it worked and led to a new situation."""
        await self._look(walk, one, session)
        seen = await session.call(one.tool, one.filled.arguments)
        self.explorer.judge(seen, one.filled)
        if not seen.worked:
            self._failed[one.tool.id] += 1
            if not self.explorer.refused(seen, one.filled):
                self._note(walk, one, self.effects.end(seen))
            repaired = self.templates.repaired(walk, one, seen)
            return repaired is not None and await self._try(walk, repaired, session)
        self.explorer.worked[one.tool.id].append(seen)
        self._done[one.tool.id] += 1
        self.templates.cured(one)
        self._note(walk, one, WORKED)
        walk.situation = (*walk.situation, one.action)
        again = self.effects.again(one.action)
        if again is not None:
            self.effects.exact.note(walk.situation, one.action, again)
        self._take_in(walk, one, seen)
        await self._look_again(walk, one.tool, session)
        return True

    def _note(self, walk: Walk, one: Prospect, end: End) -> None:
        self.effects.exact.note(walk.situation, one.action, end)
        last = walk.situation[-1]
        if last != START:
            self.effects.closeness[last, one.action] = self._closeness(walk, walk.last, one)
        if one.before is None and last != START:
            self.effects.firsts[self.effects.kind(last), one.tool.id] += 1
        if one.life:
            self.effects.lives.note(one.life, one.kind, end)

    def _take_in(self, walk: Walk, one: Prospect, seen: Observation) -> None:
        """What a call was given and what it made belongs to the walk from now on."""
        given = self.things.given(seen.tool, seen.arguments)
        known = {*given, *walk.things, *self.things.first}
        fresh = [thing for thing in dict.fromkeys(self.things.shown(seen)) if thing not in known][:MOST_MADE]
        walk.about([*fresh, *given])
        walk.tie([*fresh, *given])
        walk.join([other for thing in given for other in self.things.company(thing)])
        walk.born |= {thing: (len(walk.situation) - 1, number) for number, thing in enumerate(fresh)}

    async def _look(self, walk: Walk, one: Prospect, session: Session) -> None:
        """Read before a call of which it is not known yet what it changes."""
        if one.known != WORKED or self._understood(one.tool):
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


def _variant(walked: int) -> int:
    return walked // WALKS_ALIKE + 1 if walked % WALKS_ALIKE == WALKS_ALIKE - 1 else 0
