"""Where walks start: things that exist from the start, of the kinds that most tools are about."""

from __future__ import annotations

from dataclasses import dataclass

from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.things import Thing, Things
from toolweave.graph.learning.links import Link
from toolweave.graph.learning.values import key

NOWHERE = "nothing"
"""The origin of walks that are about no thing in particular."""
PER_KIND = 5
AT_ONCE = 12
"""Walks on one environment."""
FEW = 6
"""Things that are seen with more others than this hold nothing together."""


@dataclass(frozen=True)
class Origins:
    """Chooses where to walk from."""

    explorer: Explorer
    things: Things

    def present(self, exhausted: set[str]) -> list[tuple[str, list[Thing]]]:
        """(name, things) of walks for one environment: the same ones until nothing new is learned there."""
        apart: list[tuple[str, list[Thing]]] = []
        for name, start in self._wanted(exhausted):
            if not any(self._related(name, other) for other, _ in apart):
                apart.append((name, start))
        return apart[:AT_ONCE]

    def _wanted(self, exhausted: set[str]) -> list[tuple[str, list[Thing]]]:
        found: list[tuple[str, list[Thing]]] = [] if NOWHERE in exhausted else [(NOWHERE, [])]
        covered: set[str] = set()
        for links in self._kinds():
            tools = {link.tool.id for link in links}
            if tools <= covered:
                continue
            covered |= tools
            fitting = [thing for thing in self.things.first if any(self.things.fits(link, thing) for link in links)]
            fitting.sort(key=lambda thing: -self._use(thing))
            left = [(thing, [thing]) for thing in fitting if thing not in exhausted]
            found += left[: PER_KIND if len(tools) > 1 else 1]
        return found

    def _kinds(self) -> list[list[Link]]:
        """Parameters that take the same things, the kind that most tools are about first."""
        kinds: list[list[Link]] = []
        for link in self.explorer.filler.links.values():
            if (
                self.explorer.reads(link.tool)
                or not link.accepted
                or not link.parameter.required
                or link.takes_anything
            ):
                continue
            things = [thing for value in link.accepted.values() if (thing := self.things.thing(link, value))]
            same = (kind for kind in kinds if any(self.things.fits(kind[0], thing) for thing in things))
            kind = next(same, None)
            if kind is None:
                kinds.append([link])
            else:
                kind.append(link)
        return sorted(kinds, key=lambda kind: -len({link.tool.id for link in kind}))

    def _use(self, thing: Thing) -> int:
        """How many tools that are not for reading worked with a thing."""
        text = key(self.things.values[thing])
        links = (link for link in self.explorer.filler.links.values() if not self.explorer.reads(link.tool))
        return sum(text in link.worked and self.things.fits(link, thing) for link in links)

    def _related(self, one: Thing, other: Thing) -> bool:
        """Whether two things were seen together, or both with a third that is seen with few."""
        near = self.things.near
        first, second = near.get(one, {}), near.get(other, {})
        return other in first or any(len(near.get(third, {})) <= FEW for third in first if third in second)
