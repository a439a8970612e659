"""A model that reads texts only points at them: what cannot be found there is asked for again, or dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from toolweave.agent.endpoint.teacher import EndpointTeacher
from toolweave.agent.texts.asks import StepsAsk, TextAsk, TextReader
from toolweave.agent.texts.meaning import mapped_of, procedures_of
from toolweave.agent.texts.procedures import Fact, Procedure, Step
from toolweave.agent.texts.values import Given
from toolweave.servers.errors import TeacherError
from toolweave.servers.tools import Tool

pytestmark = pytest.mark.anyio
Make = Callable[..., EndpointTeacher]
LINES = ("# Lending", "", "Member: **Rosa Delgado**", "", "One looks the member up", "and cancels her `hold`.")
TEXT = TextAsk("desk.md", 11, LINES, 7)
FIND = Tool(
    "library",
    "find_member",
    "Find a member.",
    {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
)
STEPS = StepsAsk(
    Procedure(
        "lend",
        "desk.md",
        (1, 4),
        (Step("looks the member up", (3, 3)), Step('tells "Tom" about 3 books', (4, 4))),
        facts=(Fact("Member", "Rosa Delgado", 2),),
    ),
    (FIND,),
    7,
)


def reading(quote: str) -> dict[str, Any]:
    steps = [{"line": 15, "last_line": 15, "quote": quote}, {"line": 16, "last_line": 16, "quote": "cancels her hold"}]
    facts = [{"label": "Member", "value": "Rosa Delgado", "line": 13}]
    return {"procedures": [{"title": "Lending", "first_line": 11, "last_line": 16, "steps": steps, "facts": facts}]}


def meaning(value: str, quote: str, tool: str = "library/find_member") -> dict[str, Any]:
    new = {
        "name": "tell_person",
        "description": "Tell somebody about books.",
        "parameters": [
            {"name": "books", "type": "integer", "value": 3, "quote": "3 books"},
            {"name": "urgency", "type": "string", "value": "high", "quote": "urgent"},
        ],
    }
    first = {"step": 1, "tool": tool, "arguments": [{"parameter": "name", "value": value, "quote": quote}]}
    return {"steps": [first, {"step": 2, "tool": None, "new_tool": new}]}


async def test_an_endpoint_is_a_reader_of_texts(make_teacher: Make) -> None:
    async with make_teacher() as teacher:
        assert isinstance(teacher, TextReader)


async def test_a_quote_that_does_not_stand_in_its_lines_is_asked_for_again(endpoint: Any, make_teacher: Make) -> None:
    endpoint.says(reading("looks the owner up"))
    endpoint.says(reading("looks the member up"))
    async with make_teacher() as teacher:
        (found,) = procedures_of(await teacher.read_text(TEXT), TEXT)
    assert "'looks the owner up' does not stand in the lines 15 to 15" in str(endpoint.requests[1]["messages"])
    assert [(step.text, step.lines) for step in found.steps] == [
        ("looks the member up", (15, 15)),
        ("cancels her hold", (16, 16)),
    ]
    assert found.facts == (Fact("Member", "Rosa Delgado", 13),)


async def test_a_model_that_keeps_making_things_up_has_not_read_the_text(endpoint: Any, make_teacher: Make) -> None:
    for _ in range(8):
        endpoint.says(reading("deletes the member"))
    async with make_teacher() as teacher:
        with pytest.raises(TeacherError, match="no usable read_text reply"):
            await teacher.read_text(TEXT)


async def test_a_value_and_a_tool_that_are_nowhere_are_asked_for_again(endpoint: Any, make_teacher: Make) -> None:
    endpoint.says(meaning("Fiona Drummond", "Rosa Delgado"))
    endpoint.says(meaning("Rosa Delgado", "Rosa Delgado", "library/find_person"))
    endpoint.says(meaning("Rosa Delgado", "Rosa Delgado"))
    async with make_teacher() as teacher:
        mapped, proposals = mapped_of(await teacher.map_steps(STEPS), STEPS)
    assert "the text does not say 'Fiona Drummond'" in str(endpoint.requests[1]["messages"])
    assert "there is no tool 'library/find_person'" in str(endpoint.requests[2]["messages"])
    assert mapped[0].tool == FIND
    assert mapped[0].read == {"name": Given("Rosa Delgado", "fact", "Rosa Delgado", 2)}
    assert proposals[0] is None


async def test_a_proposed_tool_takes_only_what_the_text_gives(endpoint: Any, make_teacher: Make) -> None:
    endpoint.says(meaning("Rosa Delgado", "Rosa Delgado"))
    async with make_teacher() as teacher:
        _, proposals = mapped_of(await teacher.map_steps(STEPS), STEPS)
    proposal = proposals[1]
    assert proposal is not None
    assert proposal.tool["inputSchema"] == {
        "type": "object",
        "properties": {"books": {"type": "integer"}},
        "required": ["books"],
    }
    assert proposal.given == {"books": Given(3, "step", "3 books", 4)}
