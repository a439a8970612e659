"""The stream: in order whatever finishes first, never idle, never more than is wanted."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import pytest

from toolweave.graph.plan import TrajectoryPlan
from toolweave.pipeline.making.finished import Finished
from toolweave.pipeline.making.workshop import Dropped
from toolweave.pipeline.running.governor import Governor
from toolweave.pipeline.running.stream import Stream, Turns
from toolweave.pipeline.storage.journal import Journal
from toolweave.servers.errors import RunError

pytestmark = pytest.mark.anyio


class Line:
    """A stream whose items finish when the test says so."""

    def __init__(self, path: Path, *, wanted: int = 1_000, governor: Governor | None = None) -> None:
        self.governor = governor or Governor()
        self.begun: list[int] = []
        self.settled: list[int] = []
        self.held: dict[int, anyio.Event] = {}
        """Items that wait for the test."""
        self.changed = anyio.Event()
        self._wanted = wanted
        self.pending = Journal(path / "pending.jsonl")
        self.turns = Turns(0)
        self.stream = Stream(self._make, self._settle, self.turns, self.pending, self.governor.ready)

    async def _make(self, plan: TrajectoryPlan) -> Finished:
        self.begun.append(plan.index)
        self._tell()
        if plan.index in self.held:
            await self.held[plan.index].wait()
        return Finished(plan.index, Dropped("failed", "plan", "no"))

    async def _settle(self, item: Finished) -> bool:
        self.settled.append(item.index)
        self.pending.tidy()
        self._tell()
        return len(self.settled) < self._wanted

    def _tell(self) -> None:
        self.changed.set()
        self.changed = anyio.Event()

    async def items(self, count: int) -> AsyncGenerator[TrajectoryPlan]:
        for index in range(count):
            await anyio.lowlevel.checkpoint()
            yield TrajectoryPlan(index, index, ())

    async def run(self, count: int, concurrency: int) -> None:
        with anyio.fail_after(20):
            await self.stream.run(self.items(count), concurrency)
        self.pending.close()

    async def until(self, begun: int) -> None:
        with anyio.fail_after(20):
            while len(self.begun) < begun:
                await self.changed.wait()


@pytest.mark.parametrize("seed", range(5))
async def test_items_leave_in_the_order_of_their_plans_whatever_finishes_first(tmp_path: Path, seed: int) -> None:
    line, rng = Line(tmp_path), random.Random(seed)
    line.held = {index: anyio.Event() for index in range(12)}
    order = rng.sample(range(12), 12)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(line.run, 30, 12)
        await line.until(12)
        for index in order:
            line.held[index].set()
            await anyio.wait_all_tasks_blocked()
    assert line.settled == list(range(30))


async def test_a_slow_item_does_not_keep_the_others_from_being_made(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.held[0] = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(line.run, 40, 4)
        await line.until(40)
        assert line.settled == []
        assert sorted(line.pending.waiting) == list(range(1, 40))
        line.held[0].set()
    assert line.settled == list(range(40))


async def test_what_waits_for_its_turn_is_on_disk(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.held[0] = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(line.run, 3, 2)
        await line.until(3)
        await anyio.wait_all_tasks_blocked()
        again = Journal(tmp_path / "pending.jsonl")
        again.close()
        assert sorted(again.waiting) == [1, 2]
        line.held[0].set()
    assert (tmp_path / "pending.jsonl").read_bytes() == b""


async def test_when_enough_is_kept_what_is_in_the_making_is_left(tmp_path: Path) -> None:
    line = Line(tmp_path, wanted=3)
    line.held = {index: anyio.Event() for index in range(3, 10)}
    await line.run(10, 10)
    assert line.settled == [0, 1, 2]


async def test_a_stop_finishes_what_is_in_the_making_and_begins_nothing_more(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.held = {index: anyio.Event() for index in range(4)}
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(line.run, 100, 4)
        await line.until(4)
        line.governor.stop("the user said so")
        for event in line.held.values():
            event.set()
    assert line.settled == [0, 1, 2, 3]


async def test_a_pause_begins_nothing_until_it_ends(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.governor.pause(True)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(line.run, 5, 2)
        await anyio.wait_all_tasks_blocked()
        assert line.begun == []
        line.governor.pause(False)
    assert line.settled == [0, 1, 2, 3, 4]


async def test_a_stop_while_paused_ends_the_stream(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.governor.pause(True)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(line.run, 5, 2)
        await anyio.wait_all_tasks_blocked()
        line.governor.stop("the user said so")
    assert line.begun == []


async def test_what_an_earlier_invocation_has_done_is_not_made_again(tmp_path: Path) -> None:
    earlier = Journal(tmp_path / "pending.jsonl")
    for index in (3, 5):
        earlier.put(Finished(index, Dropped("failed", "plan", "no")))
    earlier.close()
    line = Line(tmp_path)
    line.turns.next = 2
    await line.run(8, 3)
    assert sorted(line.begun) == [2, 4, 6, 7]
    assert line.settled == [2, 3, 4, 5, 6, 7]


async def test_an_error_that_breaks_the_run_comes_out_as_itself(tmp_path: Path) -> None:
    line = Line(tmp_path)

    async def settle(item: Finished) -> bool:
        raise RunError("the disk is full")

    stream = Stream(line._make, settle, line.turns, line.pending, line.governor.ready)  # pyright: ignore[reportPrivateUsage]
    with anyio.fail_after(20), pytest.raises(RunError, match="the disk is full"):
        await stream.run(line.items(50), 4)
    line.pending.close()
