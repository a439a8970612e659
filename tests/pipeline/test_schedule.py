"""Waves: what is planned depends on whole earlier waves, never on timing, and workers need not wait for the slowest."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import anyio
import pytest

from toolweave.graph.plan import NoSource, TrajectoryPlan, TurnKind
from toolweave.pipeline.plans.schedule import LARGEST_WAVE, MOST_ITEMS, Schedule, first_wave

pytestmark = pytest.mark.anyio


@dataclass
class Diary:
    """Plans that write down what they know; items are known when the test says so."""

    kept_share: float = 0.5
    most: int = 10**9
    done: dict[int, str] = field(default_factory=dict[int, str])
    kinds: Mapping[int, Sequence[TurnKind]] = field(default_factory=dict[int, Sequence[TurnKind]])
    known: list[int] = field(default_factory=list[int])
    """How many items were learnt from when each was planned."""
    learnt: int = 0
    waited: list[int] = field(default_factory=list[int])

    def plan(self, index: int) -> TrajectoryPlan | NoSource:
        assert len(self.known) == index
        if index >= self.most:
            return NoSource("a/b", "c")
        self.known.append(self.learnt)
        return TrajectoryPlan(index, index, ())

    def learn(
        self, plans: Mapping[int, TrajectoryPlan], outcomes: Mapping[int, str], kept: Mapping[int, Sequence[TurnKind]]
    ) -> None:
        assert list(plans) == list(range(self.learnt, self.learnt + len(plans)))
        self.learnt += len(plans)

    async def reach(self, index: int) -> None:
        """Everything up to there ends now."""
        self.waited.append(index)
        for item in range(len(self.done), index):
            kept = random.Random(f"outcome {item}").random() < self.kept_share
            self.done[item] = "kept" if kept else "failed"
        await anyio.lowlevel.checkpoint()


async def drawn(diary: Diary, wanted: int, wave: int) -> list[int]:
    return [plan.index async for plan in Schedule(diary, diary, wanted, wave).items()]


async def test_a_wave_is_planned_from_all_waves_but_the_last(tmp_path: object) -> None:
    diary = Diary()
    await drawn(diary, 100, 12)
    assert diary.known[:48] == [0] * 24 + [12] * 12 + [24] * 12
    assert all(known < index for index, known in enumerate(diary.known) if index)


async def test_while_much_is_missing_the_next_wave_is_always_there_before_the_last_has_ended() -> None:
    diary = Diary()
    schedule = Schedule(diary, diary, 200, 12)
    async for plan in schedule.items():
        if len(diary.done) < 150:
            assert plan.index >= len(diary.done)
            assert plan.index - diary.learnt < 2 * max(12, plan.index // 4)


@pytest.mark.parametrize(("share", "wanted"), [(1.0, 24), (0.5, 24), (0.9, 100), (0.3, 100)])
async def test_about_as_many_are_planned_as_are_needed(share: float, wanted: int) -> None:
    diary = Diary(share)
    planned = await drawn(diary, wanted, first_wave(wanted))
    kept = sum(outcome == "kept" for outcome in diary.done.values())
    assert wanted <= kept <= wanted * 1.35
    assert planned == list(range(len(diary.done)))


async def test_a_run_that_keeps_nothing_ends() -> None:
    diary = Diary(0.0)
    assert len(await drawn(diary, 10, 12)) == MOST_ITEMS * 10


async def test_where_nothing_is_left_to_plan_the_schedule_ends() -> None:
    diary = Diary(most=17)
    assert await drawn(diary, 100, 12) == list(range(17))
    assert diary.waited == [12, 17]


async def test_waves_grow_with_the_run_up_to_a_bound() -> None:
    diary = Diary()
    await drawn(diary, 4_000, 64)
    sizes = [diary.known.count(known) for known in dict.fromkeys(diary.known)]
    assert max(sizes) == LARGEST_WAVE
    assert sizes[1:10] == sorted(sizes[1:10])
