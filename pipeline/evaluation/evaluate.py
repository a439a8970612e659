"""`toolweave eval` as a function: who plays, on which samples, and what is written down."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from toolweave.agent.endpoint.shelf import Shelf
from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.players.controls import IdlePlayer, RandomPlayer
from toolweave.agent.players.student import StudentPlayer
from toolweave.pipeline.environments import warm_environments
from toolweave.pipeline.evaluation.results import report
from toolweave.pipeline.evaluation.trials import Course, Seat, Trial, run_trials
from toolweave.pipeline.gym.gold import GoldPlayer
from toolweave.pipeline.running.introspect import introspect
from toolweave.pipeline.sample import Sample
from toolweave.pipeline.storage.store import read_lines
from toolweave.servers.errors import RunError
from toolweave.servers.spec import ServerSpec

PLAYERS = ("offline", "random", "idle", "gold")
"""Assistants that need no endpoint: the offline student, two that should fail, and the samples' own."""


@dataclass(frozen=True, slots=True)
class EvalSettings:
    """What to try, and how."""

    model: str
    """One of `PLAYERS`, or a model id of an endpoint."""
    base_url: str | None = None
    temperature: float | None = None
    times: int = 1
    """Trials of every sample: the k of pass^k."""
    most: int | None = None
    """Samples, the first ones of the file; all by default."""
    concurrency: int = 4


async def evaluate(
    samples: Path,
    specs: Sequence[ServerSpec],
    settings: EvalSettings,
    on_trial: Callable[[Trial], None],
    shelf: Shelf | None = None,
) -> dict[str, Any]:
    """Try an assistant on a `samples.jsonl` and return the report.

    Args:
        samples: The file.
        specs: The servers that it needs.
        settings: What to try, and how.
        on_trial: Told of every trial that has ended.
        shelf: Where an endpoint's replies are kept, so that trials that are made again do not pay for them twice.

    Raises:
        ToolweaveError: The file, the servers or the endpoint are of no use.
    """
    rows = read_samples(samples, settings.most)
    async with open_seat(settings, shelf) as (seat, usage), warm_environments() as open_fresh:
        seen = await introspect(specs, open_fresh)
        course = Course({spec.name: spec for spec in specs}, seen.tools, open_fresh)
        trials = await run_trials(rows, settings.times, seat, course, settings.concurrency, on_trial)
    return report(trials, settings.model) | usage()


def read_samples(path: Path, most: int | None = None) -> list[Sample]:
    """The first samples of a file.

    Raises:
        RunError: It cannot be read, holds none, or a line is no sample.
    """
    found: list[Sample] = []
    for number, line in enumerate(islice(read_lines(path), most), 1):
        try:
            found.append(Sample.model_validate(line))
        except ValidationError as error:
            raise RunError(f"{path}, line {number} is no sample: {error.errors()[0]['msg']}") from error
    if not found:
        raise RunError(f"{path} holds no samples")
    return found


@asynccontextmanager
async def open_seat(
    settings: EvalSettings, shelf: Shelf | None = None
) -> AsyncGenerator[tuple[Seat, Callable[[], dict[str, Any]]]]:
    """Who plays, and what the report says of its costs in the end."""
    built_in: dict[str, Seat] = {
        "offline": lambda _: StudentPlayer(OfflineTeacher()),
        "random": lambda _: RandomPlayer(),
        "idle": lambda _: IdlePlayer(),
        "gold": GoldPlayer,
    }
    if settings.model in built_in:
        yield built_in[settings.model], dict[str, Any]
        return
    from toolweave.agent.players.endpoint import EndpointPlayer  # half a second that the others do not need

    async with EndpointPlayer.open(settings.model, settings.base_url, settings.temperature, shelf) as player:
        yield lambda _: player, lambda: {"usage": player.usage.as_json(None)}
