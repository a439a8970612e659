"""Fills the arguments of a planned call: from outputs, from what a user could say, or as an earlier call had them."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from toolweave.agent.arguments import ValueBook
from toolweave.agent.choices import can_be_told, is_wordy
from toolweave.agent.patterns import argument_leaves, get, place_of, put
from toolweave.agent.roles import Model, ValueAsk
from toolweave.agent.rows import Rows
from toolweave.agent.trace import Call, Source
from toolweave.graph.model import ToolGraph
from toolweave.graph.plan import FromCall, PlannedCall, ValueSource
from toolweave.graph.reach import TRUSTED
from toolweave.graph.schema import Parameter, parameters
from toolweave.servers.errors import ToolweaveError
from toolweave.servers.json_values import canonical
from toolweave.servers.tools import Tool

Filled = tuple[dict[str, Any], dict[str, Source]]
"""Arguments, and the source of every leaf."""


class PlanFailed(ToolweaveError):
    """A planned call could not be made to work."""

    def __init__(self, stage: str, reason: str, arguments: dict[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.stage = stage
        """Taxonomy of the failure: `plan`, `server` or `teacher`."""
        self.arguments = arguments
        """What the user would have said for the call at its first attempt, by parameter; `None` without an attempt."""


@dataclass
class Filler:
    """Arguments for the calls of one trajectory; later attempts at one call get other values."""

    graph: ToolGraph
    book: ValueBook
    model: Model
    rng: random.Random
    steps: dict[int, Call] = field(default_factory=dict[int, Call])
    """Executed calls by step number of the plan."""
    said: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the user has said in this trajectory, by parameter pattern."""
    _rows: Rows = field(default_factory=Rows)

    async def fill(self, planned: PlannedCall, turn: int, attempt: int) -> Filled:
        """Arguments for a planned call.

        Raises:
            PlanFailed: A parameter has no value.
        """
        tool = self.graph.tools[planned.tool]
        if planned.corrects is not None:
            return await self._corrected(self._done(planned.corrects), tool, planned, turn, attempt)
        arguments: dict[str, Any] = {}
        sources: dict[str, Source] = {}
        used: dict[str, set[str]] = {}
        known = {parameter.path: parameter for parameter in parameters(tool)}
        varied, twins = _varied(planned), self._said_to_twins(planned)
        for pattern, source in planned.sources.items():
            taken = twins if pattern == varied else frozenset[str]()
            found = await self._value(known[pattern], source, tool, used, turn, attempt, taken)
            if found is not None:
                put(arguments, pattern, found[0])
                sources |= {leaf: found[1] for leaf, _ in argument_leaves(found[0], place_of(pattern))}
        return arguments, sources

    async def _value(
        self,
        parameter: Parameter,
        source: ValueSource,
        tool: Tool,
        used: dict[str, set[str]],
        turn: int,
        attempt: int,
        taken: frozenset[str],
    ) -> tuple[Any, Source] | None:
        """The planned value, or what can stand in for it; `None` leaves an optional parameter out."""
        if not isinstance(source, FromCall):
            return await self._say(tool, parameter, turn, attempt, taken)
        options = (source, *self._instead_of(source, parameter.path, tool))
        found = self._first_taken(options, parameter.path, tool, used, turn, attempt)
        if found is not None or not parameter.required:
            return found
        if not self.book.speakable(tool.id, parameter.path):
            producer = self._done(source.step).tool.id
            raise PlanFailed("plan", f"{producer} returned no {source.field!r} for {tool.id} {parameter.path!r}")
        return await self._say(tool, parameter, turn, attempt, taken)

    def _first_taken(
        self,
        options: Iterable[FromCall],
        pattern: str,
        tool: Tool,
        used: dict[str, set[str]],
        turn: int,
        attempt: int,
    ) -> tuple[Any, Source] | None:
        """The value of the first source that has one."""
        for source in options:
            if (found := self._take(source, pattern, tool, used, turn, attempt)) is not None:
                return found
        return None

    def _instead_of(self, source: FromCall, pattern: str, tool: Tool) -> Iterator[FromCall]:
        """Other outputs at hand that feed the same parameter, for when the planned one is empty here."""
        for edge in self.graph.into(tool.id):
            if edge.kind == "data" and edge.target_param == pattern and edge.confidence >= TRUSTED:
                for step, call in reversed(self.steps.items()):
                    if call.tool.id == edge.source and (step, edge.source_field) != (source.step, source.field):
                        yield FromCall(step, edge.source_field, source.item)

    async def wish(self, tool: Tool, turn: int) -> Filled:
        """Arguments that a user would have in mind for a tool that is never called: its required parameters."""
        arguments: dict[str, Any] = {}
        sources: dict[str, Source] = {}
        for parameter in parameters(tool):
            if parameter.required:
                value, where = await self._say(tool, parameter, turn, 0, frozenset())
                put(arguments, parameter.path, value)
                sources |= {leaf: where for leaf, _ in argument_leaves(value, place_of(parameter.path))}
        return arguments, sources

    def spoken_of(self, tool: Tool, sources: dict[str, Source], arguments: dict[str, Any]) -> dict[str, Any]:
        """What the user says for a call, by parameter pattern."""
        places = {parameter.path: place_of(parameter.path) for parameter in parameters(tool)}
        return {
            path: get(arguments, place)
            for path, place in places.items()
            if sources.get(place) is not None and sources[place].kind == "user"
        }

    def _done(self, step: int) -> Call:
        if step not in self.steps:
            raise PlanFailed("plan", f"step {step} was not made")
        return self.steps[step]

    async def _corrected(
        self, before: Call, tool: Tool, planned: PlannedCall, turn: int, attempt: int
    ) -> tuple[dict[str, Any], dict[str, Source]]:
        """The arguments of an earlier call, one parameter changed."""
        changed = next((p for p in parameters(tool) if p.path == planned.changed), None)
        place = place_of(planned.changed or "")
        if changed is None or place not in before.sources:
            raise PlanFailed("plan", f"{tool.id}: there is no {planned.changed!r} to change")
        arguments = copy.deepcopy(before.arguments)
        sources = {leaf: _as_before(before, leaf) for leaf in before.sources}
        old = canonical(get(arguments, place))
        value, sources[place] = await self._say(tool, changed, turn, attempt, frozenset({old}))
        put(arguments, changed.path, value)
        return arguments, sources

    def _said_to_twins(self, planned: PlannedCall) -> frozenset[str]:
        """What the user has said in other calls of the same tool: now another thing is meant."""
        twins = [call for step, call in self.steps.items() if step != planned.step and call.tool.id == planned.tool]
        return frozenset(
            canonical(get(call.arguments, place))
            for call in twins
            for place, source in call.sources.items()
            if source.kind == "user"
        )

    def _take(
        self, source: FromCall, pattern: str, tool: Tool, used: dict[str, set[str]], turn: int, attempt: int
    ) -> tuple[Any, Source] | None:
        """A value of an output, `None` when there is none; a name among others that nothing tells the user says."""
        producer = self._done(source.step)
        taken = used.setdefault(producer.id, set())
        leaf = self._rows.choose(producer, source.field, source.item, taken, attempt, self.rng)
        if leaf is None:
            return None
        taken.add(leaf.place)
        if is_wordy(leaf.value) and not can_be_told(producer.result.value, leaf.place):
            return leaf.value, Source("user", turn=turn)
        return _fitted(leaf.value, pattern, tool), Source("output", call=producer.id, place=leaf.place)

    async def _say(
        self, tool: Tool, parameter: Parameter, turn: int, attempt: int, taken: frozenset[str]
    ) -> tuple[Any, Source]:
        """A value that the user would say; one that is not taken, as long as there is one."""
        choices = self.book.candidates(tool, parameter, random.Random(self.rng.randrange(2**31)))
        said = self.said.get(parameter.path)
        if attempt == 0 and canonical(said) not in taken and any(choice.value == said for choice in choices):
            return said, Source("user", turn=turn)
        choices = [choice for choice in choices if canonical(choice.value) not in taken] or choices
        if choices:
            choice = choices[attempt % len(choices)]
            return choice.value, Source("const") if choice.how == "const" else Source("user", turn=turn)
        place = place_of(parameter.path)
        reply = await self.model.value(ValueAsk(tool, place, parameter.schema, self.rng.randrange(2**31)))
        if reply.value is None:
            raise PlanFailed("plan", f"{tool.id}: parameter {parameter.path!r} has no source")
        return reply.value, Source("user", turn=turn)


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


def _fitted(value: Any, pattern: str, tool: Tool) -> Any:
    """The value in the type that the parameter wants, where that loses nothing (`7` for `"7"`)."""
    wanted = next((p.schema.get("type") for p in parameters(tool) if p.path == pattern), None)
    if wanted == "string" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if wanted == "integer" and isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    return value
