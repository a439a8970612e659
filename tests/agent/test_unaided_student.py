"""The student without hints: reads what to do from the request, looks things up, learns from an error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from toolweave.agent.messages import Message
from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.players.student import StudentPlayer

pytestmark = pytest.mark.anyio

TEXT = {"type": "string"}


def function(name: str, description: str, /, **properties: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


FIND = function("find_member", "Find library members by name.", name={**TEXT, "description": "Name of the member"})
SUSPEND = function(
    "suspend_card",
    "Suspend a member's card.",
    member_id={**TEXT, "description": "Id of the member"},
    reason={**TEXT, "description": "Why"},
)
LIST = function("list_branches", "List the branches of the library.")
OFFERED = [FIND, SUSPEND, LIST]
ASKED: list[Message] = [
    {"role": "user", "content": 'Please suspend the card of the member called Ada Voss because of "card lost".'}
]


def then(messages: list[Message], reply: Message, text: str) -> list[Message]:
    """The conversation with a reply's calls, each observed as a text."""
    calls = [call | {"id": f"made_{len(messages)}_{at}"} for at, call in enumerate(reply["tool_calls"])]
    seen = [
        {"role": "tool", "tool_call_id": call["id"], "name": call["function"]["name"], "content": text}
        for call in calls
    ]
    return [*messages, reply | {"tool_calls": calls}, *seen]


async def next_step(messages: list[Message], offered: list[dict[str, Any]] = OFFERED) -> Message:
    return await StudentPlayer(OfflineTeacher()).reply(messages, offered, 1)


def made(reply: Message) -> list[tuple[str, dict[str, Any]]]:
    return [(call["function"]["name"], call["function"]["arguments"]) for call in reply.get("tool_calls") or ()]


async def test_a_name_is_no_identifier_where_a_tool_could_give_one() -> None:
    first = await next_step(ASKED)
    assert made(first) == [("find_member", {"name": "Ada Voss"})]
    found = json.dumps({"members": [{"id": "MB-1", "name": "Ada Voss"}]})
    second = await next_step(then(ASKED, first, found))
    assert made(second) == [("suspend_card", {"member_id": "MB-1", "reason": "card lost"})]


async def test_its_thoughts_come_with_its_step() -> None:
    assert (await next_step(ASKED))["reasoning_content"]


async def test_what_was_refused_is_not_called_again() -> None:
    first = await next_step(ASKED, [SUSPEND, LIST])
    messages = then(ASKED, {"tool_calls": [{"type": "function", "function": {
        "name": "suspend_card", "arguments": {"member_id": "MB-7", "reason": "card lost"}}}], "role": "assistant"},
        "There is no member with id 'MB-7'.")  # fmt: skip
    second = await next_step(messages, [SUSPEND, LIST])
    assert ("suspend_card", {"member_id": "MB-7", "reason": "card lost"}) not in made(first) + made(second)


async def test_a_request_that_no_tool_serves_is_refused_in_words() -> None:
    asked: list[Message] = [{"role": "user", "content": "Could you calibrate the microscope?"}]
    reply = await next_step(asked)
    assert not made(reply)
    assert reply["content"]
