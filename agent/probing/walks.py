"""Walks: sequences of calls about the same things, from fresh environments, to find what enables and disables what.

In every situation the calls that are expected to fail come first: they change nothing, so many fit into one
situation. A call that works leads to the next situation. Walks from one origin make the very same calls up to where
most is still unknown, so that the same call is seen without and with another one before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from toolweave.agent.probing.destinations import missing_halves, most_to_learn
from toolweave.agent.probing.effects import WORKED, Action, Effects, End
from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.origins import FEW, NOWHERE, Origins
from toolweave.agent.probing.session import Observation, Session
from toolweave.agent.probing.snapshot import read_about, take_snapshot
from toolweave.agent.probing.templates import Templates
from toolweave.agent.probing.things import Thing, Things
from toolweave.agent.probing.walk import Prospect, Walk
from toolweave.graph.learning.values import distinctive
from toolweave.servers.tools import Tool

RARE = 12.0
"""How much more is learned from the first success of a tool than from one open question."""
BEYOND = 5
"""Calls that work after the end of the known path, in one walk."""
MOST_TIMES = 2
"""Times that one tool may work in one walk."""
WALKS_ALIKE = 4
"""Of so many walks from one origin, one makes other choices of arguments."""
FIRST_TIMES = 2
"""Times that a call about a thing that has just been made is tried, whatever is known of such things."""
LOOKS = 1
"""Times that outputs are read before and after a tool that seems to change nothing."""
FEWEST_WALKS = 6
"""Walks on one environment below which more things to walk from are looked for."""
MORE_READS = 4
"""Calls of each reading tool in search of more things."""
MOST_DRY = 2
"""Walks from one origin that bring nothing new, after which it is left."""
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
    _dry: Counter[str] = field(default_factory=Counter[str])
    _exhausted: set[str] = field(default_factory=set[str])
    _beside: dict[str, list[Thing]] = field(default_factory=dict[str, list[Thing]])
    """Origin → things that reading tools show beside it."""
    _environments: int = 0
    _searches: int = 3
    """Times that more things may still be looked for."""

    def __post_init__(self) -> None:
        self.things = Things(self.explorer.filler, self.explorer.reads)
        self.templates = Templates(self.explorer, self.things, self.effects)
        self._origins = Origins(self.explorer, self.things)

    async def walk_all(self, session: Session) -> bool:
        """Some walks on one fresh environment; whether there is anything left to walk from.

        Raises:
            OutOfBudget: No call is left.
            ServerLost: The server died.
        """
        origins = await self._choose(session)
        turn = self._environments % len(origins) if origins else 0
        self._environments += 1
        self.templates.begin(origins)
        for name, start in origins[turn:] + origins[:turn]:
            known = self.effects.exact.size()
            self.effects.refresh()
            walk = Walk(name, list(start), (name,), variant=_variant(self._walked[name]))
            self._walked[name] += 1
            await self._acquaint(walk, session)
            await self._walk(walk, session)
            self._dry[name] = self._dry[name] + 1 if self.effects.exact.size() == known else 0
            if self._dry[name] >= MOST_DRY:
                self._exhausted.add(name)
        return bool(origins)

    async def _choose(self, session: Session) -> list[tuple[str, list[Thing]]]:
        self.things.refresh(self.explorer.journal)
        origins = self._origins.present(self._exhausted)
        if len(origins) < FEWEST_WALKS and self._searches > 0:
            self._searches -= 1
            known = len(self.things.first)
            await self._read_more(session)
            self.things.refresh(self.explorer.journal)
            if len(self.things.first) > known:
                return self._origins.present(self._exhausted)
        return origins

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
        if walk.origin not in self._beside:
            readings = await read_about(self.explorer, self.things, walk.things, session)
            found = dict.fromkeys(thing for seen in readings for thing in self.things.shown(seen))
            self._beside[walk.origin] = [*found][:FEW]
        owners = self.templates.owners
        walk.things += [
            thing for thing in self._beside[walk.origin] if thing not in owners and thing not in walk.things
        ]

    async def _walk(self, walk: Walk, session: Session) -> None:
        """Go where most can be learned, by calls that worked before, and try from there on what is not known."""
        for action in most_to_learn(self.effects, walk.origin)[1:]:
            prospect = self.templates.as_before(walk, action)
            if prospect is None or not await self._try(walk, prospect, session):
                return
        for _ in range(BEYOND):
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
                prospect = self.templates.prospect(walk, walk.variant, tool)
                if prospect is not None:
                    found.setdefault(prospect.action, prospect)
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
        found: list[tuple[bool, bool, float, Action, Prospect]] = []
        for one in prospects:
            if one.action in self.effects.exact.ends.get(walk.situation, {}) or self._often(walk, one):
                continue
            if one.missing or self._teaches(walk, one):
                likely = not one.before and not one.known
                news = self._news(one, prospects) + RARE / (1 + self._done[one.tool.id])
                found.append((likely, not one.missing, -news, one.action, one))
        return [item[-1] for item in sorted(found, key=lambda item: item[:4])]

    def _teaches(self, walk: Walk, one: Prospect) -> bool:
        """Whether it is worth knowing how a call ends after the last step."""
        last = walk.situation[-1]
        if isinstance(last, str):
            return one.known is None
        if self.effects.suspected(last, one.tool.id):
            return True
        if one.before is None:
            return self.effects.firsts[self.effects.kind(last), one.tool.id] < FIRST_TIMES
        return not self.effects.settled(last, one.tool.id, one.before)

    def _often(self, walk: Walk, one: Prospect) -> bool:
        """Whether the tool has worked in this walk often enough."""
        return sum(step[0] == one.tool.id for step in walk.situation if not isinstance(step, str)) >= MOST_TIMES

    def _news(self, first: Prospect, prospects: Sequence[Prospect]) -> int:
        """Of how many calls it is not known how they end after `first`."""
        return sum(
            1 + 3 * self.effects.suspected(first.kind, other.tool.id)
            for other in prospects
            if other.tool.id != first.tool.id and not self.effects.settled(first.kind, other.tool.id, other.known)
        )

    async def _try(self, walk: Walk, one: Prospect, session: Session) -> bool:
        """Make one call; whether it worked and led to a new situation."""
        await self._look(walk, one, session)
        seen = await session.call(one.tool, one.filled.arguments)
        self.explorer.judge(seen, one.filled)
        if not seen.worked:
            self._failed[one.tool.id] += 1
            if not self._disturbed(walk, seen) and not self.explorer.refused(seen, one.filled):
                self._note(walk, one, self.effects.end(seen))
            repaired = self.templates.repaired(walk, one, seen)
            return repaired is not None and await self._try(walk, repaired, session)
        self.explorer.worked[one.tool.id].append(seen)
        self._done[one.tool.id] += 1
        self._note(walk, one, WORKED)
        walk.situation = (*walk.situation, one.action)
        self._take_in(walk, one, seen)
        await self._look_again(walk, one.tool, session)
        return True

    def _note(self, walk: Walk, one: Prospect, end: End) -> None:
        self.effects.exact.note(walk.situation, one.action, end)
        last = walk.situation[-1]
        if one.before is None and not isinstance(last, str):
            self.effects.firsts[self.effects.kind(last), one.tool.id] += 1
        if one.life:
            self.effects.lives.note(one.life, one.kind, end)

    def _take_in(self, walk: Walk, one: Prospect, seen: Observation) -> None:
        """What a call was given and what it made belongs to the walk from now on."""
        given = self.things.given(seen.tool, seen.arguments)
        known = {*given, *walk.things, *self.things.first}
        fresh = [thing for thing in dict.fromkeys(self.things.shown(seen)) if thing not in known][:MOST_MADE]
        walk.about([*fresh, *given])
        walk.born |= {thing: (len(walk.situation) - 1, number) for number, thing in enumerate(fresh)}
        self.templates.touched |= dict.fromkeys(one.things, walk.origin)
        self.templates.owners |= dict.fromkeys(fresh, walk.origin)

    async def _look(self, walk: Walk, one: Prospect, session: Session) -> None:
        """Read before a call of which it is not known yet what it changes."""
        if self.effects.compared[one.tool.id] >= LOOKS or one.tool.id in self.effects.changed or one.known != WORKED:
            return
        if walk.snapshot is None or walk.snapshot.situation != walk.situation:
            walk.snapshot = await take_snapshot(self.explorer, self.things, walk.things, walk.situation, session)

    async def _look_again(self, walk: Walk, tool: Tool, session: Session) -> None:
        old = walk.snapshot
        if old is None or old.situation != walk.situation[:-1]:
            return
        walk.snapshot = new = await old.again(walk.situation, session)
        self.effects.compared[tool.id] += 1
        if changed := old.differing(new):
            self.effects.changed.setdefault(tool.id, set()).update(changed)

    def _disturbed(self, walk: Walk, seen: Observation) -> bool:
        """Whether a call failed because of what another walk has done."""
        for thing, owner in self.templates.owners.items():
            value = self.things.values[thing]
            if owner != walk.origin and thing not in walk.things and distinctive(value) and seen.mentions(value):
                return True
        return False


def _variant(walked: int) -> int:
    return walked // WALKS_ALIKE + 1 if walked % WALKS_ALIKE == WALKS_ALIKE - 1 else 0
