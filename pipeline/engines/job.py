"""What an engine has to know to make the items of a run, and what a run asks of an engine."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from toolweave.graph.plan import TrajectoryPlan
from toolweave.pipeline.contamination import Screen
from toolweave.pipeline.environments import Environments
from toolweave.pipeline.gates.static import Gate
from toolweave.pipeline.making.finished import Finished
from toolweave.pipeline.making.items import finish
from toolweave.pipeline.making.workshop import Workshop
from toolweave.pipeline.plans.replanning import Lessons
from toolweave.pipeline.plugins import load_part
from toolweave.pipeline.running.groundwork import Ground
from toolweave.pipeline.settings import Pace, RunSettings
from toolweave.pipeline.storage.replies import asking_for
from toolweave.pipeline.teachers import Teacher
from toolweave.servers.errors import ConfigError


@dataclass(frozen=True)
class Job:
    """All that items are made from; plain data that can be sent to another process."""

    settings: RunSettings
    pace: Pace
    ground: Ground
    screen: Screen | None


class Engine(Protocol):
    """Makes items. The same plan and lessons give the same item, whichever engine makes it."""

    async def make(self, plan: TrajectoryPlan, lessons: Lessons) -> Finished:
        """Make an item from its plan and what was known when it was planned.

        Raises:
            ToolweaveError: No further item could be made either.
        """
        ...

    @property
    def calls(self) -> int:
        """Live calls of tools so far."""
        ...

    def teacher(self) -> dict[str, Any]:
        """What the manifest says of the teacher."""
        ...


class Bench:
    """The engine of this process.

    Args:
        shop: What all items share.
        teacher: Plays the roles.
        environments: Counts the calls.
    """

    def __init__(self, shop: Workshop, teacher: Teacher, environments: Environments) -> None:
        self._shop = shop
        self._environments = environments
        self.teacher = teacher.facts

    async def make(self, plan: TrajectoryPlan, lessons: Lessons) -> Finished:
        """As `Engine` has it."""
        with asking_for(plan.index):
            return await finish(replace(self._shop, lessons=lessons), plan)

    @property
    def calls(self) -> int:
        """As `Engine` has it."""
        return self._environments.watch.calls.total()


def gates_of(settings: RunSettings) -> dict[str, Gate]:
    """The gates that other packages bring along and the settings name.

    Raises:
        ConfigError: One of them is not installed, or is no gate.
    """
    found = {name: load_part("gates", name) for name in settings.gates}
    for name, gate in found.items():
        if not callable(gate):
            raise ConfigError(f"gates: {name!r} is {type(gate).__name__}, and not a function of a sample")
    return found


@asynccontextmanager
async def open_bench(job: Job, teacher: Teacher, environments: Environments) -> AsyncGenerator[Bench]:
    """Make items here, on these environments."""
    ground = job.ground
    async with environments.sharing(ground.specs, ground.graph, ground.seen.allowed) as open_live:
        shop = Workshop(
            job.settings,
            ground.graph,
            ground.specs,
            ground.book,
            teacher.model,
            ground.seen.allowed,
            environments,
            open_live,
            job.screen,
            gates_of(job.settings),
            teacher.panel,
        )
        yield Bench(shop, teacher, environments)
