"""The calls that walks make: arguments that work, or nearly so, with the walk's own things in them."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from toolweave.agent.patterns import get, place_of, put
from toolweave.agent.probing.calltext import Action, arguments_of, call_text
from toolweave.agent.probing.effects import Effects
from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.filling import Filled, fitted
from toolweave.agent.probing.session import Observation
from toolweave.agent.probing.things import Thing, Things
from toolweave.agent.probing.trials import START, WORKED, End
from toolweave.agent.probing.walk import Prospect, Walk
from toolweave.graph.fields import Scalar
from toolweave.graph.learning.links import Link
from toolweave.graph.schema import Parameter, parameters
from toolweave.servers.json_values import canonical
from toolweave.servers.tools import Tool

MOST_REPAIRS = 2
"""Times that other arguments are sought for a tool, per origin."""
FIRST_REPAIRS = 3
"""Times that other things are tried against an error that does not say what it is about."""
REPAIRS_PER_CURE = 4
"""Further times for every time that it has helped."""
MOST_SINGLE = 2
"""Parameters that alone get a thing of the walk."""
MOST_VARIANTS = 3
"""Choices of arguments per tool."""


@dataclass
class Bindings:
    """Makes calls out of walks."""

    explorer: Explorer
    things: Things
    effects: Effects
    _samples: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict[tuple[str, str], dict[str, Any]])
    """(origin, tool id) → arguments."""
    _proven: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Samples chosen when the tool had worked before."""
    _repairs: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    _sought: Counter[tuple[str, End]] = field(default_factory=Counter[tuple[str, End]])
    """Kind of error → times that other things were tried against it."""
    _cured: Counter[tuple[str, End]] = field(default_factory=Counter[tuple[str, End]])
    """Kind of error → times that other things ended it."""

    def prospects(self, walk: Walk, tool: Tool) -> list[Prospect]:
        """Calls of a tool about all the walk's things that fit, about the most telling one, and about another one.

        None where a value is missing.
        """
        arguments = self._sample(walk, tool)
        found: dict[Action, Prospect] = {}
        for filled in [] if arguments is None else self._about(walk, tool, arguments):
            one = self._prospect(walk, tool, filled)
            if one is not None:
                found.setdefault(one.action, one)
        return [*found.values()]

    def as_before(self, walk: Walk, action: Action) -> Prospect | None:
        """A call that was made in another walk along the same path; `None` when a thing in it was never made."""
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
        return self._prospect(walk, tool, filled)

    def repaired(self, walk: Walk, one: Prospect, seen: Observation) -> Prospect | None:
        """The call with other things in the places that are not the walk's, where that may help."""
        cause = (one.tool.id, self.effects.errors.end(seen))
        name = (walk.origin, one.tool.id)
        foreign = [thing for thing in one.things if thing not in walk.things]
        if not foreign or self._repairs[name] >= MOST_REPAIRS or not self._may_help(cause, foreign, seen):
            return None
        self._repairs[name] += 1
        self._sought[cause] += 1
        filled = self._filled(walk, one.tool)
        if filled is None:
            return None
        other = self._prospect(walk, one.tool, filled)
        if other is None or other.action in self.effects.exact.ends.get(walk.situation, {}):
            return None
        self._samples[name] = filled.arguments
        return replace(other, cause=cause)

    def judge(self, one: Prospect, end: End) -> None:
        """Note whether other things have ended an error."""
        if one.cause is not None and one.cause != (one.tool.id, end):
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

    def _prospect(self, walk: Walk, tool: Tool, filled: Filled) -> Prospect | None:
        links = {path: self.explorer.filler.links[tool.id, path] for path in filled.named}
        places = {path: thing for path, link in links.items() if (thing := self.things.thing(link, filled.named[path]))}
        if any(thing not in walk.born and thing not in self.things.first for thing in places.values()):
            return None
        births = {path: walk.born[thing] for path, thing in places.items() if thing in walk.born}
        action = (tool.id, call_text(filled.arguments, births))
        return Prospect(action, tool, filled, places, self.effects.expected(walk.situation, action))

    def _sample(self, walk: Walk, tool: Tool) -> dict[str, Any] | None:
        """The same ones in every walk from one origin, until a call has worked that shows better ones."""
        if tool.id in walk.own:
            return walk.own[tool.id]
        name = (walk.origin, tool.id)
        if name not in self._samples or (name not in self._proven and self.explorer.worked[tool.id]):
            arguments = self._chosen(walk, tool)
            if arguments is None:
                return self._samples.get(name)
            self._samples[name] = arguments
            if self.explorer.worked[tool.id]:
                self._proven.add(name)
        return self._samples[name]

    def _chosen(self, walk: Walk, tool: Tool) -> dict[str, Any] | None:
        """Arguments that worked once if their things exist from the start, else well-chosen ones."""
        worked = [seen.arguments for seen in self.explorer.worked[tool.id] if self.exists(seen)]
        distinct = list({canonical(arguments): arguments for arguments in worked}.values())
        if distinct and not self._variant(walk, tool):
            sure = [one for one in distinct if self._works_at_once(tool, one)] or distinct
            own = [one for one in sure if not set(walk.things).isdisjoint(self.things.given(tool, one))]
            return self.explorer.rng.choice(own or sure)
        filled = self._filled(walk, tool)
        return None if filled is None else filled.arguments

    def _works_at_once(self, tool: Tool, arguments: dict[str, Any]) -> bool:
        """Whether a call is known to work in a fresh environment."""
        return self.effects.exact.known((START,), (tool.id, call_text(arguments, {}))) == WORKED

    def _filled(self, walk: Walk, tool: Tool) -> Filled | None:
        filler, variant = self.explorer.filler, self._variant(walk, tool)
        filled = filler.fill(
            tool,
            variant,
            also=[one for one in self._offering(tool) if walk.free and variant and not one.required],
            prefer=lambda link: self._own(walk, link.tool, link.parameter.path),
            avoid=self.is_gone,
        )
        if filled is not None:
            filler.used(tool, filled)
        return filled

    def exists(self, seen: Observation) -> bool:
        """Whether everything that a call names exists on a fresh environment."""
        return all(thing in self.things.first for thing in self.things.given(seen.tool, seen.arguments))

    def choices(self, tool: Tool, most: int = MOST_VARIANTS, *, optional: bool = True) -> int:
        """How many ways there are to fill what offers a choice; leaving out what is optional is one of them."""
        offering = [one for one in self._offering(tool) if optional or one.required]
        return min(max((len(one.schema["enum"]) + (not one.required) for one in offering), default=1), most)

    def varied(self, action: Action, number: int) -> str:
        """The arguments of a call with the choice of that number in every optional place that offers one."""
        arguments = json.loads(action[1])
        for one in self._offering(self.explorer.by_id[action[0]]):
            number, options = number % (len(one.schema["enum"]) + 1), one.schema["enum"]
            if number and not one.required:
                put(arguments, one.path, options[number - 1])
        return canonical(arguments)

    def _offering(self, tool: Tool) -> list[Parameter]:
        """The parameters of a tool that offer a choice."""
        return [one for one in parameters(tool) if "enum" in one.schema]

    def _variant(self, walk: Walk, tool: Tool) -> int:
        """Which way to fill what offers a choice."""
        return walk.variant % self.choices(tool, optional=walk.free)

    def _about(self, walk: Walk, tool: Tool, arguments: dict[str, Any]) -> list[Filled]:
        """The arguments with the walk's things: wherever they fit, and in one place only."""
        own = {one.path: self._own(walk, tool, one.path) for one in self.explorer.filler.naming(tool)}
        single = [{path: things} for path, things in own.items() if things][:MOST_SINGLE]
        return [self._with(tool, arguments, choice) for choice in (own, *(single if len(own) > 1 else ()))]

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
