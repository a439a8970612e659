"""Remedies: what may end a failure, tried right where the failure was met; then comes the failed call once more.

A call that fails after a step is likely to be mended by what that step made possible (what was hung can be taken
down), by what the error speaks of, and by what is about a thing that the error names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from toolweave.agent.probing.steps import Steps
from toolweave.agent.probing.trials import WORKED, End
from toolweave.agent.probing.walk import Prospect, Walk

MOST_REMEDIES = 3
"""Remedies tried in one walk."""
MOST_TIMES = 2
"""Times that one tool is tried against one kind of error of another."""
UNDOES, SPOKEN_OF, NAMED = 3, 2, 1
"""How much speaks for a remedy."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """A call that fails, and one that may mend it."""

    failing: Prospect
    error: End
    call: Prospect
    speaks: int
    """How much speaks for it."""


@dataclass
class Remedies:
    """Which call may mend which."""

    steps: Steps
    _tried: Counter[tuple[str, End, str]] = field(default_factory=Counter[tuple[str, End, str]])
    """(failing tool, error, remedy) → times."""

    def next(self, walk: Walk, prospects: Sequence[Prospect]) -> Remedy | None:
        """The likeliest remedy for one of the calls that fail here; `None` when nothing speaks for any."""
        found = [one for failing in prospects for one in self._for(walk, failing)]
        best = min(found, key=lambda one: (-one.speaks, one.failing.action, one.call.action), default=None)
        if best is not None:
            self._tried[best.failing.tool.id, best.error, best.call.tool.id] += 1
        return best

    def _for(self, walk: Walk, failing: Prospect) -> Iterator[Remedy]:
        """Calls, about what the failing call is about or its error names, that something speaks for."""
        error = self.steps.effects.exact.known(walk.situation, failing.action)
        if error is None or error <= WORKED:
            return
        named = walk.named.get(failing.action, ())
        near = replace(walk, things=[*named, *failing.things, *walk.things])
        for tool in self.steps.explorer.tools:
            name = failing.tool.id, error, tool.id
            mends = tool.id == failing.tool.id or self.steps.effects.shown(tool.id, failing.tool.id, "enables")
            if mends or self.steps.explorer.reads(tool) or self._tried[name] >= MOST_TIMES:
                continue
            spoken = self.steps.effects.errors.speaks_of(failing.tool.id, error, tool.id)
            for one in self.steps.bindings.prospects(near, tool):
                about = not {*named, *failing.things}.isdisjoint(one.things)
                speaks = UNDOES * self._undoes(walk, failing, one)
                speaks += SPOKEN_OF * (spoken and about) + NAMED * (not set(named).isdisjoint(one.things))
                if speaks and (one.known is None or one.known[1] <= WORKED):
                    yield Remedy(failing, error, one, speaks)

    def _undoes(self, walk: Walk, failing: Prospect, one: Prospect) -> bool:
        """Whether a step that disables the one call made the other one possible, or made what it is about."""
        made = {walk.born[thing][0] for thing in one.things if thing in walk.born}
        shown = self.steps.effects.shown
        return any(
            at in made or shown(step[0], one.tool.id, "enables")
            for at, step in enumerate(walk.situation)
            if shown(step[0], failing.tool.id, "disables")
        )
