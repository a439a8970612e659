"""Where walks start: calls that worked, or failed, on things that exist from the start."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from toolweave.agent.probing.bindings import Bindings
from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.session import Observation
from toolweave.agent.probing.things import Thing, Things
from toolweave.servers.json_values import canonical
from toolweave.servers.tools import Tool


@dataclass(frozen=True, slots=True)
class Case:
    """One call to walk around."""

    name: str
    tool: Tool
    arguments: dict[str, Any]
    things: tuple[Thing, ...]


@dataclass
class Cases:
    """Chooses what to walk around: of every tool one case, then of every tool the next."""

    explorer: Explorer
    things: Things
    bindings: Bindings
    _taken: Counter[str] = field(default_factory=Counter[str])
    """Tool id → cases taken."""
    _names: set[str] = field(default_factory=set[str])
    _used: Counter[Thing] = field(default_factory=Counter[Thing])

    def next(self) -> Case | None:
        """The next case, if there is one."""
        found = [one for tool in self.explorer.tools if not self.explorer.reads(tool) for one in self._of(tool)]
        if not found:
            return None
        best = min(found, key=lambda one: (self._taken[one.tool.id], self._stale(one)))
        self._taken[best.tool.id] += 1
        self._names.add(best.name)
        self._used.update(best.things)
        return best

    def _stale(self, case: Case) -> float:
        """How well known the things of a case are, on average."""
        return sum(self._used[thing] for thing in case.things) / max(len(case.things), 1)

    def _of(self, tool: Tool) -> list[Case]:
        worked = [self._case(seen) for seen in self.explorer.worked[tool.id] if self.bindings.exists(seen)]
        failed = [self._case(seen) for seen in self.explorer.journal if seen.tool is tool and self._is_refusal(seen)]
        fresh = [[one for one in ones if one.name not in self._names] for ones in (worked, failed)]
        return [*fresh[0], *([] if fresh[0] and not self._taken[tool.id] % 2 else fresh[1])]

    def _is_refusal(self, seen: Observation) -> bool:
        """Whether a call failed though everything that it names is there."""
        if seen.worked or not self.bindings.exists(seen):
            return False
        filler = self.explorer.filler
        links = [filler.links[seen.tool.id, one.path] for one in filler.naming(seen.tool)]
        given = self.things.given(seen.tool, seen.arguments)
        return all(any(self.things.fits(link, thing) for thing in given) for link in links)

    def _case(self, seen: Observation) -> Case:
        given = tuple(self.things.given(seen.tool, seen.arguments))
        return Case(canonical([seen.tool.id, seen.arguments]), seen.tool, seen.arguments, given)
