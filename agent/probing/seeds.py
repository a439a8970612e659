"""Seeds: the calls that exploring made, to be made again where nothing was done yet.

What worked, or was refused, while exploring had other calls before it. Only in a fresh environment it shows how it ends
by itself; what works there is crossed, what fails is a lock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from toolweave.agent.probing.bindings import Bindings
from toolweave.agent.probing.calltext import Action, call_text
from toolweave.agent.probing.effects import Effects
from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.session import Observation
from toolweave.agent.probing.things import Things
from toolweave.servers.tools import Tool

MOST_WORKED, MOST_REFUSED = 2, 2
"""Seeds of one tool that worked, and that failed for one kind of reason."""


@dataclass
class Seeds:
    """Calls that are to be made in a fresh environment; refusals come first, because they change nothing."""

    explorer: Explorer
    things: Things
    bindings: Bindings
    effects: Effects
    _left: list[Action] | None = field(default=None)

    def next(self) -> Action | None:
        """The next one."""
        if self._left is None:
            self._left = [*dict.fromkeys((*self._refused(), *self._worked()))]
        return self._left.pop(0) if self._left else None

    def _worked(self) -> Iterator[Action]:
        for tool in self._writers():
            calls = [_action(seen) for seen in self.explorer.worked[tool.id] if self.bindings.exists(seen)]
            yield from [*dict.fromkeys(calls)][:MOST_WORKED]

    def _refused(self) -> Iterator[Action]:
        for tool in self._writers():
            counts: Counter[int] = Counter()
            for seen in self.explorer.journal:
                if seen.tool is not tool or not self._is_refusal(seen):
                    continue
                kind = self.effects.errors.end(seen)
                counts[kind] += 1
                if counts[kind] <= MOST_REFUSED:
                    yield _action(seen)

    def _writers(self) -> list[Tool]:
        return [tool for tool in self.explorer.tools if not self.explorer.reads(tool)]

    def _is_refusal(self, seen: Observation) -> bool:
        """Whether a call failed though everything that it names is there."""
        if seen.worked or not self.bindings.exists(seen):
            return False
        filler = self.explorer.filler
        links = [filler.links[seen.tool.id, one.path] for one in filler.naming(seen.tool)]
        given = self.things.given(seen.tool, seen.arguments)
        return all(any(self.things.fits(link, thing) for thing in given) for link in links)


def _action(seen: Observation) -> Action:
    return seen.tool.id, call_text(seen.arguments, {})
