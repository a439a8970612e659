"""Environments under watch: calls are counted, and a broken server costs its own trajectories only."""

from __future__ import annotations

import sys

import pytest

from toolweave.servers.environment import open_environment
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.watch import Watch, noting_deaths

pytestmark = pytest.mark.anyio

GHOST = ServerSpec(name="ghost", command="no-such-program-here")
CLOCK = ServerSpec(name="clock", command=sys.executable, args=["-m", "mcp_server_time"], options=ServerOptions())


async def test_a_server_that_never_starts_is_left_alone_while_the_others_go_on() -> None:
    watch = Watch()
    for _ in range(6):
        async with watch.open(open_environment, [GHOST]) as environment:
            assert "no-such-program-here" in environment.failures["ghost"]
    async with watch.open(open_environment, [GHOST, CLOCK]) as environment:
        assert environment.failures["ghost"].startswith("it rests, because 6 of its last 6 starts and calls failed")
        assert list(environment.specs) == ["ghost", "clock"]
        tool = next(tool for tool in environment.tools if tool.name == "get_current_time")
        result = await environment.call(tool, {"timezone": "Asia/Tokyo"})
        assert result.ok
    assert watch.calls == {"clock": 1}


async def test_a_server_that_is_not_there_is_noted_for_whom_it_concerns_alone() -> None:
    watch = Watch()
    with noting_deaths() as outer:
        async with watch.open(open_environment, [CLOCK]) as environment:
            assert environment.servers
        with noting_deaths() as inner:
            async with watch.open(open_environment, [GHOST, CLOCK]):
                pass
    assert (outer, inner) == ([], ["ghost"])
