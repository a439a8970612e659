"""The main job: from an `mcp.json` to a run directory of verified samples."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import anyio

from toolweave.graph.plan import TrajectoryPlan
from toolweave.pipeline.engines.actors import open_ray_engine
from toolweave.pipeline.engines.job import Engine, Job, open_bench
from toolweave.pipeline.environments import Environments
from toolweave.pipeline.making.finished import Finished
from toolweave.pipeline.plans.history import History, remarked
from toolweave.pipeline.plans.learning import Drawn, Known, coverage_planner
from toolweave.pipeline.plans.planning import CoveragePlanner
from toolweave.pipeline.plans.schedule import Schedule, first_wave
from toolweave.pipeline.reports.coverage import coverage_of, read_run
from toolweave.pipeline.running.barriers import Barriers
from toolweave.pipeline.running.estimate import estimated
from toolweave.pipeline.running.governor import Governor
from toolweave.pipeline.running.groundwork import Ground, Groundwork
from toolweave.pipeline.running.progress import OnProgress, Progress, Teller
from toolweave.pipeline.running.spending import Spent, exhausted, teacher_spending
from toolweave.pipeline.running.stream import Stream, Turns
from toolweave.pipeline.sample import Sample
from toolweave.pipeline.settings import Pace, RunSettings
from toolweave.pipeline.storage.manifest import manifest_of
from toolweave.pipeline.storage.store import Store
from toolweave.pipeline.teachers import Teacher

OnSample = Callable[[Sample], Awaitable[None]]


@dataclass
class Run:
    """One invocation of the main job over one run directory."""

    settings: RunSettings
    pace: Pace
    store: Store
    teacher: Teacher
    on_progress: OnProgress
    open_fresh: Environments
    barriers: Barriers
    governor: Governor
    on_sample: OnSample
    """Takes every sample that this invocation keeps; nothing more is kept before it has."""
    teller: Teller = field(init=False)
    engine: Engine | None = None
    stream: Stream | None = None
    _began: float = 0.0
    _made_since: tuple[Spent, int] | None = None
    """What was used up, and how many were kept, when the first item was begun."""

    def __post_init__(self) -> None:
        self.teller = Teller(self.store, self.on_progress, Progress(self.settings.samples))

    def spent(self) -> Spent:
        """What this invocation has used up so far."""
        tokens, usd = teacher_spending(self._teacher())
        calls = self.engine.calls if self.engine is not None else self.open_fresh.watch.calls.total()
        return Spent(anyio.current_time() - self._began, calls, tokens, usd)

    def facts(self) -> dict[str, Any]:
        """What another process may know of the run."""
        progress = self.teller.progress
        facts = {"stage": progress.stage, "wanted": progress.wanted, "planned": progress.planned}
        making = {"in_flight": self.stream.in_flight if self.stream else 0, "waiting": len(self.store.pending.waiting)}
        return {**facts, "outcomes": dict(progress.outcomes), **making, "spent": self.spent().as_json()}

    async def execute(self) -> dict[str, Any]:
        """Do the job and return the manifest.

        Raises:
            ToolweaveError: The run as a whole cannot go on.
        """
        self._began = anyio.current_time()
        if self.pace.limited:
            self.governor.limit = lambda: exhausted(self.pace, self.spent(), self.store.outcomes["kept"])
        self.teller.tell()
        self.barriers.weeding.know(self.store.root)
        ground = await Groundwork(
            self.settings,
            self.store,
            self.open_fresh,
            lambda: self.teller.tell("learning which tool feeds which"),
            self.teller.probed,
        ).lay()
        self._write_manifest(ground, "running")
        coverage = coverage_planner(ground.planner, self.settings)
        job = Job(self.settings, self.pace, ground, self.barriers.screen)
        open_engine = open_ray_engine if self.pace.engine == "ray" else open_bench
        async with open_engine(job, self.teacher, self.open_fresh) as self.engine:
            await self._stream(self.engine, coverage)
        complete = self._enough() or not self.governor.ended
        if complete:
            self.store.finish()
        manifest = self._write_manifest(ground, "finished" if complete else "stopped")
        covered = coverage_of(read_run(self.store.root))
        self.store.write_json("coverage.json", covered)
        return manifest | self._estimate() | ({"grid": covered["grid"]} if "grid" in covered else {})

    def _estimate(self) -> dict[str, Any]:
        """What all samples would take, of a run that was only to give an idea of it."""
        if self.pace.preview is None or self._made_since is None:
            return {}
        spent, kept = self._made_since
        kept = self.store.outcomes["kept"] - kept
        return {"estimate": estimated(spent, self.spent(), kept, self.settings.samples)}

    def _teacher(self) -> dict[str, Any]:
        """What is known of the teacher by now."""
        return self.engine.teacher() if self.engine is not None else self.teacher.facts()

    def _write_manifest(self, ground: Ground, state: str) -> dict[str, Any]:
        manifest = manifest_of(self.settings, self.store, self._teacher(), ground.seen, ground.planner, state)
        manifest["ended"] = self.governor.ended if state == "stopped" else ""
        self.store.write_json("manifest.json", manifest)
        return manifest

    async def _stream(self, engine: Engine, planner: CoveragePlanner) -> None:
        """Make items until enough are kept, none is left to plan, or the governor ends the run."""
        if self._enough():
            return
        turns = Turns(self.store.next)

        async def make(plan: TrajectoryPlan) -> Finished:
            return remarked(await engine.make(plan, planner.lessons(plan.index)), planner.grid)

        async def settle(item: Finished) -> bool:
            return await self._settle(item.judged_by(self.barriers.weeding.judged))

        self.teller.tell("making samples")
        plans = Drawn(planner, History(self.store.root / "events.jsonl"))
        wave = self.settings.wave or first_wave(self.settings.samples)
        schedule = Schedule(plans, Known(self.store, turns), self.settings.samples, wave)
        self.stream = Stream(make, settle, turns, self.store.pending, self.governor.ready)
        self.governor.making = True
        self._made_since = self.spent(), self.store.outcomes["kept"]
        await self.stream.run(schedule.items(), self.pace.concurrency)

    async def _settle(self, item: Finished) -> bool:
        self.store.commit(item)
        self.teller.tell()
        if isinstance(item.made, Sample):
            await self.on_sample(item.made)
        return not self._enough()

    def _enough(self) -> bool:
        return self.store.outcomes["kept"] >= self.settings.samples
