"""A second pen by endpoint: held to words and to what must stay; and an assistant that nobody helps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from toolweave.agent.endpoint import render
from toolweave.agent.endpoint.teacher import EndpointTeacher
from toolweave.agent.messages import answer_message, user_message
from toolweave.agent.roles import AdvancedTool, RefineAsk, Reworded, StepAsk
from toolweave.servers.errors import TeacherError
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
