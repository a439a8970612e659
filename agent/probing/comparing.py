"""Comparing: how calls end before and after the one that is crossed, everything else being equal.

Before it comes what likely fails, because a failing call changes nothing. After it comes what likely fails as well, and
then what tells most of it. A call that works is one more step that can have made a later difference: it is worth making
as long as it teaches something, and which step it was is found out afterwards (see `goals`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from toolweave.agent.probing.calltext import Action
from toolweave.agent.probing.session import Session
from toolweave.agent.probing.steps import Steps
from toolweave.agent.probing.trials import WORKED
from toolweave.agent.probing.walk import Prospect, Walk
from toolweave.agent.probing.worth import Worth
from toolweave.servers.json_values import canonical
from toolweave.servers.tools import Tool

MOST_BEFORE, MOST_AFTER = 6, 16
"""Calls before and after the call that is crossed."""
MOST_SPOILT = 4
"""Calls that may work after it."""
LEAST_AFTER = 0.3
"""Worth from which a call is made after it."""
NEWS = 0.5
"""Further worth of a call of a tool that never worked, after a step that has to do with it."""
BEHIND = 0.3
"""Worth of knowing how a call ends, for what could be learned from it later."""
ONWARD = 1.0
"""Worth of what could be learned after a further call, from which that call is made."""


@dataclass
class Comparing:
    """Tries calls around another one."""

    steps: Steps

    async def before(self, walk: Walk, step: Prospect, session: Session) -> None:
        """Of every tool try one call that likely fails and of which nothing is known, until one works."""
        fails, shown = self._fails(), self.steps.effects.shown
        found: dict[str, Prospect] = {}
        for one in self._closest(walk):
            known = all(shown(step.tool.id, one.tool.id, effect) for effect in ("enables", "disables"))
            if one.known is None and not known and fails[one.tool.id] >= 0 and one.action != step.action:
                found.setdefault(one.tool.id, one)
        for one in [*found.values()][:MOST_BEFORE]:
            if await self.steps.take(walk, one, session):
                return

    async def after(self, walk: Walk, session: Session) -> None:
        """Try what tells most of the steps made, and go on by what makes more to be told, until little is left."""
        spoilt = 0
        for _ in range(MOST_AFTER):
            worth, prospects = Worth(self.steps.effects, self.steps.things, walk), self._closest(walk)
            best = self._telling(worth, prospects) or self._onward(worth, prospects)
            if best is None or spoilt >= MOST_SPOILT:
                return
            spoilt += await self.steps.take(walk, best, session)

    def _telling(self, worth: Worth, prospects: Sequence[Prospect]) -> Prospect | None:
        """The call that tells most of the steps since its end was last known, if it tells enough.

        Calls that likely fail come before others.
        """
        tried, fails = self.steps.effects.exact.ends.get(worth.walk.situation, {}), self._fails()
        ranked: list[tuple[int, float, Action, Prospect]] = []
        for one in prospects:
            value = worth.now(one)
            if not self.steps.done[one.tool.id] and worth.is_touched(one):
                value += NEWS
            if one.known is None and one.places:
                value += BEHIND * worth.behind(one, prospects)
            if one.action not in tried and value >= LEAST_AFTER:
                ranked.append((self._likelihood(one, fails), -value, one.action, one))
        return min(ranked, key=lambda item: item[:3])[-1] if ranked else None

    def _likelihood(self, one: Prospect, fails: Counter[str]) -> int:
        """How likely a call works: 0 when it hardly does, 2 when it should."""
        if one.known is not None:
            return 2 if one.known[1] == WORKED else 0
        return 1 + (fails[one.tool.id] < 0) if self.steps.done[one.tool.id] else 0

    def _onward(self, worth: Worth, prospects: Sequence[Prospect]) -> Prospect | None:
        """The call after which there is most to learn from others, if it should work and there is enough."""
        ranked: list[tuple[float, Action, Prospect]] = []
        for one in prospects:
            if one.action not in worth.walk.situation and one.known is not None and one.known[1] == WORKED:
                total = sum(worth.after(one, other) for other in prospects if other.action != one.action)
                if total >= ONWARD:
                    ranked.append((-total, one.action, one))
        return min(ranked, key=lambda item: item[:2])[-1] if ranked else None

    def _fails(self) -> Counter[str]:
        """Tool id → how many more of its calls failed than worked."""
        fails = self.steps.failed.copy()
        fails.subtract(self.steps.done)
        return fails

    def _closest(self, walk: Walk) -> list[Prospect]:
        """Of every tool the calls that are about the walk's things in most places; of calls about the same, one."""
        found = sorted(self.prospects(walk), key=lambda one: one.known is None)
        own = [sum(thing in walk.things for thing in one.places.values()) for one in found]
        most: dict[str, int] = {}
        for one, count in zip(found, own, strict=True):
            most[one.tool.id] = max(count, most.get(one.tool.id, 0))
        best: dict[tuple[str, str], Prospect] = {}
        for one, count in zip(found, own, strict=True):
            if count == most[one.tool.id]:
                best.setdefault((one.tool.id, canonical(one.places)), one)
        return [*best.values()]

    def prospects(self, walk: Walk) -> list[Prospect]:
        """Calls that are about things of the walk or about nothing in particular, and those made on its way before."""
        bindings, found = self.steps.bindings, dict[Action, Prospect]()
        for tool in self.steps.explorer.tools:
            if not self.steps.explorer.reads(tool) and self._concerns(tool, walk):
                calls = bindings.prospects(walk, tool)
                found |= {one.action: one for one in calls if _is_about(walk, one)}
        for size in range(1, len(walk.situation) + 1):
            for action in self.steps.effects.exact.ends.get(walk.situation[:size], {}):
                again = None if action in found else bindings.as_before(walk, action)
                found |= {} if again is None else {again.action: again}
        return list(found.values())

    def _concerns(self, tool: Tool, walk: Walk) -> bool:
        """Whether a tool may be about the walk's things, or is about nothing in particular."""
        filler, things = self.steps.explorer.filler, self.steps.things
        links = [filler.links[tool.id, one.path] for one in filler.naming(tool)]
        return not links or any(things.fits(link, thing) for link in links for thing in walk.things)


def _is_about(walk: Walk, one: Prospect) -> bool:
    return not one.places or not set(one.things).isdisjoint(walk.things)
