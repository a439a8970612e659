"""What an engine has to know to make the items of a run, and what a run asks of an engine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from toolweave.graph.plan import TrajectoryPlan
from toolweave.pipeline.contamination import Screen
from toolweave.pipeline.environments import Environments
from toolweave.pipeline.gates.stages import Stage, through
from toolweave.pipeline.gates.static import Gate
from toolweave.pipeline.gates.verdict import Rejection
from toolweave.pipeline.making.finished import Finished
from toolweave.pipeline.making.items import finish
from toolweave.pipeline.making.workshop import Dropped, Workshop
from toolweave.pipeline.plans.replanning import Lessons
from toolweave.pipeline.plugins import load_functions
from toolweave.pipeline.running.groundwork import Ground
from toolweave.pipeline.settings import Pace, RunSettings
from toolweave.pipeline.storage.replies import asking_for
from toolweave.pipeline.teachers import Teacher


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
        stages: Look at every sample before it is kept.
    """

    def __init__(
        self, shop: Workshop, teacher: Teacher, environments: Environments, stages: Mapping[str, Stage]
    ) -> None:
        self._shop = shop
        self._stages = stages
        self._environments = environments
        self.teacher = teacher.facts

    async def make(self, plan: TrajectoryPlan, lessons: Lessons) -> Finished:
        """As `Engine` has it."""
        with asking_for(plan.index):
            item = await finish(replace(self._shop, lessons=lessons), plan)
            if not self._stages or isinstance(item.made, Dropped):
                return item
            made = await through(self._stages, item.made)
        if isinstance(made, Rejection):
            return replace(item, made=Dropped("rejected", made.gate, made.reason), recording=None)
        return replace(item, made=made)

    @property
    def calls(self) -> int:
        """As `Engine` has it."""
        return self._environments.watch.calls.total()


def gates_of(settings: RunSettings) -> dict[str, Gate]:
    """The gates that other packages bring along and the settings name.

    Raises:
        ConfigError: One of them is not installed, or is no gate.
    """
    return load_functions("gates", settings.gates)


def stages_of(settings: RunSettings) -> dict[str, Stage]:
    """The stages that other packages bring along and the settings name.

    Raises:
        ConfigError: One of them is not installed, or is no stage.
    """
    return load_functions("stages", settings.stages)


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
        yield Bench(shop, teacher, environments, stages_of(job.settings))
