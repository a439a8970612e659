"""A second pen by endpoint: held to words and to what must stay; and an assistant that nobody helps."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolweave.agent.endpoint import render
from toolweave.agent.endpoint.teacher import EndpointTeacher
from toolweave.agent.messages import answer_message, user_message
from toolweave.agent.reviewing import RefineAsk, Reworded
from toolweave.agent.roles import AdvancedTool, StepAsk
from toolweave.pipeline import RunSettings, run_job
from toolweave.pipeline.refining.refine import RefineSettings, refine
from toolweave.servers.config import load_mcp_config
from toolweave.servers.errors import EndpointUnusable, TeacherError
from toolweave.servers.tools import Tool

pytestmark = pytest.mark.anyio
Make = Callable[..., EndpointTeacher]
WEATHER = Tool("sky", "weather", "Weather of a city.", {"type": "object", "properties": {"city": {"type": "string"}}})
TALK = (user_message("Weather in Oslo, please."), answer_message("It was seen.", "It rains in Oslo."))
ASK = RefineAsk((), TALK, {0: ("Oslo",)}, 7)


def reworded(number: int, **texts: str) -> dict[str, Any]:
    return {"messages": [{"number": number, "content": None, "reasoning_content": None, **texts}]}


async def test_a_reply_that_loses_what_must_stay_is_asked_for_again(endpoint: Any, make_teacher: Make) -> None:
    endpoint.says(reworded(0, content="How is the weather?"))
    endpoint.says(reworded(0, content="How is the weather in Oslo?"))
    async with make_teacher() as refiner:
        found = await refiner.refine(ASK)
    assert found.messages == (Reworded(number=0, content="How is the weather in Oslo?"),)
    assert "'Oslo' word for word" in endpoint.requests[1]["messages"][-1]["content"]
    assert refiner.usage()["refine"]["requests"] == 2


async def test_a_refining_that_was_ended_asks_nothing_twice(endpoint: Any, tmp_path: Path) -> None:
    parcels = Path(__file__).parents[1] / "end_to_end" / "parcels.py"
    mcp, run, out = tmp_path / "mcp.json", tmp_path / "run", tmp_path / "out"
    entry = {"command": "python", "args": [str(parcels)], "toolweave": {"disposable": True}}
    mcp.write_text(json.dumps({"mcpServers": {"parcels": entry}}))
    await run_job(RunSettings(mcp=mcp, samples=3, seed=3, turns=1, kinds={"base": 1.0}, probe_calls=2), run)
    specs = {spec.name: spec for spec in load_mcp_config(mcp).servers}
    settings = RefineSettings("scripted", endpoint.url, concurrency=1)

    endpoint.says({"messages": []})
    endpoint.fails(401, "the key has expired")
    with pytest.raises(BaseExceptionGroup) as ended:
        await refine(run, out, specs, settings)
    assert ended.group_contains(EndpointUnusable)
    assert not out.exists()

    for _ in range(2):
        endpoint.says({"messages": []})
    report = await refine(run, out, specs, settings)
    assert (report["samples"], report["unchanged"]) == (3, 3)
    assert (out / "samples.jsonl").read_bytes() == (run / "samples.jsonl").read_bytes()
    assert not list(out.glob("replies*"))
    assert len(endpoint.requests) == 4


async def test_words_where_there_are_none_are_no_reply(endpoint: Any, make_teacher: Make) -> None:
    for _ in range(3):
        endpoint.says(reworded(5, content="More."))
    async with make_teacher() as refiner:
        with pytest.raises(TeacherError, match="no usable refine reply"):
            await refiner.refine(ASK)


def test_the_refiner_is_shown_numbers_and_what_must_stay() -> None:
    shown = render.refine(ASK, 1000)
    assert '"number": 1' in shown
    assert '<data name="keep">\n{"number": 0, "pieces": ["Oslo"]}' in shown


def test_an_assistant_without_help_is_shown_no_guidance() -> None:
    names = {WEATHER.id: "weather"}
    helped = StepAsk(TALK[:1], (WEATHER,), names, AdvancedTool(name="w", description="Know it.", output="rain"), (), 1)
    alone = StepAsk(TALK[:1], (WEATHER,), names, None, (), 1)
    assert "guidance" in render.step(helped, 1000)
    assert "guidance" not in render.step(alone, 1000)
