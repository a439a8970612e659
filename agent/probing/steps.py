"""Steps: the calls that walks make, and what each of them shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from toolweave.agent.probing.bindings import Bindings
from toolweave.agent.probing.calltext import Action
from toolweave.agent.probing.complaints import Complaint
from toolweave.agent.probing.effects import Effects
from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.session import Observation, Session
from toolweave.agent.probing.snapshot import take_snapshot
from toolweave.agent.probing.things import Thing, Things
from toolweave.agent.probing.trials import WORKED
from toolweave.agent.probing.walk import Prospect, Walk
from toolweave.agent.probing.worth import Worth
from toolweave.servers.tools import Tool

LOOKS = 1
"""Times that outputs are read before and after a tool that seems to change nothing."""
MOST_MADE = 4
"""Things taken from the output of one call."""


@dataclass
class Steps:
    """Makes calls and takes in what they show."""

    explorer: Explorer
    things: Things
    effects: Effects
    bindings: Bindings
    done: Counter[str] = field(default_factory=Counter[str])
    """Tool id → times that it worked in walks."""
    failed: Counter[str] = field(default_factory=Counter[str])
    """Tool id → times that it failed in walks."""
    named: dict[Action, tuple[Thing, ...]] = field(default_factory=dict[Action, tuple[Thing, ...]])
    """Call → what its last error named, of what exists from the start."""

    async def follow(self, walk: Walk, actions: Sequence[Action], session: Session) -> bool:
        """Make calls that worked on the same path before; whether all of them did again."""
        for action in actions:
            step = self.bindings.as_before(walk, action)
            if step is None or not await self.take(walk, step, session):
                return False
        return True

    async def take(self, walk: Walk, one: Prospect, session: Session) -> bool:
        """Make one call; whether it worked and led to a new situation."""
        await self._look(walk, one, session)
        seen = await session.call(one.tool, one.filled.arguments)
        self.explorer.judge(seen, one.filled)
        if not seen.worked:
            self.failed[one.tool.id] += 1
            if not self.explorer.refused(seen, one.filled):
                self._note(walk, one, seen)
                self._overhear(walk, one, seen)
            repaired = self.bindings.repaired(walk, one, seen)
            return repaired is not None and await self.take(walk, repaired, session)
        if not walk.free or not self.explorer.worked[one.tool.id]:
            self.explorer.worked[one.tool.id].append(seen)
        self.done[one.tool.id] += 1
        self._note(walk, one, seen)
        walk.situation = (*walk.situation, one.action)
        again = self.effects.again(one.action)
        if again is not None:
            self.effects.exact.note(walk.situation, one.action, again)
        self._take_in(walk, one, seen)
        await self._look_again(walk, one.tool, session)
        return True

    def _note(self, walk: Walk, one: Prospect, seen: Observation) -> None:
        worth, end = Worth(self.effects, self.things, walk), self.effects.errors.end(seen)
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
            self.named[one.action] = tuple(thing for thing in present if thing in self.things.first)
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
        walk.join(given)
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
