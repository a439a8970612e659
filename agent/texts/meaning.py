"""What a model has read of a text, held against the text: only what can be found there is taken over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from toolweave.agent.spoken import reads_as
from toolweave.agent.texts.asks import MeantStep, ReadProcedure, StepsAsk, StepsMeaning, TextAsk, TextReading
from toolweave.agent.texts.matching import Wording
from toolweave.agent.texts.procedures import Fact, Procedure, Step
from toolweave.agent.texts.proposing import MAKING, Proposal, output_of, references
from toolweave.agent.texts.resolving import Mapped
from toolweave.agent.texts.values import Given
from toolweave.graph.schema import parameters
from toolweave.servers.json_values import as_list, is_list
from toolweave.servers.tools import Tool


def reading_problems(reading: TextReading, ask: TextAsk) -> Iterator[str]:
    """What a reading says that the text does not, one line each, worded for the model."""
    for procedure in reading.procedures:
        for step in procedure.steps:
            if not _stands(step.quote, _passage(ask, step.line, step.last_line)):
                yield f"the quote {step.quote!r} does not stand in the lines {step.line} to {step.last_line}"
        for fact in procedure.facts:
            if not _stands(fact.value, _passage(ask, fact.line, fact.line)):
                yield f"the value {fact.value!r} does not stand in line {fact.line}"
        if not ask.first <= procedure.first_line <= procedure.last_line < ask.first + len(ask.lines):
            yield f"the lines {procedure.first_line} to {procedure.last_line} are not those of the text"


def procedures_of(reading: TextReading, ask: TextAsk) -> list[Procedure]:
    """The procedures of a reading that was found to hold."""
    return [_procedure(one, ask) for one in reading.procedures]


def _procedure(read: ReadProcedure, ask: TextAsk) -> Procedure:
    first = min(step.line for step in read.steps)
    passage = _passage(ask, read.first_line, max(read.first_line, first - 1))
    return Procedure(
        read.title,
        ask.file,
        (read.first_line, max(read.last_line, *(step.last_line for step in read.steps))),
        tuple(Step(step.quote, (step.line, step.last_line)) for step in read.steps),
        passage,
        tuple(Fact(fact.label, fact.value, fact.line) for fact in read.facts),
    )


def _passage(ask: TextAsk, first: int, last: int) -> str:
    return " ".join(ask.lines[max(0, first - ask.first) : max(0, last - ask.first + 1)])


def _stands(quote: str, passage: str) -> bool:
    """Whether words stand in a passage, whatever its line ends and marks."""
    plain = _plain(quote)
    return bool(plain) and plain in _plain(passage)


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[*_`>#|]+", " ", text).split()).lower()


def meaning_problems(meaning: StepsMeaning, ask: StepsAsk) -> Iterator[str]:
    """What cannot be used of what a model says of the steps, worded for the model."""
    numbers = [one.step for one in meaning.steps]
    if sorted(numbers) != list(range(1, len(ask.procedure.steps) + 1)):
        yield f"steps: one entry for each of the steps 1 to {len(ask.procedure.steps)} is expected"
    known = {tool.id: tool for tool in ask.tools}
    for one in meaning.steps:
        if one.tool is not None and one.tool not in known:
            yield f"step {one.step}: there is no tool {one.tool!r} on the list"
        for argument in one.arguments:
            if one.tool in known and argument.parameter not in _paths(known[one.tool]):
                yield f"step {one.step}: {one.tool} has no parameter {argument.parameter!r}"
            elif not _says(ask.procedure, argument.quote, argument.value):
                yield f"step {one.step}: the text does not say {argument.value!r} with {argument.quote!r}"


def mapped_of(meaning: StepsMeaning, ask: StepsAsk) -> tuple[list[Mapped], list[Proposal | None]]:
    """The steps with their tools and what the text gives, and what is proposed where there is none."""
    tools = {tool.id: tool for tool in ask.tools}
    meant = {one.step: one for one in meaning.steps}
    mapped: list[Mapped] = []
    proposals: list[Proposal | None] = []
    for number, step in enumerate(ask.procedure.steps, 1):
        one = meant[number]
        tool = tools.get(one.tool or "")
        read = {item.parameter: _given(item.value, item.quote, ask.procedure, step) for item in one.arguments}
        why = "" if tool is not None else f"no tool fits {step.text!r}"
        mapped.append(Mapped(step, tool, 1.0, why=why, read=read))
        proposals.append(_proposal(one, step, ask.procedure, proposals) if tool is None else None)
    return mapped, proposals


def _proposal(meant: MeantStep, step: Step, procedure: Procedure, before: Sequence[Proposal | None]) -> Proposal | None:
    """The tool that a model proposes, with those parameters that the text gives a value for."""
    if (new := meant.new_tool) is None:
        return None
    taken = [one for one in new.parameters if _says(procedure, one.quote, one.value)]
    wording = Wording(step.text)
    refers = references(wording, before)
    properties: dict[str, Any] = {one.name: {"type": one.type} for one in taken}
    properties |= {name: {"type": "string"} for name in refers}
    tool = {
        "name": new.name,
        "description": new.description,
        "inputSchema": {"type": "object", "properties": properties, "required": [*properties]},
        "outputSchema": output_of(new.name.partition("_")[0], properties),
    }
    made = wording.things[0] if wording.things and new.name.partition("_")[0] in MAKING else ()
    return Proposal(tool, {one.name: _given(one.value, one.quote, procedure, step) for one in taken}, made, refers)


def _paths(tool: Tool) -> set[str]:
    return {path for one in parameters(tool) for path in (one.path, one.path.removesuffix("[]"))}


def _says(procedure: Procedure, quote: str, value: Any) -> bool:
    """Whether words of a procedure are quoted, and say a value."""
    values = as_list(value) if is_list(value) else [value]
    return _stands(quote, _all_words(procedure)) and all(reads_as(quote, one) for one in values)


def _all_words(procedure: Procedure) -> str:
    facts = [f"{fact.label}: {fact.value} {fact.label} {fact.value}" for fact in procedure.facts]
    steps = [f"{step.text} {step.detail}" for step in procedure.steps]
    return " . ".join([procedure.title, procedure.context, *facts, *steps])


def _given(value: Any, quote: str, procedure: Procedure, step: Step) -> Given:
    if _stands(quote, f"{step.text} {step.detail}"):
        return Given(value, "step", quote, step.lines[0])
    fact = next((one for one in procedure.facts if _stands(quote, f"{one.label}: {one.value}")), None)
    return Given(value, "context", quote) if fact is None else Given(value, "fact", quote, fact.line)
