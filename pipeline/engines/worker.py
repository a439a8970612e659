"""A process that makes items for another one: it has its own teacher and its own environments."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

from anyio.from_thread import start_blocking_portal

from toolweave.graph.plan import TrajectoryPlan
from toolweave.pipeline.engines.job import Bench, Job, open_bench
from toolweave.pipeline.environments import warm_environments
from toolweave.pipeline.making.finished import Finished
from toolweave.pipeline.plans.replanning import Lessons
from toolweave.pipeline.teachers import rubric_of, teacher_of


@dataclass(frozen=True, slots=True)
class Made:
    """An item, and what its worker has used up since it began."""

    item: Finished
    worker: int
    """Its process."""
    calls: int
    teacher: dict[str, Any]


class Worker:
    """Makes items, several at a time, each called from a thread of its own; ends with its process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open = ExitStack()
        self._portal = self._open.enter_context(start_blocking_portal())
        self._bench: Bench | None = None

    def make(self, fetch: Callable[[], Job], plan: TrajectoryPlan, lessons: Lessons) -> Made:
        """Make an item.

        Args:
            fetch: Gets the job; the first one is kept.
            plan: Of the item.
            lessons: What was known when it was planned.

        Raises:
            ToolweaveError: No further item could be made either.
        """
        bench = self._begun(fetch)
        item = self._portal.call(bench.make, plan, lessons)
        return Made(item, os.getpid(), bench.calls, bench.teacher())

    def _begun(self, fetch: Callable[[], Job]) -> Bench:
        with self._lock:
            if self._bench is None:
                self._bench = self._open.enter_context(self._portal.wrap_async_context_manager(_bench(fetch())))
            return self._bench


@asynccontextmanager
async def _bench(job: Job) -> AsyncGenerator[Bench]:
    async with (
        teacher_of(job.settings, job.pace, rubric_of(job.settings)) as teacher,
        warm_environments() as environments,
        open_bench(job, teacher, environments) as bench,
    ):
        yield bench
