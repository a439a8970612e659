"""Requests in flight: one more after a good round, half as many when it is too much."""

from __future__ import annotations

import anyio
import pytest

from toolweave.agent.pacing import Pacing

pytestmark = pytest.mark.anyio


class Time:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def test_many_refusals_of_one_moment_halve_the_places_once() -> None:
    pacing = Pacing(64, clock := Time())
    clock.seconds = 1.0
    for _ in range(40):
        pacing.refused(sent=0.5)
    assert pacing.places == 32
    clock.seconds = 2.0
    pacing.refused(sent=1.5)
    assert pacing.places == 16


async def test_places_come_back_one_by_one_and_never_exceed_the_limit() -> None:
    pacing = Pacing(4, clock := Time())
    pacing.refused(sent=0.0)
    seen: list[int] = []
    for _ in range(20):
        pacing.answered()
        seen.append(pacing.places)
    assert seen == [2, 3, 3, 3, *[4] * 16]
    for second in range(1, 6):
        clock.seconds = float(second)
        pacing.refused(sent=float(second))
    assert pacing.places == 1


async def test_no_more_requests_are_in_flight_than_there_are_places() -> None:
    pacing, inside, most = Pacing(8, Time()), 0, 0
    pacing.refused(sent=0.0)

    async def request() -> None:
        nonlocal inside, most
        async with pacing:
            inside += 1
            most = max(most, inside)
            await anyio.lowlevel.checkpoint()
            inside -= 1

    async with anyio.create_task_group() as tasks:
        for _ in range(30):
            tasks.start_soon(request)
    assert (most, inside) == (4, 0)
