"""Runs an assistant through samples, each several times, on fresh environments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import anyio

from toolweave.agent.players.player import Player
from toolweave.pipeline.environments import OpenEnvironment
from toolweave.pipeline.gym.episode import Episode, open_episode
from toolweave.pipeline.gym.score import Score, score
from toolweave.pipeline.sample import Sample
from toolweave.servers.errors import EndpointUnusable, TeacherError
from toolweave.servers.spec import ServerSpec
from toolweave.servers.tools import Tool

Seat = Callable[[Episode], Player]
"""Who plays an episode."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One sample, tried once."""

    sample: Sample
    number: int
    """Of this sample's trials, from 0."""
    score: Score
    steps: int
    """Assistant messages."""


@dataclass(frozen=True, slots=True)
class Course:
    """Where samples are tried."""

    specs: Mapping[str, ServerSpec]
    listed: Sequence[Tool]
    """All tools of these servers."""
    open_fresh: OpenEnvironment


async def run_trials(
    samples: Sequence[Sample],
    times: int,
    seat: Seat,
    course: Course,
    concurrency: int,
    on_trial: Callable[[Trial], None],
) -> list[Trial]:
    """Try every sample `times` times; in the order of the samples.

    Raises:
        EndpointUnusable: Every further request would be refused.
        RunError: A sample's tools are not there any more.
    """
    planned = [(sample, number) for sample in samples for number in range(times)]
    done: dict[int, Trial] = {}
    limiter = anyio.CapacityLimiter(concurrency)

    async def work(place: int, sample: Sample, number: int) -> None:
        async with limiter:
            done[place] = await _try(sample, number, seat, course)
        on_trial(done[place])

    async with anyio.create_task_group() as tasks:
        for place, (sample, number) in enumerate(planned):
            tasks.start_soon(partial(work, place, sample, number))
    return [done[place] for place in sorted(done)]


async def _try(sample: Sample, number: int, seat: Seat, course: Course) -> Trial:
    async with open_episode(sample, course.specs, course.listed, course.open_fresh) as episode:
        try:
            await play(episode, seat(episode), sample.seed + number)
        except EndpointUnusable:
            raise
        except TeacherError as error:
            return Trial(sample, number, Score("no_reply", str(error), False, 0.0), _steps(episode))
        return Trial(sample, number, await score(episode), _steps(episode))


async def play(episode: Episode, player: Player, seed: int, goes_on: Callable[[], bool] = lambda: True) -> None:
    """Let a player act until the episode has ended, or is not worth going on with.

    Raises:
        TeacherError: A reply, or words of the user, did not come.
    """
    while episode.ended is None:
        await episode.take(await player.reply(tuple(episode.messages), episode.functions, seed))
        if not goes_on():
            episode.stop()


def _steps(episode: Episode) -> int:
    return sum(1 for message in episode.messages if message["role"] == "assistant")
