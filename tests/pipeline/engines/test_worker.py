"""The same plan gives the same item wherever it is made, also when a server dies on the way."""

from __future__ import annotations

import json
import pickle
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from toolweave.graph.plan import TrajectoryPlan
from toolweave.pipeline.engines.job import Bench, Job, open_bench
from toolweave.pipeline.engines.worker import Worker
from toolweave.pipeline.environments import warm_environments
from toolweave.pipeline.plans.learning import coverage_planner
from toolweave.pipeline.plans.replanning import Lessons
from toolweave.pipeline.running.groundwork import Groundwork
from toolweave.pipeline.sample import Sample
from toolweave.pipeline.settings import Pace, RunSettings
from toolweave.pipeline.storage.store import Store
from toolweave.pipeline.teachers import open_teacher

pytestmark = pytest.mark.anyio

SHOP = Path(__file__).with_name("shop.py")


@asynccontextmanager
async def planned(folder: Path) -> AsyncGenerator[tuple[Bench, Job, TrajectoryPlan, Lessons]]:
    """The first item of a run, and where to make it; a file `die` in the folder is the end of the next server."""
    options = {"disposable": True, "writable": [str(folder)]}
    shop = {"command": "python", "args": [str(SHOP), str(folder / "die")], "toolweave": options}
    (folder / "mcp.json").write_text(json.dumps({"mcpServers": {"shop": shop}}))
    settings = RunSettings(mcp=folder / "mcp.json", samples=2, probe_calls=4, turns=1, kinds={"base": 1.0})
    with anyio.fail_after(120), Store.create(folder / "run", {}) as store:
        async with warm_environments() as environments, open_teacher("offline", None) as teacher:
            ground = await Groundwork(settings, store, environments, lambda: None, lambda: None).lay()
            planner = coverage_planner(ground.planner, settings)
            plan = planner.plan(0)
            assert isinstance(plan, TrajectoryPlan)
            job = Job(settings, Pace(), ground, None)
            async with open_bench(job, teacher, environments) as bench:
                yield bench, job, plan, planner.lessons(0)


async def test_a_worker_needs_nothing_but_what_can_be_sent(tmp_path: Path) -> None:
    async with planned(tmp_path) as (bench, job, plan, lessons):
        here = await bench.make(plan, lessons)
        sent = pickle.dumps((job, plan, lessons))
    job, plan, lessons = pickle.loads(sent)  # noqa: S301 - our own bytes
    there = Worker().make(lambda: job, plan, lessons)
    assert isinstance(here.made, Sample)
    assert there.item.made == here.made
    assert there.calls > 0
    assert there.teacher == {"name": "offline"}


async def test_an_item_whose_server_was_killed_is_made_once_more(tmp_path: Path) -> None:
    async with planned(tmp_path) as (bench, _, plan, lessons):
        undisturbed = await bench.make(plan, lessons)
        (tmp_path / "die").touch()
        disturbed = await bench.make(plan, lessons)
    assert not (tmp_path / "die").exists()
    assert isinstance(undisturbed.made, Sample)
    assert disturbed.made == undisturbed.made
