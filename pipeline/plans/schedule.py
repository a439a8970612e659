"""Which item comes next: planned in waves, each from what became of all waves but the one before it.

Plans must not depend on timing, yet should learn from what was lost. So a wave is planned when the last but one has
ended; while its slowest items are still in the making, workers have those of the next wave. The size of a wave depends
on the settings and on the outcomes of whole waves, like the plans. A resumed run draws the same waves.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Protocol

import structlog

from toolweave.graph.plan import NoSource, TrajectoryPlan, TurnKind

MOST_ITEMS = 4
"""Planned items per wanted sample before a run ends short."""
SMALLEST_WAVE, LARGEST_FIRST_WAVE, LARGEST_WAVE = 12, 64, 256
GROWTH = 4
"""A wave may be as large as this part of all items before it, where that is more than the first wave."""

log = structlog.get_logger()


class Outcomes(Protocol):
    """What became of items so far; all up to some item are known."""

    @property
    def done(self) -> Mapping[int, str]:
        """Index → outcome."""
        ...

    @property
    def kinds(self) -> Mapping[int, Sequence[TurnKind]]:
        """Index of every kept item → kinds of its turns."""
        ...

    async def reach(self, index: int) -> None:
        """Wait until all items before this one are known."""
        ...


class Plans(Protocol):
    """Where plans come from."""

    def plan(self, index: int) -> TrajectoryPlan | NoSource:
        """The plan of this item."""
        ...

    def learn(
        self, plans: Mapping[int, TrajectoryPlan], outcomes: Mapping[int, str], kept: Mapping[int, Sequence[TurnKind]]
    ) -> None:
        """Count what became of a wave."""
        ...


def first_wave(samples: int) -> int:
    """Items of the first wave of a run that wants so many samples."""
    return min(max(SMALLEST_WAVE, samples // 4), LARGEST_FIRST_WAVE)


class Schedule:
    """The items of a run, in order.

    Args:
        plans: Draws them.
        outcomes: What became of them.
        wanted: Samples to keep.
        wave: Items of the first wave.
    """

    def __init__(self, plans: Plans, outcomes: Outcomes, wanted: int, wave: int) -> None:
        self._plans = plans
        self._outcomes = outcomes
        self._wanted = wanted
        self._wave = wave
        self._planned = 0
        self._known = 0
        """Items of the waves from which something was learnt."""
        self._kept = 0
        """Those of them that were kept."""

    async def items(self) -> AsyncGenerator[TrajectoryPlan]:
        """Every item to make; waits where it has to learn before it can plan."""
        before: dict[int, TrajectoryPlan] = {}
        while before or self._size(0):
            wave: dict[int, TrajectoryPlan] = {}
            for index in range(self._planned, self._planned + self._size(len(before))):
                plan = self._plans.plan(index)
                if isinstance(plan, NoSource):
                    log.warning("nothing left to plan", reason=str(plan))
                    break
                wave[index] = plan
                yield plan
            self._planned += len(wave)
            if not before and not wave:
                return
            await self._learn(before)
            before = wave

    async def _learn(self, wave: dict[int, TrajectoryPlan]) -> None:
        """Wait for the end of a wave, and count what became of it."""
        if not wave:
            return
        self._known = max(wave) + 1
        await self._outcomes.reach(self._known)
        self._kept += sum(self._outcomes.done[index] == "kept" for index in wave)
        self._plans.learn(wave, self._outcomes.done, self._outcomes.kinds)

    def _size(self, on_the_way: int) -> int:
        """Items of the next wave: no more than are likely to be needed."""
        share = (self._kept + 1) / (self._known + 2)
        missing = self._wanted - self._kept - share * on_the_way
        most = min(max(self._wave, self._planned // GROWTH), LARGEST_WAVE, MOST_ITEMS * self._wanted - self._planned)
        return max(0, min(math.ceil(missing / share), most))
