"""Episodes over real HTTP, played by the client that the RL packages hold."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from anyio.to_thread import run_sync

from toolweave.agent.players.player import calling, saying
from toolweave.pipeline.exports.packages import client
from toolweave.pipeline.exports.packages.client import Episode, EpisodeError
from toolweave.pipeline.gym.episode import Episode as Played
from toolweave.pipeline.gym.hosting import EpisodeHosting
from toolweave.pipeline.sample import Sample
from toolweave.servers.config import ServerOptions, ServerSpec
from toolweave.servers.environment import open_environment
from toolweave.servers.hosting import host

if TYPE_CHECKING:
    from tests.pipeline.gym.conftest import PostOffice

pytestmark = pytest.mark.anyio

ARGUMENTS = {"parcel_id": "P-31", "speed": "fast"}
GOLD = [
    calling([("list_parcels", {})]),
    calling([("send_parcel", ARGUMENTS)]),
    saying("Parcel P-31 is on its way."),
    saying("At what speed should it go?"),
    calling([("send_parcel", {"parcel_id": "P-47", "speed": "slow"})]),
    saying("Parcel P-47 is on its way."),
]


@pytest.fixture
async def served(post: PostOffice, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[str]:
    """Address of a server that knows the sample of the post office."""

    def open_sample(_: Sample) -> AbstractAsyncContextManager[Played]:
        return post.episode()

    async with anyio.create_task_group() as tasks:
        before = partial(EpisodeHosting, {post.sample.id: post.sample}, open_sample, tasks)
        port = await tasks.start(host, lambda: open_environment([post.spec]), 0, before)
        monkeypatch.setattr(client, "URL", f"http://127.0.0.1:{port}")
        yield client.URL
        tasks.cancel_scope.cancel()


async def begun(post: PostOffice) -> Episode:
    return await run_sync(Episode, post.sample.id)


async def said(episode: Episode, *replies: dict[str, Any]) -> None:
    for reply in replies:
        await run_sync(episode.say, reply)


async def test_the_samples_own_replies_earn_the_reward(post: PostOffice, served: str) -> None:
    episode = await begun(post)
    await said(episode, *GOLD)
    assert (episode.ended, episode.reward, episode.score) == (
        "answered",
        1.0,
        {"passed": True, "failure": None, "reason": "", "acted": True, "calls": 1.0, "extra_reads": 0,
         "refused_calls": 0},
    )  # fmt: skip
    await run_sync(episode.close)


async def test_saying_done_earns_nothing(post: PostOffice, served: str) -> None:
    episode = await begun(post)
    await said(episode, saying("Done."), saying("Done."))
    assert (episode.ended, episode.reward) == ("answered", 0.0)


async def test_observations_carry_the_ids_of_the_callers_own_calls(post: PostOffice, served: str) -> None:
    episode = await begun(post)
    call = calling([("list_parcels", {})])
    call["tool_calls"][0]["id"] = "call_of_mine"
    await said(episode, call)
    assert [message["role"] for message in episode.messages] == ["user", "assistant", "tool"]
    assert episode.messages[-1]["tool_call_id"] == "call_of_mine"


async def test_calls_over_mcp_are_calls_of_the_assistant(post: PostOffice, served: str) -> None:
    episode = await begun(post)
    options = ServerOptions(disposable=True)
    spec = ServerSpec(name="post", transport="http", url=episode.mcp_url, options=options)
    async with open_environment([spec], strict=True) as environment:
        tools = {tool.name: tool for tool in environment.tools}
        assert (await environment.call(tools["list_parcels"], {})).ok
        await environment.call(tools["send_parcel"], ARGUMENTS)
        assert not (await environment.call(tools["send_parcel"], {"parcel_id": "P-99", "speed": "fast"})).ok
        await said(episode, GOLD[2], GOLD[3])
        await environment.call(tools["send_parcel"], {"parcel_id": "P-47", "speed": "slow"})
        await said(episode, GOLD[5])
    assert episode.reward == 1.0
    assert episode.score is not None
    assert episode.score["refused_calls"] == 1


async def test_an_episode_that_is_given_up_is_scored_by_what_was_done(post: PostOffice, served: str) -> None:
    episode = await begun(post)
    await said(episode, GOLD[0])
    await run_sync(episode.submit)
    assert episode.score is not None
    assert (episode.reward, episode.score["failure"], round(episode.score["calls"], 2)) == (0.0, "stopped", 0.33)


async def test_two_episodes_of_one_sample_see_nothing_of_each_other(post: PostOffice, served: str) -> None:
    one, other = await begun(post), await begun(post)
    await said(one, GOLD[0], GOLD[1])
    await said(other, GOLD[0])
    assert '"sent": ""' in other.messages[-1]["content"]


async def test_a_sample_that_is_not_there_is_named(served: str) -> None:
    with pytest.raises(EpisodeError, match="there is no sample 'tw-none'"):
        await run_sync(Episode, "tw-none")


async def test_a_name_is_free_again_after_its_end(
    post: PostOffice, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Same:
        hex = "a" * 32

    monkeypatch.setattr(uuid, "uuid4", Same)
    episode = await begun(post)
    with pytest.raises(EpisodeError, match="is in use"):
        await begun(post)
    await run_sync(episode.close)
    await run_sync(episode.close)
    assert (await begun(post)).messages[0]["content"] == "Please send Ada's parcel fast."


async def test_names_without_an_episode_are_environments_as_ever(served: str) -> None:
    spec = ServerSpec(name="post", transport="http", url=f"{served}/free/mcp", options=ServerOptions(disposable=True))
    async with open_environment([spec], strict=True) as environment:
        assert {tool.name for tool in environment.tools} == {"list_parcels", "send_parcel"}
