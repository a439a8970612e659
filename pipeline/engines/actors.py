"""The engine of Ray: items are made by actors, on as many machines as Ray has.

Contract: the schedule, the order of items and all files stay in the process that began; an actor gets a plan and what
was known when it was planned, and gives back the finished item. When an actor dies, Ray starts it anew and its items
are made again, so nothing is lost and nothing is there twice. When actors die over and over, the run ends and can be
resumed. Every machine has to see the same files under the same paths: the servers' programs, the rubric, the prompts.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import anyio
import anyio.to_thread

from toolweave.graph.plan import TrajectoryPlan
from toolweave.pipeline.engines.job import Job
from toolweave.pipeline.engines.shares import share_of
from toolweave.pipeline.engines.worker import Made, Worker
from toolweave.pipeline.environments import Environments
from toolweave.pipeline.making.finished import Finished
from toolweave.pipeline.plans.replanning import Lessons
from toolweave.pipeline.settings import Pace
from toolweave.pipeline.teachers import Teacher
from toolweave.servers.errors import ConfigError, RunError, ToolweaveError
from toolweave.servers.json_values import as_object

MOST_DEATHS = 8
"""Times that one actor, or the actor of one item, may die."""
WAVES = 3
"""Lessons that are kept with Ray: those of the waves that can be in the making."""


def load_ray() -> Any:
    """The library, untyped because it is optional.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        return import_module("ray")
    except ImportError as error:
        raise ConfigError("--engine ray needs Ray: pip install 'toolweave[ray]'") from error


@dataclass
class _Actor:
    handle: Any
    busy: int = 0


class RayEngine:
    """Makes items by actors; make it by `open_ray_engine`.

    Args:
        fetch: Gets the job of one actor, wherever that is.
        actors: Handles.
        teacher: What this process knows of it.
        environments: Counts the calls of this process.
    """

    def __init__(
        self, fetch: Callable[[], Job], actors: list[Any], teacher: Teacher, environments: Environments
    ) -> None:
        self._fetch = fetch
        self._actors = [_Actor(handle) for handle in actors]
        self._own = teacher.facts
        self._environments = environments
        self._used: dict[int, Made] = {}
        """Process of a worker, dead or alive → what it told last."""
        self._lessons: list[tuple[Lessons, Any]] = []

    async def make(self, plan: TrajectoryPlan, lessons: Lessons) -> Finished:
        """As `Engine` has it."""
        actor = min(self._actors, key=lambda one: one.busy)
        actor.busy += 1
        task = actor.handle.make.remote(self._fetch, plan, self._sent(lessons))
        try:
            with _plain_ray_errors():
                made: Made = await task
        except anyio.get_cancelled_exc_class():
            load_ray().cancel(task)  # or Ray would make it again when its actor is ended
            raise
        finally:
            actor.busy -= 1
        self._used[made.worker] = made
        return made.item

    @property
    def calls(self) -> int:
        """As `Engine` has it; of items that are still in the making nothing is known."""
        return self._environments.watch.calls.total() + sum(made.calls for made in self._used.values())

    def teacher(self) -> dict[str, Any]:
        """As `Engine` has it, with the counts of all workers."""
        told = [made.teacher for made in self._used.values()]
        facts = (told or [self._own()])[-1]
        if "usage" not in facts:
            return facts
        return facts | {
            "usage": {role: _summed([one["usage"][role] for one in told or [facts]]) for role in facts["usage"]}
        }

    def _sent(self, lessons: Lessons) -> Any:
        """Lessons as Ray keeps them; those of one wave are sent once."""
        found = next((kept for known, kept in self._lessons if known is lessons), None)
        if found is None:
            found = load_ray().put(lessons)
            self._lessons = [*self._lessons[1 - WAVES :], (lessons, found)]
        return found


def _summed(usages: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts of one role; a cost that one of them does not know is not known."""
    counts = Counter[str]()
    for usage in usages:
        counts.update({name: value or 0 for name, value in as_object(usage).items()})
    unknown = {name for usage in usages for name, value in usage.items() if value is None}
    return {name: None if name in unknown else counts[name] for name in usages[0]}


@contextmanager
def _plain_ray_errors() -> Generator[None]:
    errors = load_ray().exceptions
    try:
        yield
    except errors.RayTaskError as error:
        if isinstance(error.cause, ToolweaveError):
            raise error.cause from error
        raise RunError(f"a worker broke: {_one_line(error.cause)}") from error
    except errors.RayError as error:
        raise RunError(f"workers keep dying: {_one_line(error)}") from error


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:300]


@asynccontextmanager
async def open_ray_engine(job: Job, teacher: Teacher, environments: Environments) -> AsyncGenerator[RayEngine]:
    """Actors for a job, on the cluster that `RAY_ADDRESS` names, else on this machine.

    Raises:
        ConfigError: Ray has fewer CPUs than workers are wanted, or a limit cannot be divided among them.
        RunError: Ray does not start.
    """
    ray = load_ray()
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # or Ray reports to its makers
    began = not ray.is_initialized()
    if began:
        await anyio.to_thread.run_sync(_begin)
    actors: list[Any] = []
    try:
        workers = _workers(job.pace, int(ray.cluster_resources().get("CPU", 1)))
        fetch = partial(ray.get, ray.put(share_of(job, workers)))
        template = ray.remote(Worker).options(
            num_cpus=1,
            max_concurrency=-(-job.pace.concurrency // workers),
            max_restarts=MOST_DEATHS,
            max_task_retries=MOST_DEATHS,
            scheduling_strategy="SPREAD",
        )
        actors += [template.remote() for _ in range(workers)]
        yield RayEngine(fetch, actors, teacher, environments)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(_end, actors, began)


def _begin() -> None:
    """Start Ray, or join it; once more where it did not start, because it gives a busy machine only half a minute."""
    ray = load_ray()
    for left in (1, 0):
        try:
            ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
            return
        except Exception as error:  # boundary: Ray raises bare exceptions when it does not start
            ray.shutdown()
            if not left:
                raise RunError(f"Ray does not start: {_one_line(error)}") from error


def _end(actors: list[Any], began: bool) -> None:
    """Kill the actors; what watches over their servers ends these."""
    ray = load_ray()
    for actor in actors:
        ray.kill(actor)
    if began:
        ray.shutdown()


def _workers(pace: Pace, cpus: int) -> int:
    wanted = min(pace.workers or cpus, pace.concurrency)
    if wanted > cpus:
        raise ConfigError(f"--workers {wanted}: Ray has {cpus} CPUs; give --workers {cpus} or fewer")
    return max(1, wanted)
