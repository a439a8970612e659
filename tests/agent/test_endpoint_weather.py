"""An endpoint that fails every fifth request, in every way that endpoints fail."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from toolweave.agent.endpoint.teacher import EndpointTeacher
from toolweave.agent.roles import Value, ValueAsk
from toolweave.servers.errors import TeacherError
from toolweave.servers.tools import Tool

if TYPE_CHECKING:
    from tests.agent.conftest import Pauses, ScriptedEndpoint

    MakeTeacher = Callable[..., EndpointTeacher]

pytestmark = pytest.mark.anyio
TOOL = Tool("shop", "find_shop", "Find a shop.")
ASKS = 150
FAILINGS: tuple[Callable[[ScriptedEndpoint], Any], ...] = (
    lambda e: e.fails(429, headers={"Retry-After": "2"}),
    lambda e: e.fails(500),
    lambda e: e.fails(503),
    lambda e: e.hangs(),
    lambda e: e.says("no JSON here"),
    lambda e: e.says('{"value": "trunc', "length"),
    lambda e: e.says(None),
    lambda e: e.says(None, refusal="no"),
    lambda e: e.says({"value": 12}),
    lambda e: e.says({"value": "bad", "extra": 1}),
    lambda e: e.says('<tool_call>{"name": "x", "arguments": {}}</tool_call>'),
    lambda e: e.says('<think>{"value": "bad"}'),
    lambda e: e.sends('{"choices": []}'),
    lambda e: e.sends('{"choices": [{'),
    lambda e: e.sends("oops", "text/plain"),
)


async def test_no_bad_reply_passes_and_the_totals_add_up(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher, pauses: Pauses
) -> None:
    rng = random.Random(11)
    for _ in range(ASKS * 3):
        if rng.random() < 0.2:
            rng.choice(FAILINGS)(endpoint)
        else:
            endpoint.says({"value": "good"})
    outcomes: Counter[str] = Counter()

    async def ask(teacher: EndpointTeacher, seed: int) -> None:
        try:
            reply = await teacher.value(ValueAsk(TOOL, "/city", {"type": "string"}, seed))
        except TeacherError:
            outcomes["failed"] += 1
        else:
            outcomes["good" if reply == Value(value="good") else "bad"] += 1

    with anyio.fail_after(60):
        async with make_teacher(timeout=0.3, max_in_flight=16) as teacher, anyio.create_task_group() as group:
            for seed in range(ASKS):
                group.start_soon(ask, teacher, seed)
    usage = teacher.usage()["value"]
    assert (outcomes["bad"], outcomes.total()) == (0, ASKS)
    assert outcomes["good"] >= ASKS - 5
    assert usage["requests"] == ASKS + (usage["retries"] or 0)
    assert len(endpoint.requests) <= (usage["requests"] or 0)  # one may be given up before it arrives
    assert usage["failures"] == outcomes["failed"]
