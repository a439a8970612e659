"""The calls that walks make: the same arguments in every walk from one origin, about the walk's own things."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
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
FIRST_REPAIRS = 3
"""Times that other things are tried against an error that does not say what it is about."""
REPAIRS_PER_CURE = 4
"""Further times for every time that it has helped."""
MOST_VARIANTS = 3
"""Choices of arguments per tool."""


@dataclass
class Templates:
    """Makes calls out of walks."""

    explorer: Explorer
    things: Things
    effects: Effects
    _arguments: dict[tuple[str, Action], dict[str, Any]] = field(
        default_factory=dict[tuple[str, Action], dict[str, Any]]
    )
    _proven: set[tuple[str, Action]] = field(default_factory=set[tuple[str, Action]])
    """Arguments chosen when the tool had worked before."""
    _repairs: Counter[tuple[str, Action]] = field(default_factory=Counter[tuple[str, Action]])
    _sought: Counter[tuple[str, End]] = field(default_factory=Counter[tuple[str, End]])
    """Kind of error → times that other things were tried against it."""
    _cured: Counter[tuple[str, End]] = field(default_factory=Counter[tuple[str, End]])
    """Kind of error → times that other things ended it."""

    def prospects(self, walk: Walk, tool: Tool) -> list[Prospect]:
        """Calls of a tool about the walk's things: about all that fit, about the most telling one, about another one.

        None where a value is missing.
        """
        done = sum(step[0] == tool.id for step in walk.situation[1:])
        found: dict[Action, Prospect] = {}
        for variant in dict.fromkeys((walk.variant, walk.variant + done)):
            kind = (tool.id, str(variant % self._variants(tool)))
            arguments = self._arguments_for(walk, kind, tool)
            for filled in [] if arguments is None else self._about(walk, tool, arguments):
                one = self._prospect(walk, kind, tool, filled)
                if one is not None:
                    found.setdefault(one.action, one)
        return [*found.values()]

    def _arguments_for(self, walk: Walk, kind: Action, tool: Tool) -> dict[str, Any] | None:
        """The same ones in every walk from one origin, until a call has worked that shows better ones."""
        name = (walk.origin, kind)
        if name not in self._arguments or (name not in self._proven and self.explorer.worked[tool.id]):
            arguments = self._template(walk, kind, tool)
            if arguments is None:
                return self._arguments.get(name)
            self._arguments[name] = arguments
            if self.explorer.worked[tool.id]:
                self._proven.add(name)
        return self._arguments[name]

    def forget(self) -> None:
        """Choose arguments anew."""
        self._arguments.clear()
        self._proven.clear()

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
        """The call with other things, where that may help; found once per origin."""
        cause = (one.tool.id, self.effects.end(seen))
        if one.cause is not None and one.cause != cause:
            self._cured[one.cause] += 1
        name = (walk.origin, one.kind)
        foreign = [thing for thing in one.things if thing not in walk.things]
        if not foreign or self._repairs[name] >= MOST_REPAIRS or not self._may_help(cause, foreign, seen):
            return None
        self._repairs[name] += 1
        self._sought[cause] += 1
        filled = self._filled(walk, one.tool, int(one.kind[1]))
        if filled is None:
            return None
        self._arguments[name] = filled.arguments
        other = self._prospect(walk, one.kind, one.tool, filled)
        return None if other is None else replace(other, cause=cause)

    def cured(self, one: Prospect) -> None:
        """Note that a repaired call worked."""
        if one.cause is not None:
            self._cured[one.cause] += 1

    def _may_help(self, cause: tuple[str, End], foreign: Sequence[Thing], seen: Observation) -> bool:
        """Whether an error is about a thing that is not the walk's, or of a kind that other things have cured."""
        if any(seen.mentions(self.things.values[thing]) for thing in foreign):
            return True
        return self._sought[cause] < FIRST_REPAIRS + REPAIRS_PER_CURE * self._cured[cause]

    def is_gone(self, link: Link, value: Scalar) -> bool:
        """Whether a value names something that does not exist on a fresh environment."""
        thing = self.things.thing(link, value)
        return thing is not None and thing not in self.things.first

    def _prospect(self, walk: Walk, kind: Action, tool: Tool, filled: Filled) -> Prospect | None:
        links = {path: self.explorer.filler.links[tool.id, path] for path in filled.named}
        things = {path: thing for path, link in links.items() if (thing := self.things.thing(link, filled.named[path]))}
        if any(thing not in walk.born and thing not in self.things.first for thing in things.values()):
            return None
        births = {path: walk.born[thing] for path, thing in things.items() if thing in walk.born}
        action = (tool.id, call_text(filled.arguments, births))
        self.effects.kinds[action] = kind
        start = max((step for step, _ in births.values()), default=0)
        life = tuple(self.effects.kind(step) for step in walk.situation[start:])
        life = life if start else ()
        known = self._known(walk.situation, action, life, kind)
        before = self.effects.presumed(walk.situation[:-1], action)
        if before is None and life[:-1]:
            before = self.effects.lives.known(life[:-1], kind)
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

    def _about(self, walk: Walk, tool: Tool, arguments: dict[str, Any]) -> list[Filled]:
        """The arguments with the walk's things: wherever they fit, in one place only, or with the next best there."""
        own = {one.path: self._own(walk, tool, one.path) for one in self.explorer.filler.naming(tool)}
        rank = {self.things.values[thing]: number for number, thing in reversed([*enumerate(walk.things)])}
        best = min((path for path in own if own[path]), key=lambda path: rank[own[path][0]], default="")
        choices = [own, {best: own.get(best, [])}, own | {best: own.get(best, [])[1:]}]
        return [self._with(tool, arguments, choice) for choice in choices]

    def _with(self, tool: Tool, arguments: dict[str, Any], own: dict[str, list[Scalar]]) -> Filled:
        filled = Filled(copy.deepcopy(arguments))
        for one in self.explorer.filler.naming(tool):
            fitting = [value for value in own.get(one.path, ()) if value not in filled.named.values()]
            filled.named[one.path] = fitting[0] if fitting else get(arguments, place_of(one.path))
            put(filled.arguments, one.path, fitted(filled.named[one.path], one))
        return filled

    def _own(self, walk: Walk, tool: Tool, path: str) -> list[Scalar]:
        link = self.explorer.filler.links[tool.id, path]
        return [self.things.values[thing] for thing in walk.things if self.things.fits(link, thing)]

    def _template(self, walk: Walk, kind: Action, tool: Tool) -> dict[str, Any] | None:
        """Arguments that worked once if their things exist from the start, else well-chosen ones."""
        worked = [seen.arguments for seen in self.explorer.worked[tool.id] if self._exists(seen)]
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
            avoid=self.is_gone,
        )
        if filled is not None:
            filler.used(tool, filled)
        return filled

    def _exists(self, seen: Observation) -> bool:
        """Whether everything that a call names exists on a fresh environment."""
        return all(thing in self.things.first for thing in self.things.given(seen.tool, seen.arguments))
