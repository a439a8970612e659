"""Fills the arguments of a planned call: from outputs, from what a user could say, or as an earlier call had them.

Everything that there is to decide is a slot: which row a thing is taken from, which value the user says.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from toolweave.agent.arguments import Candidate, ValueBook
from toolweave.agent.compose import CODE_CASE
from toolweave.agent.memory import Memory
from toolweave.agent.patterns import argument_leaves, get, place_of, put
from toolweave.agent.relative import near
from toolweave.agent.roles import Model, ValueAsk
from toolweave.agent.rows import Focus, Rows
from toolweave.agent.slots import Blamed, Filling, Leg, Pick, Slot, combined
from toolweave.agent.taking import Taker, Thing, thing_of
from toolweave.agent.trace import Call, Source
from toolweave.agent.value_range import widened
from toolweave.graph.model import ToolGraph
from toolweave.graph.plan import FromCall, PlannedCall, Stated, Supplied
from toolweave.graph.reach import TRUSTED
from toolweave.graph.schema import Parameter, only_value, parameters
from toolweave.servers.errors import ToolweaveError
from toolweave.servers.json_values import canonical
from toolweave.servers.tools import Tool

NEAR_SHARE = 0.8
"""Share of changes of mind for which a value is tried first that is easily said by how it differs from the old one."""
MOST_NEAR = 2
"""Such values for one change."""


class PlanFailed(ToolweaveError):
    """A planned call could not be made to work."""

    def __init__(self, stage: str, reason: str, steps: Collection[int] = ()) -> None:
        super().__init__(reason)
        self.stage = stage
        """Taxonomy of the failure: `plan`, `server` or `teacher`."""
        self.steps = frozenset(steps)
        """Earlier steps which, made otherwise, might let it work."""


@dataclass
class Voice:
    """What a user could say, from the book of values, else from the teacher, who is asked once."""

    book: ValueBook
    model: Model
    seed: int
    _made_up: dict[tuple[str, str], Candidate] = field(default_factory=dict[tuple[str, str], Candidate])

    async def candidates(self, tool: Tool, parameter: Parameter) -> list[Candidate]:
        """Values for a parameter.

        Raises:
            PlanFailed: There is none.
        """
        rng = random.Random(f"{self.seed}:{tool.id}:{parameter.path}")
        if found := self.book.candidates(tool, parameter, rng):
            return widened(_sayable(found), parameter, rng)
        key = tool.id, parameter.path
        if key not in self._made_up:
            ask = ValueAsk(tool, place_of(parameter.path), parameter.schema, rng.randrange(2**31))
            reply = await self.model.value(ask)
            if reply.value is None:
                raise PlanFailed("plan", f"{tool.id}: parameter {parameter.path!r} has no source")
            self._made_up[key] = Candidate(reply.value, "guess")
        return [self._made_up[key]]


def _sayable(choices: list[Candidate]) -> list[Candidate]:
    """The choices without words of code that only a description shows, where there are others."""
    plain = [one for one in choices if one.how != "example" or not CODE_CASE.search(str(one.value))]
    return plain or choices


@dataclass
class Filler:
    """Arguments for the calls of one trajectory on one environment."""

    graph: ToolGraph
    voice: Voice
    memory: Memory
    blame: Counter[Blamed]
    """How often each choice has led nowhere in this item."""
    steps: dict[int, Call] = field(default_factory=dict[int, Call])
    """Executed calls by step number of the plan."""
    said: dict[str, tuple[Any, int]] = field(default_factory=dict[str, tuple[Any, int]])
    """What the user has said in this trajectory, by parameter pattern, with the step that it was said for first."""
    taker: Taker = field(init=False)

    def __post_init__(self) -> None:
        self.taker = Taker(self.voice.seed, self.memory, self.blame)

    @property
    def rows(self) -> Rows:
        """How outputs are read, and which rows the trajectory is about."""
        return self.taker.rows

    async def next(self, leg: Leg) -> Filling:
        """The most promising arguments that were not tried yet; on the way back, those that worked before.

        Raises:
            PlanFailed: There are none.
        """
        planned = leg.planned
        slots = await self._slots(planned, leg.turn)
        if leg.done is not None and (again := _as_decided(slots, leg.done.picks)) is not None:
            filling = self._filling(planned, slots, again)
            if filling is not None and filling.key not in leg.tried:
                leg.done = filling
                return filling
        twins = self._twins(planned)
        for picks in combined(slots):
            filling = self._filling(planned, slots, picks)
            if filling is not None and filling.key not in leg.tried | twins and not leg.is_doomed(filling):
                return filling
        reason = leg.reason or f"{planned.tool}: there is no other value to try"
        raise PlanFailed("plan", reason, {step for slot in leg.suspects() or slots for step in slot.steps})

    def _twins(self, planned: PlannedCall) -> set[str]:
        """What a call for a further entry of a list must not be: an earlier call once more."""
        if not any(isinstance(source, FromCall) and source.item for source in planned.sources.values()):
            return set()
        return {canonical(call.arguments) for call in self.steps.values() if call.tool.id == planned.tool}

    def commit(self, planned: PlannedCall, filling: Filling) -> None:
        """Remember what was decided for a call that worked: which rows it is about, what the user has said."""
        for slot in filling.slots:
            pick = filling.picks[slot.name]
            if slot.thing is not None and slot.thing not in self.rows.focus:
                producer = next(call for call in self.steps.values() if call.id == slot.thing[0])
                leaf = next(one for one in self.rows.leaves(producer) if one.place == pick.places[0])
                self.rows.focus[slot.thing] = Focus(leaf, planned.step)
        for path, value in self.spoken_of(self.graph.tools[planned.tool], filling).items():
            self.said.setdefault(path, (value, planned.step))
            if canonical(self.said[path][0]) != canonical(value):
                self.said[path] = value, planned.step

    def spoken_of(self, tool: Tool, filling: Filling) -> dict[str, Any]:
        """What the user says for a call, by parameter pattern."""
        places = {parameter.path: place_of(parameter.path) for parameter in parameters(tool)}
        sources = filling.sources
        return {
            path: get(filling.arguments, place)
            for path, place in places.items()
            if sources.get(place) is not None and sources[place].kind == "user"
        }

    def lacks(self, planned: PlannedCall, call: Call) -> str | None:
        """What later calls need of this output and cannot get; `None` when it has all."""
        for later in self.taker.upcoming:
            for path, source in later.sources.items():
                if isinstance(source, FromCall) and source.step == planned.step:
                    least = source.item if _goes_through(later) <= {planned.step} else 0
                    enough = len({leaf.place for leaf in self.rows.of_pattern(call, source.field)}) > least
                    if not enough and not self._can_do_without(later, path):
                        return f"{planned.tool} returned no {source.field!r} for {later.tool} {path!r}"
        return None

    def _can_do_without(self, later: PlannedCall, path: str) -> bool:
        known = next((one for one in parameters(self.graph.tools[later.tool]) if one.path == path), None)
        if known is None or not known.required or self.voice.book.speakable(later.tool, path):
            return True
        source = later.sources[path]
        made = {call.tool for call in self.taker.upcoming if call.step < later.step}
        return any(
            edge.target_param == path and edge.confidence >= TRUSTED and edge.source in made
            for edge in self.graph.into(later.tool)
            if not isinstance(source, FromCall) or edge.source_field != source.field
        )

    async def _slots(self, planned: PlannedCall, turn: int) -> tuple[Slot, ...]:
        if planned.corrects is not None:
            return (await self._changed(planned, turn),)
        tool = self.graph.tools[planned.tool]
        known = {parameter.path: parameter for parameter in parameters(tool)}
        varied, twins = _varied(planned), self._said_to_twins(planned)
        things: dict[Thing, dict[str, FromCall]] = {}
        said: list[Parameter] = []
        stated = {path: source for path, source in planned.sources.items() if isinstance(source, Stated)}
        for path, source in planned.sources.items():
            if path in stated:
                continue
            found = self._at_hand(source, known[path], tool)
            if isinstance(found, FromCall):
                things.setdefault(thing_of(found, things), {})[path] = found
            elif found is not None:
                said.append(known[path])
        slots = [self.taker.slot(thing, self._done(thing[0]), group, tool, turn) for thing, group in things.items()]
        slots += [_stated_slot(tool, path, source, turn) for path, source in stated.items()]
        for parameter in said:
            taken = twins if parameter.path == varied else frozenset[str]()
            slots.append(await self._said_slot(tool, parameter, turn, taken))
        return tuple(slots)

    def _at_hand(self, source: FromCall | Supplied, parameter: Parameter, tool: Tool) -> FromCall | Supplied | None:
        """The planned source, or what can stand in for it; `None` leaves an optional parameter out."""
        if isinstance(source, Supplied):
            return source
        options = (source, *self._instead_of(source, parameter.path, tool))
        if source.item:  # what is gone through may be another list of the call's: this one has a single entry
            options = (*options, replace(source, item=0))
        for option in options:
            if self.rows.free(self._done(option.step), option.field, option.item):
                return option
        if not parameter.required:
            return None
        if self.voice.book.speakable(tool.id, parameter.path):
            return Supplied()
        producer = self._done(source.step).tool.id
        reason = f"{producer} returned no {source.field!r} for {tool.id} {parameter.path!r}"
        setters = [focus.step for (call, _), focus in self.rows.focus.items() if call == self._done(source.step).id]
        raise PlanFailed("plan", reason, [option.step for option in options] + setters)

    def _instead_of(self, source: FromCall, path: str, tool: Tool) -> Iterator[FromCall]:
        """Other outputs at hand that feed the same parameter, for when the planned one is empty here."""
        for edge in self.graph.into(tool.id):
            if edge.target_param == path and edge.confidence >= TRUSTED:
                for step, call in reversed(self.steps.items()):
                    if call.tool.id == edge.source and (step, edge.source_field) != (source.step, source.field):
                        yield FromCall(step, edge.source_field, source.item)

    async def _said_slot(self, tool: Tool, parameter: Parameter, turn: int, taken: frozenset[str]) -> Slot:
        """What the user could say; what is not taken comes first, and before it what was said under this name."""
        choices = await self.voice.candidates(tool, parameter)
        choices = [choice for choice in choices if canonical(choice.value) not in taken] or choices
        before, step = self.said.get(parameter.path, (None, None))
        reused = before is not None and canonical(before) not in taken
        only = only_value(parameter.schema)
        source = Source("user", turn=turn) if only is None else Source(only[0])
        picks = [_said_pick(tool, parameter, choice.value, source) for choice in choices]
        rank = [
            (
                self.blame[pick.blamed],
                not (reused and choice.value == before),
                self.memory.was_refused(tool.id, parameter.path, choice.value),
            )
            for pick, choice in zip(picks, choices, strict=True)
        ]
        ordered = [pick for _, pick in sorted(zip(rank, picks, strict=True), key=lambda one: one[0])]
        return Slot(f"said {parameter.path}", tuple(ordered), frozenset({step} if reused and step is not None else ()))

    async def _changed(self, planned: PlannedCall, turn: int) -> Slot:
        """The one parameter of an earlier call that the user now wants otherwise."""
        step = planned.corrects or 0
        before, tool = self._done(step), self.graph.tools[planned.tool]
        changed = next((one for one in parameters(tool) if one.path == planned.changed), None)
        place = place_of(planned.changed or "")
        if changed is None or place not in before.sources:
            raise PlanFailed("plan", f"{tool.id}: there is no {planned.changed!r} to change")
        old, source = get(before.arguments, place), Source("user", turn=turn, instead_of=(before.id, place))
        slot = await self._said_slot(tool, changed, turn, frozenset({canonical(old)}))
        values = [*self._near(tool, changed, old), *(pick.values[changed.path][0] for pick in slot.picks)]
        others = [_said_pick(tool, changed, value, source) for value in values if canonical(value) != canonical(old)]
        if not others:
            raise PlanFailed("plan", f"{tool.id}: there is no other {planned.changed!r} to say", [step])
        return Slot(slot.name, tuple(others), frozenset({step}))

    def _near(self, tool: Tool, changed: Parameter, old: Any) -> list[Any]:
        """A value that is easily said by how it differs from the old one, in a share of the changes."""
        rng = random.Random(f"{self.voice.seed}:{tool.id}:{changed.path}:{old}")
        return near(old, changed, rng)[:MOST_NEAR] if rng.random() < NEAR_SHARE else []

    def _filling(self, planned: PlannedCall, slots: Sequence[Slot], picks: dict[str, Pick]) -> Filling | None:
        """The arguments of these choices; `None` when two parameters would take one and the same thing."""
        leading = [(slot.thing[0], picks[slot.name].places[0]) for slot in slots if slot.thing is not None]
        if len(set(leading)) < len(leading):
            return None
        values = {path: value for slot in slots for path, value in picks[slot.name].values.items()}
        arguments: dict[str, Any] = {}
        sources: dict[str, Source] = {}
        if planned.corrects is not None:
            before = self._done(planned.corrects)
            arguments = copy.deepcopy(before.arguments)
            sources = {leaf: _as_before(before, leaf) for leaf in before.sources}
        for path in planned.sources:
            if path in values:
                put(arguments, path, values[path][0])
                sources |= {leaf: values[path][1] for leaf, _ in argument_leaves(values[path][0], place_of(path))}
        return Filling(arguments, sources, picks, tuple(slots))

    async def wish(self, tool: Tool, turn: int) -> Filling:
        """Arguments that a user would have in mind for a tool that is never called: its required parameters."""
        needed = [parameter for parameter in parameters(tool) if parameter.required]
        slots = [await self._said_slot(tool, parameter, turn, frozenset()) for parameter in needed]
        planned = PlannedCall(-1, tool.id, {parameter.path: Supplied() for parameter in needed}, "target")
        filling = self._filling(planned, slots, {slot.name: slot.picks[0] for slot in slots})
        assert filling is not None
        return filling

    def _done(self, step: int) -> Call:
        if step not in self.steps:
            raise PlanFailed("plan", f"step {step} was not made")
        return self.steps[step]

    def _said_to_twins(self, planned: PlannedCall) -> frozenset[str]:
        """What the user has said in other calls of the same tool: now another thing is meant."""
        twins = [call for step, call in self.steps.items() if step != planned.step and call.tool.id == planned.tool]
        return frozenset(
            canonical(get(call.arguments, place))
            for call in twins
            for place, source in call.sources.items()
            if source.kind == "user"
        )


def _as_decided(slots: Sequence[Slot], picks: dict[str, Pick]) -> dict[str, Pick] | None:
    """The choices that were made before, among those that there are now; `None` when one is gone."""
    found: dict[str, Pick] = {}
    for slot in slots:
        before = picks.get(slot.name, slot.picks[0])
        same = before if not before.places else next((one for one in slot.picks if one.places == before.places), None)
        if same is None:
            return None
        found[slot.name] = same
    return found


def _said_pick(tool: Tool, parameter: Parameter, value: Any, source: Source) -> Pick:
    return _pick_of(tool, parameter.path, value, source)


def _pick_of(tool: Tool, path: str, value: Any, source: Source) -> Pick:
    return Pick({path: (value, source)}, ("said", tool.id, path, canonical(value)))


def _stated_slot(tool: Tool, path: str, stated: Stated, turn: int) -> Slot:
    """The one value that a parameter is to have; a list may be stated whole, under its name alone."""
    source = Source("user", turn=turn) if stated.schema is None else Source(stated.schema)
    return Slot(f"said {path}", (_pick_of(tool, path, stated.value, source),))


def _goes_through(planned: PlannedCall) -> set[int]:
    """Steps whose lists a call takes a further entry of."""
    return {source.step for source in planned.sources.values() if isinstance(source, FromCall) and source.item}


def _varied(planned: PlannedCall) -> str | None:
    """The parameter that tells a call from others of the same tool; `None` when what it is fed with does."""
    if any(isinstance(source, FromCall) for source in planned.sources.values()):
        return None
    return next(iter(planned.sources), None)


def _as_before(call: Call, leaf: str) -> Source:
    """Source of a leaf that a later call takes over from `call`."""
    source = call.sources[leaf]
    if source.kind != "user":
        return source
    return Source("user", turn=source.turn, said_for=source.said_for or (call.id, leaf))
