"""Episodes on a live server: who does what was asked earns everything, who does not earns nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from toolweave.agent.messages import Message
from toolweave.agent.players.controls import IdlePlayer, RandomPlayer
from toolweave.agent.players.player import Player, calling, saying
from toolweave.pipeline.gym.episode import Episode
from toolweave.pipeline.gym.gold import GoldPlayer
from toolweave.pipeline.gym.score import Score, score

if TYPE_CHECKING:
    from tests.pipeline.gym.conftest import PostOffice

pytestmark = pytest.mark.anyio

LOOK = calling([("list_parcels", {})])
ASK = saying("At what speed should it go?")


def send(parcel: str, speed: str) -> Message:
    return calling([("send_parcel", {"parcel_id": parcel, "speed": speed})])


FIRST = [LOOK, send("P-31", "fast"), saying("Parcel P-31 is on its way.")]
SECOND = [ASK, send("P-47", "slow"), saying("Parcel P-47 is on its way.")]


async def played(post: PostOffice, replies: list[Message]) -> tuple[Episode, Score]:
    async with post.episode() as episode:
        for reply in replies:
            assert episode.ended is None
            await episode.take(reply)
        return episode, await score(episode)


async def play(post: PostOffice, player: Player) -> Score:
    async with post.episode() as episode:
        while episode.ended is None:
            await episode.take(await player.reply(episode.messages, episode.functions, 1))
        return await score(episode)


async def test_the_samples_own_assistant_earns_everything(sound: PostOffice) -> None:
    async with sound.episode() as episode:
        gold = GoldPlayer(episode)
        while episode.ended is None:
            await episode.take(await gold.reply(episode.messages, episode.functions, 1))
        found = await score(episode)
    assert (found.passed, found.acted, found.calls) == (True, True, 1.0), found.reason


async def test_who_does_the_same_in_other_words_and_steps_passes(post: PostOffice) -> None:
    other = [LOOK, send("P-31", "fast"), saying("Ada's parcel P-31 has left."), LOOK, *SECOND]
    _, found = await played(post, other)
    assert found.passed, found.reason
    assert found.extra_reads == 1


@pytest.mark.parametrize("player", [IdlePlayer(), RandomPlayer()])
async def test_an_assistant_that_does_nothing_sensible_earns_nothing(post: PostOffice, player: Player) -> None:
    found = await play(post, player)
    assert not found.passed
    assert not found.acted


async def test_a_wrong_value_fails_although_the_words_are_right(post: PostOffice) -> None:
    _, found = await played(post, [LOOK, send("P-31", "slow"), FIRST[2], *SECOND])
    assert (found.failure, found.acted) == ("wrong_value", False)
    assert found.calls == pytest.approx(2 / 3)


async def test_a_refused_call_that_is_mended_is_counted_and_forgiven(post: PostOffice) -> None:
    episode, found = await played(post, [send("P-99", "fast"), *FIRST, *SECOND])
    assert "Error executing" in str(episode.messages[2]["content"])
    assert found.passed, found.reason
    assert found.refused_calls == 1


async def test_a_tool_that_nobody_offers_fails(post: PostOffice) -> None:
    episode, found = await played(post, [calling([("shred", {})]), *FIRST, *SECOND])
    assert found.failure == "hallucinated_tool"
    assert "no tool 'shred'" in str(episode.messages[2]["content"])


@pytest.mark.parametrize("arguments", ["{not json", '["P-31"]', 7, None])
async def test_arguments_that_are_no_object_never_reach_the_server(post: PostOffice, arguments: object) -> None:
    broken = {"tool_calls": [{"function": {"name": "send_parcel", "arguments": arguments}}]}
    episode, found = await played(post, [broken, *FIRST, *SECOND])
    assert "no JSON object" in str(episode.messages[2]["content"])
    assert found.passed, found.reason


async def test_arguments_as_json_text_are_read(post: PostOffice) -> None:
    text = json.dumps({"parcel_id": "P-31", "speed": "fast"})
    told = {"tool_calls": [{"function": {"name": "send_parcel", "arguments": text}}]}
    _, found = await played(post, [LOOK, told, FIRST[2], *SECOND])
    assert found.passed, found.reason


async def test_the_user_tells_only_what_was_asked_for(post: PostOffice) -> None:
    episode, _ = await played(post, [*FIRST, saying("Is it raining?")])
    assert episode.ended == "answered"
    assert all("slow" not in str(message["content"]) for message in episode.messages)


async def test_who_guesses_instead_of_asking_fails(post: PostOffice) -> None:
    _, found = await played(post, [*FIRST, send("P-47", "slow"), SECOND[2]])
    assert found.failure == "did_not_ask"
    assert found.acted


async def test_a_turn_without_an_end_runs_out(post: PostOffice) -> None:
    async with post.episode() as episode:
        while episode.ended is None:
            await episode.take(LOOK)
        found = await score(episode)
    assert (found.failure, found.passed) == ("ran_out", False)


async def test_two_episodes_see_nothing_of_each_other(post: PostOffice) -> None:
    async with post.episode() as one, post.episode() as other:
        await one.take(send("P-31", "fast"))
        (seen,) = await other.take(LOOK)
    assert '"fast"' not in str(seen["content"])
