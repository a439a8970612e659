"""What a walk could do next, and what it would teach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolweave.agent.probing.effects import Effects
from toolweave.agent.probing.things import Thing, Things
from toolweave.agent.probing.trials import UNKNOWN, WORKED
from toolweave.agent.probing.walk import Prospect, Walk

ALSO = 0.3
"""Share of the worth of further steps, because one of them that mattered would have to be found."""
GUESSED = 0.4
"""How likely a call of which nothing is known on this path would have worked before a step."""
MOST_NOW = 2.0


@dataclass(frozen=True)
class Worth:
    """Weighs calls in one situation."""

    effects: Effects
    things: Things
    walk: Walk

    def manner(self, about: Sequence[Thing], one: Prospect) -> str:
        """By which parameters a call is about some things, such as `a=,b~`; `.` when it is about nothing.

        `!` tells that the call's error named one of the things.
        """
        if not one.places:
            return "."
        near = {path: self.things.nearness(thing, about, self.walk.ties) for path, thing in one.places.items()}
        manner = ",".join(f"{path}{how}" for path, how in sorted(near.items()) if how)
        return f"{manner}!" if not set(about).isdisjoint(self.walk.named.get(one.action, ())) else manner

    def now(self, one: Prospect) -> float:
        """What is learned from how a call ends here, about the steps since its end was last known."""
        since, before = one.known or (self._born(one), None)
        steps = range(since, len(self.walk.situation))
        each = sorted(self._of_step(at, one, WORKED if before is None else before) for at in steps)
        total = max(each, default=0.0) + sum(each[:-1]) * ALSO
        return min(total * (GUESSED if before is None else 1.0), MOST_NOW)

    def after(self, one: Prospect, other: Prospect) -> float:
        """What could be learned of one call from how another one ends after it."""
        before = other.known[1] if other.known else UNKNOWN
        manner = self.effects.manners[one.action, other.action] = self.manner(one.things, other)
        return self.effects.worth(one.action, other.action, before, manner)

    def behind(self, one: Prospect, others: Sequence[Prospect]) -> float:
        """What knowing how a call ends here makes it possible to learn from it after other calls."""
        total = sum(
            self.effects.worth(other.action, one.action, UNKNOWN, self.manner(other.things, one))
            for other in others
            if other.action != one.action and (other.known is None or other.known[1] == WORKED)
        )
        return min(total, MOST_NOW)

    def is_touched(self, one: Prospect) -> bool:
        """Whether a step since its end was last known is about what a call is about, or what belongs to it."""
        since = range((one.known or (self._born(one), None))[0], len(self.walk.situation))
        return any(mark in self.manner(self.walk.about[at], one) for at in since for mark in "=~")

    def _of_step(self, at: int, one: Prospect, before: int) -> float:
        step, manner = self.walk.situation[at], self.manner(self.walk.about[at], one)
        return self.effects.worth(step, one.action, before, manner)

    def _born(self, one: Prospect) -> int:
        """Length of the path at which everything that a call is about had been made."""
        return max((self.walk.born[thing][0] + 1 for thing in one.things if thing in self.walk.born), default=1)
