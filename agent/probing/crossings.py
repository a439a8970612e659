"""Crossings: one call tried before and after another one, on the same things and with everything else being equal.

Every tool that changes something is crossed in turn, the one that was crossed least first, by the shortest known path
to a call of it: so calls that come late on their paths are understood as well as those that come first. Before the call
comes what is likely to fail, because that changes nothing; after it, what tells most of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from toolweave.agent.probing.effects import Effects
from toolweave.agent.probing.trials import WORKED, Situation
from toolweave.agent.probing.walk import Prospect
from toolweave.agent.probing.worth import Worth

MOST_CROSSED = 5
"""Crossings of one tool."""
MOST_BEFORE, MOST_AFTER = 4, 8
"""Calls before and after the call that is crossed."""
MOST_SPOILT = 2
"""Calls that may work after it: each is one more that can have made a later difference."""
LEAST_AFTER = 0.25
"""Worth from which a call is made after it."""


@dataclass
class Crossings:
    """Which calls are to be crossed, and with what."""

    effects: Effects
    _taken: set[Situation] = field(default_factory=set[Situation])
    """Paths whose last call was crossed."""
    _count: Counter[str] = field(default_factory=Counter[str])
    """Tool id → crossings of it."""

    def next(self) -> Situation | None:
        """A path of calls that worked, the last of which is to be crossed; `None` when all were."""
        found = [
            (self._count[action[0]], len(situation), (*situation, action))
            for situation, row in self.effects.exact.ends.items()
            for action in row
            if (*situation, action) not in self._taken and self.effects.exact.known(situation, action) == WORKED
        ]
        count, _, path = min(found, key=lambda one: one[:2], default=(MOST_CROSSED, 0, None))
        if path is None or count >= MOST_CROSSED:
            return None
        self._taken.add(path)
        self._count[path[-1][0]] += 1
        return path

    def count(self, path: Situation) -> int:
        """How often the tool of the last call of a path was crossed."""
        return self._count[path[-1][0]]

    def before(self, step: Prospect, prospects: Sequence[Prospect], fails: Counter[str]) -> list[Prospect]:
        """Of every tool that a call may enable or disable one call that likely fails, and of which nothing is known.

        Args:
            step: The call that is crossed.
            prospects: What could be called before it.
            fails: Tool id → how many more of its calls failed than worked.
        """
        found: dict[str, Prospect] = {}
        for one in prospects:
            shown = all(self.effects.shown(step.tool.id, one.tool.id, effect) for effect in ("enables", "disables"))
            if one.known is None and not shown and fails[one.tool.id] >= 0 and one.action != step.action:
                found.setdefault(one.tool.id, one)
        return [*found.values()][:MOST_BEFORE]

    def after(self, worth: Worth, prospects: Sequence[Prospect], least: float) -> Prospect | None:
        """The call that tells most of the steps since its end was last known, if it tells enough."""
        tried = self.effects.exact.ends.get(worth.walk.situation, {})
        ranked = [(-worth.now(one), one.action, one) for one in prospects if one.action not in tried]
        best = min(ranked, key=lambda item: item[:2], default=None)
        return None if best is None or -best[0] < least else best[-1]
