"""Going back on a real server: what is remembered, what is asked again, and when a way counts as clean."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from toolweave.agent.fill import PlanFailed
from toolweave.agent.ground import Allowance, OutOfCalls, Rewindable, open_rewindable
from toolweave.agent.lane import Unsteady
from toolweave.agent.memory import Attempt
from toolweave.graph.model import ToolFacts, ToolGraph
from toolweave.servers.environment import Environment, open_environment
from toolweave.servers.results import CallResult
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.tools import Tool

pytestmark = pytest.mark.anyio

SERVER = '''
import os
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

server, shelf = MCPServer("shelf", version="1"), []

@server.tool()
def look() -> dict[str, list[str]]:
    """Look at the shelf."""
    return {"books": shelf}

@server.tool()
def put(book: str) -> dict[str, int]:
    """Put a book on the shelf."""
    if book in shelf:
        raise ToolError(f"{book} stands there.")
    shelf.append(book)
    return {"books": len(shelf)}

@server.tool()
def stamp(book: str) -> dict[str, str]:
    """Stamp a book; every process has a stamp of its own."""
    return {"stamp": f"{book} {os.getpid()}"}

server.run("stdio")
'''


@dataclass
class Shelf:
    """A server that can go back, and every live call on it."""

    ground: Rewindable
    tools: dict[str, Tool]
    attempts: list[Attempt]
    starts: list[str] = field(default_factory=list[str])

    async def make(self, name: str, ahead: int = 1, **arguments: Any) -> CallResult:
        """Make a call and go on from it where it worked."""
        result = await self.ground.call(self.tools[f"s/{name}"], arguments, ahead)
        if result.ok:
            self.ground.keep(self.tools[f"s/{name}"], arguments, result)
        return result

    @property
    def live(self) -> list[str]:
        """Tools that were called live, in order."""
        return [attempt.tool.removeprefix("s/") for attempt in self.attempts]


@asynccontextmanager
async def opened(tmp_path: Path) -> AsyncGenerator[Shelf]:
    script = tmp_path / "shelf.py"
    script.write_text(SERVER)
    options = ServerOptions.model_validate({"disposable": True})
    spec = ServerSpec(name="s", command=sys.executable, args=[str(script)], options=options, folder=tmp_path)
    async with open_environment([spec]) as environment:
        tools = {tool.id: tool for tool in environment.tools}
    facts = {name: ToolFacts(access="reads" if name == "s/look" else "writes") for name in tools}
    starts, attempts = list[str](), list[Attempt]()

    @asynccontextmanager
    async def fresh(names: Any) -> AsyncGenerator[Environment]:
        starts.extend(names)
        async with open_environment([spec]) as environment:
            yield environment

    async with open_rewindable(fresh, ToolGraph(tools, (), facts), attempts.append) as ground:
        yield Shelf(ground, tools, attempts, starts)


async def test_what_was_answered_at_a_point_is_not_asked_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as shelf:
        start = shelf.ground.way
        for _ in range(2):
            shelf.ground.back_to(start)
            await shelf.make("look")
            await shelf.make("put", book="Tides")
            assert not (await shelf.make("put", book="Tides")).ok
    assert shelf.live == ["look", "put", "put"]
    assert shelf.starts == ["s"]


async def test_the_same_call_later_on_the_way_is_asked_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as shelf:
        first = await shelf.make("look")
        await shelf.make("put", book="Tides")
        second = await shelf.make("look")
    assert (first.value, second.value) == ({"books": []}, {"books": ["Tides"]})
    assert shelf.live == ["look", "put", "look"]


async def test_after_going_back_a_new_call_sees_nothing_of_what_was_given_up(tmp_path: Path) -> None:
    async with opened(tmp_path) as shelf:
        await shelf.make("put", book="Tides")
        before = shelf.ground.way
        await shelf.make("put", book="Winds")
        shelf.ground.back_to(before)
        assert (await shelf.make("look")).value == {"books": ["Tides"]}
        assert shelf.ground.clean
    assert shelf.live == ["put", "put", "put", "look"]
    assert shelf.starts == ["s", "s"]


async def test_a_failed_call_that_may_have_changed_something_spoils_the_instance(tmp_path: Path) -> None:
    async with opened(tmp_path) as shelf:
        await shelf.make("put", book="Tides")
        await shelf.make("put", book="Tides")
        assert not shelf.ground.clean
        await shelf.ground.renew()
        shelf.ground.back_to({})
        await shelf.make("put", book="Tides")
        assert shelf.ground.clean
    assert shelf.starts == ["s", "s"]


async def test_the_way_is_made_again_at_once_where_more_is_ahead_than_behind(tmp_path: Path) -> None:
    async with opened(tmp_path) as shelf:
        await shelf.make("put", book="Tides")
        await shelf.make("put", book="Tides")
        await shelf.make("put", book="Winds")
        await shelf.make("look", ahead=3)
        assert shelf.ground.clean
    assert shelf.live == ["put", "put", "put", "put", "put", "look"]
    assert shelf.starts == ["s", "s"]


async def test_what_was_overlooked_is_not_undone_and_counts_as_spoilt(tmp_path: Path) -> None:
    async with opened(tmp_path) as shelf:
        before = shelf.ground.way
        await shelf.make("put", book="Tides")
        shelf.ground.overlook(before)
        assert (await shelf.make("look")).value == {"books": ["Tides"]}
        assert not shelf.ground.clean
    assert shelf.starts == ["s"]


async def test_a_call_that_is_answered_otherwise_on_a_fresh_server_has_to_be_thought_over(tmp_path: Path) -> None:
    async with opened(tmp_path) as shelf:
        old = await shelf.make("stamp", book="Tides")
        before = shelf.ground.way
        await shelf.make("put", book="Winds")
        shelf.ground.back_to(before)
        with pytest.raises(Unsteady):
            await shelf.make("look")
        shelf.ground.back_to({})
        new = await shelf.make("stamp", book="Tides")
        await shelf.make("look")
        assert shelf.ground.clean
    assert new.value != old.value
    assert shelf.live == ["stamp", "put", "stamp", "look"]


async def test_only_live_calls_are_paid_for(tmp_path: Path) -> None:
    async with opened(tmp_path) as shelf:
        shelf.ground.allowance = Allowance(1)
        await shelf.make("look")
        shelf.ground.back_to({})
        await shelf.make("look")
        with pytest.raises(OutOfCalls):
            await shelf.make("put", book="Tides")
    assert shelf.live == ["look"]


async def test_a_server_that_does_not_start_is_named(tmp_path: Path) -> None:
    async with opened(tmp_path) as shelf:
        (tmp_path / "shelf.py").unlink()
        with pytest.raises(PlanFailed) as failed:
            await shelf.make("look")
    assert failed.value.stage == "server"
