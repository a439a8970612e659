"""Players that stand behind an endpoint, or behind a teacher's reasoning role."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from toolweave.agent.messages import Message
from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.players.controls import RandomPlayer
from toolweave.agent.players.endpoint import EndpointPlayer
from toolweave.agent.players.student import StudentPlayer
from toolweave.pipeline.storage.replies import Replies
from toolweave.servers.errors import EndpointUnusable, TeacherError

if TYPE_CHECKING:
    from tests.agent.conftest import ScriptedEndpoint

pytestmark = pytest.mark.anyio

FIND: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "find_book",
        "description": "Find a book by its title.",
        "parameters": {
            "type": "object",
            "properties": {"title": {"type": "string", "description": "Title of the book."}},
            "required": ["title"],
        },
    },
}
ASKED: list[Message] = [{"role": "user", "content": 'Find the book with the title "Emma".'}]


async def replied(endpoint: ScriptedEndpoint, messages: list[Message]) -> Message:
    async with EndpointPlayer.open("tiny", endpoint.url) as player:
        return await player.reply(messages, [FIND], 5)


async def test_an_endpoint_is_asked_as_a_deployed_assistant_would_be(endpoint: ScriptedEndpoint) -> None:
    made = {"id": "c", "type": "function", "function": {"name": "find_book", "arguments": {"title": "Emma"}}}
    history: list[Message] = [
        *ASKED,
        {"role": "assistant", "content": "", "reasoning_content": "hidden", "tool_calls": [made]},
        {"role": "tool", "tool_call_id": "c", "name": "find_book", "content": "{}"},
    ]
    endpoint.says("It is there.")
    reply = await replied(endpoint, history)
    sent = endpoint.requests[0]
    assert reply == {"role": "assistant", "content": "It is there."}
    assert sent["tools"] == [FIND]
    assert sent["seed"] == 5
    assert json.loads(sent["messages"][1]["tool_calls"][0]["function"]["arguments"]) == {"title": "Emma"}
    assert "hidden" not in json.dumps(sent)


async def test_calls_of_an_endpoint_are_handed_on_as_they_came(endpoint: ScriptedEndpoint) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "find_book", "arguments": "{broken"}}
    endpoint.says(None, tool_calls=[call])
    assert (await replied(endpoint, ASKED))["tool_calls"] == [call]


async def test_an_endpoint_that_says_nothing_is_an_error(endpoint: ScriptedEndpoint) -> None:
    endpoint.says("")
    with pytest.raises(TeacherError, match="said nothing"):
        await replied(endpoint, ASKED)


async def test_an_endpoint_that_refuses_the_key_stops_everything(endpoint: ScriptedEndpoint) -> None:
    endpoint.fails(401, "no such key")
    with pytest.raises(EndpointUnusable, match="does not accept the key"):
        await replied(endpoint, ASKED)


async def test_tokens_are_counted(endpoint: ScriptedEndpoint) -> None:
    endpoint.says("Hello.")
    async with EndpointPlayer.open("tiny", endpoint.url) as player:
        await player.reply(ASKED, [], 0)
    assert (player.usage.prompt_tokens, player.usage.completion_tokens) == (10, 5)
    assert player.usage.cost(None) is None
    assert "tools" not in endpoint.requests[0]


async def test_the_offline_student_calls_what_the_user_asks_for() -> None:
    reply = await StudentPlayer(OfflineTeacher()).reply(ASKED, [FIND], 1)
    (call,) = reply["tool_calls"]
    assert call["function"] == {"name": "find_book", "arguments": {"title": "Emma"}}


async def test_random_calls_fit_their_schema_and_are_the_same_for_one_seed() -> None:
    replies = [await RandomPlayer().reply(ASKED, [FIND], seed) for seed in (1, 1, 2)]
    assert replies[0] == replies[1]
    for reply in replies:
        (call,) = reply["tool_calls"]
        assert isinstance(call["function"]["arguments"]["title"], str)


async def test_a_reply_that_was_paid_for_is_not_asked_for_again(endpoint: ScriptedEndpoint, tmp_path: Path) -> None:
    endpoint.says("It is there.")
    for _ in range(2):
        with closing(Replies(tmp_path / "replies.sqlite")) as replies:
            async with EndpointPlayer.open("tiny", endpoint.url, shelf=replies) as player:
                assert (await player.reply(ASKED, [FIND], 5))["content"] == "It is there."
    assert len(endpoint.requests) == 1
