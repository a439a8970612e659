"""From a procedure whose steps are mapped to the plan of a trajectory, and from its sample back to the text."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from toolweave.agent.texts.procedures import Procedure
from toolweave.agent.texts.resolving import ArgumentSource, Mapped
from toolweave.agent.texts.values import Given
from toolweave.graph.plan import FromCall, PlannedCall, Stated, TrajectoryPlan, TurnPlan, ValueSource
from toolweave.graph.schema import only_value, parameters
from toolweave.pipeline.making.workshop import Dropped
from toolweave.pipeline.sample import Sample, TextSource, TextStep, called
from toolweave.servers.tools import Tool

STAGE = "mapping"
"""Where procedures are lost whose steps mean no calls."""


def plan_of(mapped: Sequence[Mapped], index: int, seed: int, telling: int = 0) -> TrajectoryPlan:
    """One turn that carries out all steps, in their order; another `telling` is in other words."""
    calls = tuple(_call(number, one, last=number == len(mapped) - 1) for number, one in enumerate(mapped))
    turns = (TurnPlan(calls[-1].tool, calls),) if calls else ()
    return TrajectoryPlan(index, random.Random(f"{seed}:text:{index}:{telling}").randrange(2**31), turns)


def unplannable(mapped: Sequence[Mapped], refused: Mapping[str, str]) -> Dropped | None:
    """Why there is no plan: the first step that means no call, or one that policy does not let us make.

    Args:
        mapped: The steps of a procedure.
        refused: Tool id → why it may not be called.
    """
    for number, one in enumerate(mapped, 1):
        where = f"step {number} (line {one.step.lines[0]})"
        if one.problem is not None:
            return Dropped("unresolved", STAGE, f"{where}: {one.problem}")
        if one.tool is not None and one.tool.id in refused:
            return Dropped("unresolved", "policy", f"{where}: {one.tool.id}: {refused[one.tool.id]}")
    return None


def traced(sample: Sample, procedure: Procedure) -> Sample:
    """The sample with the passage that it was made from: calls are numbered as the steps are."""
    made = {call_id for call_id, _, _ in called(sample.messages)}
    numbered = {f"call_{number}": step for number, step in enumerate(procedure.steps, 1)}
    steps = {name: TextStep(text=step.text, lines=step.lines) for name, step in numbered.items() if name in made}
    source = TextSource(file=procedure.file, lines=procedure.lines, title=procedure.title, steps=steps)
    return sample.model_copy(update={"text": source})


def _call(number: int, mapped: Mapped, *, last: bool) -> PlannedCall:
    assert mapped.tool is not None
    sources = {
        _whole(path, source): _value_source(path, source, mapped.tool) for path, source in mapped.sources.items()
    }
    return PlannedCall(number, mapped.tool.id, sources, "target" if last else "data")


def _whole(path: str, source: ArgumentSource) -> str:
    """The parameter that a value is for; a list that the text gives is for the parameter as a whole."""
    return path.removesuffix("[]") if isinstance(source, Given) and isinstance(source.value, list) else path


def _value_source(path: str, source: ArgumentSource, tool: Tool) -> ValueSource:
    if not isinstance(source, Given):
        return FromCall(source.step, source.field, source.item)
    if source.origin == "default":
        return Stated(source.value, "default")
    if source.origin == "const":
        schema = next(one.schema for one in parameters(tool) if one.path == path)
        fixed = only_value(schema)
        return Stated(source.value, fixed[0] if fixed is not None else None)
    return Stated(source.value)
