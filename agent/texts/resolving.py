"""What gives the arguments of a call that a step asks for.

Contract: an argument is what the text says, what an earlier step's tool returns, what a look-up by a name in the text
finds, or what the schema fixes or defaults to. A required one that none of them gives leaves the step unresolved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from toolweave.agent.argument_values import is_identifying
from toolweave.agent.offline.fitting import Slot, options_of
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.texts.hearing import HOW_MANY, LIMITS, is_looked_for, slots_of
from toolweave.agent.texts.procedures import Step
from toolweave.agent.texts.values import Given, Reading, is_passed_on
from toolweave.agent.texts.wording import spoken
from toolweave.graph.model import Edge, ToolGraph
from toolweave.graph.schema import only_value
from toolweave.graph.words import words
from toolweave.servers.json_values import is_list
from toolweave.servers.tools import Tool

FED = 0.3
"""Belief in an edge from which an earlier step's output gives a required argument."""
SURELY_FED = 0.5
"""The same for an argument that may be left out, and that the step speaks of."""
ALIKE = 0.15
"""Difference of beliefs in two edges up to which the later step is meant."""
POINTS_BACK = re.compile(r"\b(?:it|them|him|her|there)\b", re.IGNORECASE)
_POSSESSIVE = frozenset("her his their its".split())


@dataclass(frozen=True, slots=True)
class Returned:
    """An argument that an earlier step's tool returns."""

    step: int
    """Number of that step among the steps of the procedure."""
    field: str
    """Field pattern in its output."""
    item: int = 0


ArgumentSource = Given | Returned


@dataclass(frozen=True, slots=True)
class Mapped:
    """A step with the tool that it means."""

    step: Step
    tool: Tool | None
    score: float = 0.0
    sources: Mapping[str, ArgumentSource] = field(default_factory=dict[str, ArgumentSource])
    """Parameter pattern → what gives it."""
    lacks: tuple[str, ...] = ()
    """Required parameters that nothing gives."""
    read: Mapping[str, Given] | None = None
    """What a model has found in the text for its parameters; `None`: they are read by rule."""
    why: str = ""
    """Why no tool was found."""
    named: bool = False
    """Whether no tool may be made up for it: the text names one that no server has, or more than one may be meant."""
    proposed: bool = False
    """Whether the tool was made from the step itself."""
    looked_up: bool = False
    """Whether the step only finds what the next one speaks of by its name."""

    @property
    def problem(self) -> str | None:
        """Why the step cannot become a call; `None` when it can."""
        if self.tool is None:
            return self.why
        if self.lacks:
            name = self.lacks[0]
            return f"{self.tool.id}: neither the text nor an earlier step gives {name!r}"
        return None


