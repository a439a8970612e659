"""Where walks start: things that exist from the start, of the kinds that most tools are about."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.things import Thing, Things
from toolweave.graph.learning.links import Link
from toolweave.graph.learning.values import key

NOWHERE = "nothing"
"""The origin of walks that are about no thing in particular."""


@dataclass(frozen=True)
class Origins:
    """Chooses where to walk from."""

    explorer: Explorer
    things: Things

    def present(self, walked: Container[str]) -> list[tuple[str, list[Thing]]]:
        """(name, things) of what was not walked from yet: the most used thing of each kind, then the next of each."""
        nowhere: list[tuple[str, list[Thing]]] = [] if NOWHERE in walked else [(NOWHERE, [])]
        covered: set[str] = set()
        ranked: list[tuple[int, Thing]] = []
        for links in self._kinds():
            tools = {link.tool.id for link in links}
            if tools <= covered:
                continue
            covered |= tools
            fitting = [thing for thing in self.things.first if any(self.things.fits(link, thing) for link in links)]
            fitting.sort(key=lambda thing: -self._use(thing))
            ranked += enumerate(fitting)
        ranked.sort(key=lambda item: item[0])
        return nowhere + [(thing, [thing]) for _, thing in ranked if thing not in walked]

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
