"""Role play: what is kept of a free conversation, how it is written down, and what ends it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from toolweave.agent.goal_user import GoalUser
from toolweave.agent.messages import Message, answer_message, user_message
from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.players.player import calling, saying
from toolweave.agent.roles import Query, Said, Style
from toolweave.agent.slips import NOT_MADE
from toolweave.agent.trace import Call, Source, Trace, TurnTrace
from toolweave.pipeline.checking.matching import match
from toolweave.pipeline.gym.episode import Episode
from toolweave.pipeline.gym.score import candidate, score
from toolweave.pipeline.making.actual import Actual, Unsourced
from toolweave.pipeline.making.conversation import Conversation
from toolweave.pipeline.making.shortened import begun, first_turns, objection
from toolweave.pipeline.sample import Composite, Sample, tool_messages
from toolweave.servers.results import CallResult

if TYPE_CHECKING:
    from tests.pipeline.gym.conftest import PostOffice

pytestmark = pytest.mark.anyio

STYLE = Style("a busy manager", "plain", "goal")
LOOK = calling([("list_parcels", {})])


def send(parcel: str, speed: str) -> Message:
    return calling([("send_parcel", {"parcel_id": parcel, "speed": speed})])


FIRST = [LOOK, send("P-31", "fast"), saying("Parcel P-31 is on its way.")]
SECOND = [saying("At what speed should it go?"), send("P-47", "slow"), saying("Parcel P-47 is on its way.")]


def goal_of(post: PostOffice) -> Trace:
    """The plan behind the sample, as executed."""
    looking, sending = post.opened[0]
    said, first = Source("user", turn=0), Source("output", call="call_1", place="/parcels/0/parcel_id")
    second = Source("output", call="call_1", place="/parcels/1/parcel_id")
    listed = tool_messages(post.sample.messages)["call_1"]
    seen = CallResult("ok", listed, json.loads(listed), 0.0)
    fast, slow = {"parcel_id": "P-31", "speed": "fast"}, {"parcel_id": "P-47", "speed": "slow"}
    before = frozenset({"call_1"})
    calls = (
        Call("call_1", looking, {}, {}, seen),
        Call("call_2", sending, fast, {"/parcel_id": first, "/speed": said}, NOT_MADE, before),
        Call("call_3", sending, slow, {"/parcel_id": second, "/speed": said}, NOT_MADE, before),
    )
    forgotten = (("call_3", "/speed"),)
    return Trace((TurnTrace((calls[0], calls[1])), TurnTrace((calls[2],), "missing_parameter", "continues", forgotten)))


def with_advanced(sample: Sample) -> Sample:
    sends = Composite(name="send_it", description="Send a parcel.", output="the parcel is sent")
    return sample.model_copy(
        update={"turns": tuple(turn.model_copy(update={"advanced": sends}) for turn in sample.turns)}
    )


async def after(post: PostOffice, *replies: Message) -> Episode:
    async with post.episode() as episode:
        for reply in replies:
            await episode.take(reply)
        return episode


def told(post: PostOffice, episode: Episode) -> tuple[Conversation, Trace]:
    episode.sample = with_advanced(episode.sample)
    offered = Conversation(post.opened[0], {tool.id: tool.name for tool in post.opened[0]})
    heard = [
        (0, Query(text="Please send Ada's parcel fast.", said=(Said(call="call_2", pointer="/speed", text="fast"),))),
        (1, Query(text="And now the one for Grace.")),
        (1, Query(text="Make it slow.", said=(Said(call="call_3", pointer="/speed", text="slow"),))),
    ]
    return Actual(episode, match(episode.sample, candidate(episode)), goal_of(post), offered, heard, 2).conversation()


async def test_nothing_is_said_against_a_conversation_that_does_what_was_wanted(post: PostOffice) -> None:
    assert objection(await after(post)) is None
    assert objection(await after(post, *FIRST, SECOND[0])) is None
    assert objection(await after(post, *FIRST, *SECOND)) is None


async def test_an_assistant_that_changes_more_than_was_wanted_is_refused(post: PostOffice) -> None:
    episode = await after(post, LOOK, send("P-31", "fast"), send("P-47", "fast"), saying("Both are on their way."))
    found = objection(episode)
    assert found is not None
    assert found[0] == "extra_state_changing_call"
    assert first_turns(episode) == 0


async def test_a_look_that_nobody_needed_is_refused_at_the_end(post: PostOffice) -> None:
    assert objection(await after(post, *FIRST, LOOK)) is None
    assert objection(await after(post, *FIRST, LOOK, *SECOND)) == (
        "needless_look",
        "1 looks that the goal did not need",
    )


async def test_a_refused_call_may_not_be_made_again(post: PostOffice) -> None:
    found = objection(await after(post, send("Ada", "fast"), send("Ada", "fast")))
    assert found == ("repeated", "send_parcel is refused and called again in the same way")


async def test_more_than_two_refused_calls_in_a_turn_are_too_many(post: PostOffice) -> None:
    wrong = [send(name, "fast") for name in ("A", "B", "C")]
    assert objection(await after(post, *wrong[:2])) is None
    found = objection(await after(post, *wrong))
    assert found is not None
    assert found[0] == "too_many_errors"


async def test_the_turns_before_the_first_wrong_one_can_stand_alone(post: PostOffice) -> None:
    episode = await after(post, *FIRST, SECOND[0], send("P-31", "slow"), saying("It is on its way."))
    assert objection(episode) is not None
    assert first_turns(episode) == 1
    goal, expected = begun(goal_of(post), post.sample, 1)
    assert [call.id for call in goal.calls] == ["call_1", "call_2"]
    assert [call.id for call in expected.checker.calls] == ["call_1", "call_2"]
    assert expected.messages == post.sample.messages[:6]
    assert {item.call for item in expected.provenance} == {"call_2"}
    assert expected.checker.state == ()


async def test_a_conversation_is_written_down_as_it_went(post: PostOffice) -> None:
    conversation, trace = told(post, await after(post, *FIRST, *SECOND))
    assert [call.id for call in trace.calls] == ["call_1", "call_2", "call_3"]
    assert trace.calls[2].sources == {
        "/parcel_id": Source("output", call="call_1", place="/parcels/1/parcel_id"),
        "/speed": Source("user", turn=0),
    }
    assert [(turn.kind, turn.messages, turn.masked) for turn in conversation.turns] == [
        ("base", (0, 5), ()),
        ("missing_parameter", (6, 11), ()),
    ]
    assert conversation.said == {("call_2", "/speed"): (0, "fast"), ("call_3", "/speed"): (1, "slow")}
    assert {message["tool_call_id"] for message in conversation.messages if message["role"] == "tool"} == {
        "call_1", "call_2", "call_3",
    }  # fmt: skip


async def test_a_refused_call_that_was_mended_is_a_masked_error(post: PostOffice) -> None:
    conversation, trace = told(post, await after(post, send("fast", "fast"), *FIRST, *SECOND))
    wrong = trace.calls[0]
    assert (wrong.id, wrong.fails) == ("call_1", True)
    assert wrong.sources == dict.fromkeys(("/parcel_id", "/speed"), Source("user", said_for=("call_3", "/speed")))
    assert [call.fails for call in trace.calls[1:]] == [False, False, False]
    assert (conversation.turns[0].kind, conversation.turns[0].masked) == ("error_recovery", (1,))


async def test_a_refused_call_with_a_value_from_nowhere_cannot_be_kept(post: PostOffice) -> None:
    episode = await after(post, send("P-99", "fast"), *FIRST, *SECOND)
    with pytest.raises(Unsourced, match="P-99"):
        told(post, episode)


async def test_the_user_tells_what_was_forgotten_only_when_it_is_asked_for(post: PostOffice) -> None:
    goal = goal_of(post)
    both = replace(goal.calls[2], sources=dict.fromkeys(("/parcel_id", "/speed"), Source("user", turn=1)))
    goal = Trace((goal.turns[0], replace(goal.turns[1], calls=(both,))))
    user = GoalUser(OfflineTeacher(), goal, post.opened[0], STYLE, random.Random(3))
    first = await user.next_request(())
    assert first is not None
    assert "fast" in first
    history = [user_message(first), answer_message("", "Parcel P-31 is on its way.")]
    assert await user.answer(history) is None
    second = await user.next_request(history)
    assert second is not None
    assert "P-47" in second
    assert "slow" not in second
    history = [*history, user_message(second)]
    assert await user.answer([*history, answer_message("", "Which parcel do you mean?")]) is None
    question = [*history, answer_message("", "At what speed should it go?")]
    reply = await user.answer(question)
    assert reply is not None
    assert "slow" in reply
    assert await user.answer(question) is None
    assert await user.next_request(history) is None
    assert [number for number, _ in user.heard] == [0, 1, 1]


async def test_an_idle_assistant_ends_the_conversation_with_its_first_turn(post: PostOffice) -> None:
    episode = await after(post, saying("Done."))
    found = objection(episode)
    assert found is not None
    assert found[0] == "missing_call"
    episode.stop()
    async with post.episode() as fresh:
        fresh.stop()
        assert (await score(fresh)).failure == "stopped"
