"""Stages of one's own: they note and reject; one that changes a row, breaks or says nonsense rejects it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from toolweave.pipeline.gates.stages import through
from toolweave.pipeline.gates.verdict import Rejection
from toolweave.pipeline.sample import Checker, Quality, Sample

pytestmark = pytest.mark.anyio

SAMPLE = Sample(
    id="tw-1",
    tools=(),
    messages=({"role": "user", "content": "Ring the bell."}, {"role": "assistant", "content": "Done."}),
    turns=(),
    provenance=(),
    checker=Checker(calls=()),
    servers=(),
    teacher="offline",
    seed=1,
    index=0,
    quality=Quality(turns=1, calls=0, depth=0, dependent_calls=0, tools_offered=0, attempts=1),
)


async def topic(sample: Sample) -> dict[str, Any]:
    return {"topic": "bells", "messages": len(sample.messages)}


async def nothing(_: Sample) -> None:
    return None


async def refuse(_: Sample) -> str:
    return "no bells"


async def edit(sample: Sample) -> None:
    sample.messages[0]["content"] = "Ring two bells."


async def add_a_call(sample: Sample) -> dict[str, Any]:
    sample.messages[1]["tool_calls"] = [{"id": "call_1", "function": {"name": "ring", "arguments": {}}}]
    return {"improved": True}


async def break_down(_: Sample) -> None:
    raise KeyError("topic")


async def number(_: Sample) -> Any:
    return 7


async def unspeakable(_: Sample) -> dict[str, Any]:
    return {"path": Path()}


async def test_what_a_stage_notes_stands_in_the_row_under_its_name() -> None:
    made = await through({"topic": topic, "nothing": nothing}, SAMPLE)
    assert isinstance(made, Sample)
    assert made.model_copy(update={"notes": {}}) == SAMPLE
    assert json.loads(made.model_dump_json())["notes"] == {"topic": {"topic": "bells", "messages": 2}}


async def test_a_row_without_notes_has_no_such_key() -> None:
    assert await through({"nothing": nothing}, SAMPLE) == SAMPLE
    assert "notes" not in SAMPLE.model_dump(mode="json")


@pytest.mark.parametrize(
    ("stage", "reason"),
    [
        (refuse, "no bells"),
        (edit, "changed the row"),
        (add_a_call, "changed the row"),
        (break_down, "cannot decide: KeyError"),
        (number, "cannot decide: 7"),
        (unspeakable, "cannot decide: TypeError"),
    ],
)
async def test_a_stage_that_says_no_or_does_what_it_may_not_rejects(stage: Any, reason: str) -> None:
    made = await through({"topic": topic, "mine": stage}, SAMPLE)
    assert isinstance(made, Rejection)
    assert made.gate == "mine" and reason in made.reason
    assert SAMPLE.messages[0]["content"] == "Ring the bell."
