"""Choosing what a walk does next: likely failures first, which change nothing, then what teaches most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolweave.agent.probing.calltext import Action
from toolweave.agent.probing.prior import harm
from toolweave.agent.probing.steps import Steps
from toolweave.agent.probing.trials import WORKED
from toolweave.agent.probing.walk import Prospect, Walk
from toolweave.agent.probing.worth import Worth
from toolweave.servers.tools import Tool

NEW = 3.0
"""Worth of the first success of a tool."""
LEAST = 0.5
"""Worth from which a call is made that may fail."""
LEAST_STEP = 0.45
"""Worth per call of the next step, and of what follows, from which a walk goes on."""
HARM = 0.5
"""How much a step is put off for every degree of harm that it may do to what could follow."""
USUAL = 15
"""Calls of one tool after which its further ones are worth half as much."""
MOST_TIMES = 2
"""Times that one tool may work in one walk."""


@dataclass
class Chooser:
    """Knows what could be called in a walk, and what should."""

    steps: Steps
    share: float = 1.0
    """What is left of the least worth."""

    def prospects(self, walk: Walk) -> list[Prospect]:
        """Calls that are about things of the walk or about nothing in particular."""
        found: dict[Action, Prospect] = {}
        for tool in self.steps.explorer.tools:
            if not self.steps.explorer.reads(tool) and self._concerns(tool, walk):
                calls = self.steps.bindings.prospects(walk, tool)
                found |= {one.action: one for one in calls if self._is_about(walk, one)}
        for size in range(1, len(walk.situation) + 1):
            for action in self.steps.effects.exact.ends.get(walk.situation[:size], {}):
                again = None if action in found else self.steps.bindings.as_before(walk, action)
                found |= {} if again is None else {again.action: again}
        return list(found.values())

    def _is_about(self, walk: Walk, one: Prospect) -> bool:
        return not one.places or not set(one.things).isdisjoint(walk.things)

    def _concerns(self, tool: Tool, walk: Walk) -> bool:
        """Whether a tool may be about the walk's things, or is about nothing in particular."""
        filler, things = self.steps.explorer.filler, self.steps.things
        links = [filler.links[tool.id, one.path] for one in filler.naming(tool)]
        return not links or any(things.fits(link, thing) for link in links for thing in walk.things)

    def best(self, walk: Walk, most: int) -> Prospect | None:
        """The best call of a rank of `most` at most: likely failures first, then what is not known, then the rest."""
        prospects, worth = self.prospects(walk), Worth(self.steps.effects, self.steps.things, walk)
        ranked: list[tuple[int, float, Action, Prospect]] = []
        for one in prospects:
            if self._is_settled(walk, one):
                continue
            rank, value = self._value(walk, worth, one, prospects)
            if rank <= most and value >= (LEAST_STEP if rank == 2 else LEAST) * self.share:
                ranked.append((rank, self._put_off(one, rank) - value, one.action, one))
        return min(ranked, key=lambda item: item[:3])[-1] if ranked else None

    def _is_settled(self, walk: Walk, one: Prospect) -> bool:
        """Whether a call was tried here, and failed or ended now so and now so."""
        if one.known is None:
            return one.action in self.steps.effects.exact.ends.get(walk.situation, {})
        return one.known[0] == len(walk.situation) and one.known[1] != WORKED

    def _put_off(self, one: Prospect, rank: int) -> float:
        """How much later a call comes for the harm that it may do to what could follow."""
        return (0.0, HARM if self.steps.done[one.tool.id] else HARM / 2, HARM / 4, 0.0)[rank] * harm(one.tool)

    def _value(self, walk: Walk, worth: Worth, one: Prospect, prospects: Sequence[Prospect]) -> tuple[int, float]:
        """How early a call should come, and what it would teach."""
        now, tool, effects = worth.now(one), one.tool.id, self.steps.effects
        if one.action == walk.situation[-1]:
            return 0, now if effects.again(one.action) is None and not effects.repeats(tool) else 0.0
        if one.known is not None and one.known[1] != WORKED:
            return 0, now
        done, failed = self.steps.done[tool], self.steps.failed[tool]
        often = sum(step[0] == tool for step in walk.situation) >= MOST_TIMES
        ahead = 0.0 if often else worth.ahead(one, prospects)
        news = NEW / (1 + done) / (1 + failed / 5)
        if one.known is None:
            return 1, (now + worth.behind(one, prospects) + (ahead + news) / 2) / (1 + (done + failed) / USUAL)
        return (3, 0.0) if often else (2, (ahead + news) / (1 + done / USUAL))