class Filler:
    """Finds what gives the arguments of calls, for one procedure.

    Args:
        box: All tools.
        graph: Which tool feeds which.
        reading: What the procedure says.
    """

    def __init__(self, box: Toolbox, graph: ToolGraph, reading: Reading) -> None:
        self._box = box
        self._graph = graph
        self.reading = reading

    def filled(
        self, step: Step, tool: Tool, before: Sequence[Mapped], read: Mapping[str, Given] | None = None
    ) -> Mapped:
        """The step as a call of a tool, with everything that gives its arguments.

        Args:
            step: What is read.
            tool: What it is taken to mean.
            before: The steps before it.
            read: What a model has read for its parameters.
        """
        said = self._said(step, tool) if read is None else read
        sources: dict[str, ArgumentSource] = {}
        lacks: list[str] = []
        slots = slots_of(self._box, tool)
        bare = not said and not any(slot.parameter.required for slot in slots)
        self.reading.begin(said)
        for slot in slots:
            told = self.reading.pointed_at(step, slot) or said.get(slot.path) or said.get(slot.path.removesuffix("[]"))
            source = told or self._found(step, slot, tool, before)
            if source is None and bare and not sources and is_looked_for(slot):
                source = (
                    self.reading.labelled(step, slot, needed=True)
                    or self.reading.around(step, slot)
                    or self.reading.set_apart(slot)
                )
            if source is not None:
                sources[_whole(slot, source)] = source
            elif slot.parameter.required:
                lacks.append(slot.path)
        return Mapped(step, tool, 0.0, sources, tuple(lacks), read)

    def _said(self, step: Step, tool: Tool) -> Mapping[str, Given]:
        """What the step says, or what stands right before it, where something pointed at there is to be found."""
        said = self.reading.of_step(step, tool)
        if not step.before.strip() or not POINTS_BACK.search(step.text):
            return said
        before = self.reading.of_step(replace(step, detail=f"{step.detail} {step.before}"), tool)
        open_ = {slot.path for slot in slots_of(self._box, tool) if slot.parameter.required or is_looked_for(slot)}
        more = {path: value for path, value in before.items() if path in open_ or not said}
        return {**more, **said}

    def is_plain(self, tool: Tool, path: str, value: Any, text: str) -> bool:
        """Whether a mere statement may say a value: one that is needed, a name, or how many are enough."""
        slot = next(slot for slot in slots_of(self._box, tool) if path in (slot.path, slot.path.removesuffix("[]")))
        if slot.parameter.required or (options_of(slot) and {*slot.own, "only"} & set(text.lower().split())):
            return True
        if set(slot.own) & LIMITS:
            return (match := HOW_MANY.search(spoken(text))) is not None and match["after"] is not None
        return "boolean" not in slot.kinds and (not options_of(slot) or str(value)[:1].isupper())

    def with_look_ups(self, mapped: Mapped, before: Sequence[Mapped]) -> list[Mapped]:
        """The step behind the look-ups by which what it lacks can be found."""
        found = list[Mapped]()
        for path in mapped.lacks if mapped.tool is not None else ():
            look = self._look_up(mapped, path)
            if look is not None:
                one, field_name = look
                number = len(before) + len(found)
                mapped = replace(
                    mapped,
                    sources={**mapped.sources, path: Returned(number, field_name)},
                    lacks=tuple(name for name in mapped.lacks if name != path),
                )
                found.append(one)
        return [*found, mapped]

    def _look_up(self, mapped: Mapped, path: str) -> tuple[Mapped, str] | None:
        """A tool of the same server that finds by a name what a step lacks, with the field that gives it."""
        tool = mapped.tool
        assert tool is not None
        taken = {str(one.value).lower() for one in mapped.sources.values() if isinstance(one, Given)}
        for edge in sorted(self._graph.into(tool.id), key=lambda one: -one.confidence):
            finder = self._graph.tools.get(edge.source)
            if edge.target_param != path or edge.confidence < FED or finder is None or finder.server != tool.server:
                continue
            slot = _only_name(slots_of(self._box, finder))
            if slot is None or self._box.purposes[finder.id].nouns.deed != "seek":
                continue
            name = self.reading.name_for(mapped.step, slot, taken)
            if name is not None:
                return Mapped(mapped.step, finder, 0.0, {slot.path: name}, looked_up=True), edge.source_field
        return None

    def _found(self, step: Step, slot: Slot, tool: Tool, before: Sequence[Mapped]) -> ArgumentSource | None:
        """What gives an argument that the step itself does not say."""
        returned = self._returned(slot, tool, before, FED if slot.parameter.required else SURELY_FED)
        if not slot.parameter.required:
            spoken_of = returned is not None and is_identifying(slot.parameter) and _speaks_of(step, slot)
            return self.reading.labelled(step, slot, needed=False) or (returned if spoken_of else None)
        if (only := only_value(slot.parameter.schema)) is not None:
            return Given(only[1], "const")
        if is_identifying(slot.parameter):
            told = self._said_before(slot, tool, before)
            if told is not None and (returned is None or told[0] >= self._found_by(returned, before)):
                return told[1]
            if returned is not None:
                return returned
        said = self.reading.labelled(step, slot, needed=True) or self.reading.around(step, slot)
        found = said or self._passed_on(slot, tool, before) or returned
        if found is None and "default" in slot.parameter.schema:
            return Given(slot.parameter.schema["default"], "default")
        return found

    def _found_by(self, returned: Returned, before: Sequence[Mapped]) -> int:
        """Number of the step that finds what is returned; what only works on it stands behind all."""
        tool = before[returned.step].tool
        looks = tool is not None and self._box.purposes[tool.id].nouns.deed in ("seek", "read", "make")
        return returned.step if looks else -1

    def _returned(self, slot: Slot, tool: Tool, before: Sequence[Mapped], least: float) -> Returned | None:
        """The earlier step whose output gives an argument: the likeliest, of like ones the latest."""
        found: list[tuple[Edge, int]] = [
            (edge, number)
            for edge in self._graph.into(tool.id)
            if edge.target_param == slot.path and edge.confidence >= least
            for number, one in enumerate(before)
            if one.tool is not None and one.tool.id == edge.source
        ]
        if not found:
            return None
        best = max(edge.confidence for edge, _ in found)
        near = [one for one in found if one[0].confidence >= best - ALIKE]
        edge, number = max(near, key=lambda one: (one[1], one[0].confidence))
        return Returned(number, edge.source_field)

    def _said_before(self, slot: Slot, tool: Tool, before: Sequence[Mapped]) -> tuple[int, Given] | None:
        """The identifier that an earlier step says for the same thing, with the number of that step."""
        for number in reversed(range(len(before))):
            one = before[number]
            source = one.sources.get(slot.path)
            if one.tool is not None and one.tool.server == tool.server and isinstance(source, Given):
                return number, Given(source.value, "earlier", source.text, source.line)
        return None

    def _passed_on(self, slot: Slot, tool: Tool, before: Sequence[Mapped]) -> Given | None:
        """What an earlier step of the same server says for a parameter of the same name."""
        found = self._said_before(slot, tool, before) if is_passed_on(slot) else None
        return None if found is None else found[1]


def _whole(slot: Slot, source: ArgumentSource) -> str:
    """The parameter that a value is for; a list that the text gives is for the parameter as a whole."""
    return slot.path.removesuffix("[]") if isinstance(source, Given) and is_list(source.value) else slot.path


def _only_name(slots: Sequence[Slot]) -> Slot | None:
    """The parameter by which a tool finds things, if it needs nothing else."""
    wanted = [slot for slot in slots if slot.parameter.required]
    named = [slot for slot in wanted or slots if is_looked_for(slot)]
    return named[0] if named and len(wanted) <= 1 else None


def _speaks_of(step: Step, slot: Slot) -> bool:
    """Whether a step points at the thing that a parameter identifies."""
    said = {*words(step.text), *step.text.lower().split()}
    return bool(said & _POSSESSIVE) or bool(set(slot.own[:-1]) & said)
