"""The calls that walks make: the same arguments in every walk from one origin, and no other walk's things."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from toolweave.agent.patterns import get, place_of, put
from toolweave.agent.probing.calltext import arguments_of, call_text
from toolweave.agent.probing.effects import Action, Effects, End, Situation
from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.filling import Filled, fitted
from toolweave.agent.probing.session import Observation
from toolweave.agent.probing.things import Thing, Things
from toolweave.agent.probing.walk import Prospect, Walk
from toolweave.graph.fields import Scalar
from toolweave.graph.learning.links import Link
from toolweave.servers.json_values import canonical
from toolweave.servers.tools import Tool

MOST_REPAIRS = 2
"""Times that other arguments are sought for a tool, per origin."""
MOST_VARIANTS = 3
"""Choices of arguments per tool."""


@dataclass
class Templates:
    """Makes calls out of walks."""

    explorer: Explorer
    things: Things
    effects: Effects
    owners: dict[Thing, str] = field(default_factory=dict[Thing, str])
    """On the present environment: thing → origin of the walk that it belongs to."""
    touched: dict[Thing, str] = field(default_factory=dict[Thing, str])
    """On the present environment: thing → origin of the walk that has done something to it."""
    _arguments: dict[tuple[str, Action], dict[str, Any]] = field(
        default_factory=dict[tuple[str, Action], dict[str, Any]]
    )
    _repairs: Counter[tuple[str, Action]] = field(default_factory=Counter[tuple[str, Action]])

    def begin(self, origins: Sequence[tuple[str, list[Thing]]]) -> None:
        """Forget whose is what: a fresh environment begins."""
        self.touched = {}
        self.owners = {thing: name for name, start in origins for thing in start}

    def prospect(self, walk: Walk, variant: int, tool: Tool) -> Prospect | None:
        """A call of a tool about the walk's things; `None` when a value is missing or another walk is busy with it."""
        kind = (tool.id, str(variant % self._variants(tool)))
        arguments = self._arguments.get((walk.origin, kind)) or self._template(walk, kind, tool)
        if arguments is None:
            return None
        self._arguments[walk.origin, kind] = arguments
        return self._prospect(walk, kind, tool, self._about(walk, tool, arguments))

    def as_before(self, walk: Walk, action: Action) -> Prospect | None:
        """A call that was made in another walk from this origin, about the same things."""
        arguments = arguments_of(action, {birth: self.things.values[thing] for thing, birth in walk.born.items()})
        if arguments is None:
            return None
        tool = self.explorer.by_id[action[0]]
        filled = Filled(arguments)
        for one in self.explorer.filler.naming(tool):
            try:
                filled.named[one.path] = get(arguments, place_of(one.path))
            except KeyError:
                continue
        return self._prospect(walk, self.effects.kind(action), tool, filled)

    def repaired(self, walk: Walk, one: Prospect, seen: Observation) -> Prospect | None:
        """The call with other things, where an error is about one that is not the walk's; found once per origin."""
        name = (walk.origin, one.kind)
        foreign = [thing for thing in one.things if thing not in walk.things]
        if self._repairs[name] >= MOST_REPAIRS or not any(seen.mentions(self.things.values[item]) for item in foreign):
            return None
        self._repairs[name] += 1
        filled = self._filled(walk, one.tool, int(one.kind[1]))
        if filled is None:
            return None
        self._arguments[name] = filled.arguments
        return self.prospect(walk, int(one.kind[1]), one.tool)

    def is_gone(self, link: Link, value: Scalar) -> bool:
        """Whether a value names something that does not exist on a fresh environment."""
        thing = self.things.thing(link, value)
        return thing is not None and thing not in self.things.first

    def _prospect(self, walk: Walk, kind: Action, tool: Tool, filled: Filled) -> Prospect | None:
        links = {path: self.explorer.filler.links[tool.id, path] for path in filled.named}
        things = {path: thing for path, link in links.items() if (thing := self.things.thing(link, filled.named[path]))}
        if any(self.touched.get(thing, walk.origin) != walk.origin for thing in things.values()):
            return None
        births = {path: walk.born[thing] for path, thing in things.items() if thing in walk.born}
        action = (tool.id, call_text(filled.arguments, births))
        self.effects.kinds[action] = kind
        start = max((step for step, _ in births.values()), default=0)
        life = tuple(self.effects.kind(step) for step in walk.situation[start:] if not isinstance(step, str))
        life = life if start else ()
        known = self._known(walk.situation, action, life, kind)
        before = self._known(walk.situation[:-1], action, life[:-1], kind)
        return Prospect(action, kind, tool, filled, tuple(things.values()), life, known, before)

    def _known(self, situation: Situation, action: Action, life: Situation, kind: Action) -> End | None:
        exact = self.effects.exact.known(situation, action)
        return exact if exact is not None or not life else self.effects.lives.known(life, kind)

    def _variants(self, tool: Tool) -> int:
        """Required choices are worth trying one by one."""
        sizes = [
            len(link.parameter.schema["enum"])
            for link in self.explorer.filler.links.values()
            if link.tool.id == tool.id and link.parameter.required and "enum" in link.parameter.schema
        ]
        return min(max(sizes, default=1), MOST_VARIANTS)

    def _about(self, walk: Walk, tool: Tool, arguments: dict[str, Any]) -> Filled:
        """The arguments with the walk's things wherever they fit."""
        filled = Filled(copy.deepcopy(arguments))
        for one in self.explorer.filler.naming(tool):
            fitting = [value for value in self._own(walk, tool, one.path) if value not in filled.named.values()]
            filled.named[one.path] = fitting[0] if fitting else get(arguments, place_of(one.path))
            put(filled.arguments, one.path, fitted(filled.named[one.path], one))
        return filled

    def _own(self, walk: Walk, tool: Tool, path: str) -> list[Scalar]:
        link = self.explorer.filler.links[tool.id, path]
        return [self.things.values[thing] for thing in walk.things if self.things.fits(link, thing)]

    def _template(self, walk: Walk, kind: Action, tool: Tool) -> dict[str, Any] | None:
        """Arguments that worked once if their things exist from the start, else well-chosen ones."""
        worked = [seen.arguments for seen in self.explorer.worked[tool.id] if self._exists(seen, walk)]
        distinct = list({canonical(arguments): arguments for arguments in worked}.values())
        if distinct and kind[1] == "0" and self._variants(tool) == 1:
            own = [one for one in distinct if not set(walk.things).isdisjoint(self.things.given(tool, one))]
            return self.explorer.rng.choice(own or distinct)
        filled = self._filled(walk, tool, int(kind[1]))
        return None if filled is None else filled.arguments

    def _filled(self, walk: Walk, tool: Tool, variant: int) -> Filled | None:
        filler = self.explorer.filler
        filled = filler.fill(
            tool,
            variant,
            prefer=lambda link: self._own(walk, link.tool, link.parameter.path),
            avoid=lambda link, value: self.is_gone(link, value) or self._others(walk, self.things.thing(link, value)),
        )
        if filled is not None:
            filler.used(tool, filled)
        return filled

    def _others(self, walk: Walk, thing: Thing | None) -> bool:
        """Whether a thing is another walk's."""
        if thing is None:
            return False
        return any(whose.get(thing, walk.origin) != walk.origin for whose in (self.owners, self.touched))

    def _exists(self, seen: Observation, walk: Walk) -> bool:
        """Whether everything that a call names exists on a fresh environment and is no other walk's."""
        given = self.things.given(seen.tool, seen.arguments)
        return all(thing in self.things.first and not self._others(walk, thing) for thing in given)
