"""Locks, crossings and comparisons on a small server in this process."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from toolweave.agent.arguments import ValueBook
from toolweave.agent.probing.bindings import Bindings
from toolweave.agent.probing.comparing import Comparing
from toolweave.agent.probing.crossings import MOST_TIMES, Crossings
from toolweave.agent.probing.effects import Effects
from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.filling import Filler
from toolweave.agent.probing.locks import Locks
from toolweave.agent.probing.session import Meter, Session
from toolweave.agent.probing.steps import Steps
from toolweave.agent.probing.things import Things
from toolweave.agent.probing.trials import START, WORKED, Situation
from toolweave.agent.probing.walk import Walk
from toolweave.graph.learning.pools import Pools
from toolweave.servers.decoding import decode
from toolweave.servers.introspect import read_tool
from toolweave.servers.results import CallResult
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.tools import Tool

pytestmark = pytest.mark.anyio


def gallery() -> MCPServer:
    server, hung = MCPServer("gallery", version="1"), set[str]()

    @server.tool()
    def list_pictures() -> list[dict[str, str]]:
        """List the pictures."""
        return [{"picture_id": name, "hangs": str(name in hung)} for name in ("PC-4411", "PC-5290")]

    @server.tool()
    def hang_picture(picture_id: str) -> str:
        """Hang a picture."""
        _known(picture_id)
        hung.add(picture_id)
        return json.dumps({"hung": picture_id})

    @server.tool()
    def take_down_picture(picture_id: str) -> str:
        """Take a picture down."""
        _known(picture_id)
        if picture_id not in hung:
            raise ToolError("It does not hang.")
        hung.remove(picture_id)
        return json.dumps({"down": picture_id})

    @server.tool()
    def clean_frame(picture_id: str) -> str:
        """Clean the frame of a picture."""
        _known(picture_id)
        return json.dumps({"cleaned": picture_id})

    @server.tool()
    def pack_crate(picture_id: str) -> str:
        """Pack a picture into a crate."""
        _known(picture_id)
        if picture_id in hung:
            raise ToolError("Somebody has to take it down first.")
        return json.dumps({"packed": picture_id})

    return server


def _known(picture_id: str) -> None:
    if picture_id not in ("PC-4411", "PC-5290"):
        raise ToolError(f"There is no picture {picture_id}.")


class Gallery:
    """The server, called as an environment is."""

    def __init__(self, client: Client, tools: tuple[Tool, ...]) -> None:
        self._client, self.tools = client, tools

    async def call(self, tool: Tool, arguments: dict[str, Any], /) -> CallResult:
        reply = await self._client.call_tool(tool.name, arguments)
        decoded = decode(reply.model_dump(mode="json", by_alias=True, exclude_none=True), tool.output_schema)
        return CallResult(decoded.status, decoded.text, decoded.value, 0.0)


@asynccontextmanager
async def explored() -> AsyncGenerator[tuple[Steps, Session]]:
    """What a first look teaches, and a session on a fresh server after it."""
    async with Client(gallery()) as client:
        listed = (await client.list_tools()).tools
        tools = tuple(read_tool("s", one.model_dump(mode="json", by_alias=True, exclude_none=True)) for one in listed)
        spec, rng = ServerSpec(name="s", options=ServerOptions(disposable=True)), random.Random(3)
        explorer = Explorer(tools, Filler(tools, Pools(), ValueBook({"s": spec}), rng), rng)
        meter = Meter(500, anyio.current_time() + 60.0)
        await explorer.explore(Session(Gallery(client, tools), meter, explorer.hear))
    things, effects = Things(explorer.filler, explorer.reads), Effects()
    things.refresh(explorer.journal)
    steps = Steps(explorer, things, effects, Bindings(explorer, things, effects))
    async with fresh(steps) as session:
        yield steps, session


@asynccontextmanager
async def fresh(steps: Steps) -> AsyncGenerator[Session]:
    """A session on a server that nothing was done to."""
    meter = Meter(500, anyio.current_time() + 60.0)
    async with Client(gallery()) as client:
        yield Session(Gallery(client, tuple(steps.explorer.tools)), meter, steps.explorer.hear)


def first_picture(steps: Steps) -> Walk:
    """A walk about one picture."""
    return Walk("test", [next(thing for thing in steps.things.first if "PC-4411" in thing)], (START,))


async def hang_and_pack(steps: Steps, session: Session) -> None:
    """Hang a picture, which then cannot be packed."""
    walk = first_picture(steps)
    for name, works in (("s/hang_picture", True), ("s/pack_crate", False)):
        one = steps.bindings.prospects(walk, steps.explorer.by_id[name])[0]
        assert await steps.take(walk, one, session) is works
    steps.effects.refresh()


async def test_what_an_error_speaks_of_is_tried_first_and_then_the_call_works() -> None:
    async with explored() as (steps, session), fresh(steps) as other:
        await hang_and_pack(steps, session)
        locks = Locks(steps)
        lock = locks.next()
        assert lock is not None
        assert [one[0] for one in (*lock.situation[1:], lock.action)] == ["s/hang_picture", "s/pack_crate"]
        before = len(steps.explorer.journal)
        await locks.open(lock, other)
        made = [seen.tool.name for seen in steps.explorer.journal[before:] if not steps.explorer.reads(seen.tool)]
        assert made == ["hang_picture", "take_down_picture", "pack_crate"]
        steps.effects.refresh()
        assert steps.effects.flips("s/take_down_picture", "s/pack_crate", "enables")


async def test_a_lock_is_not_gone_for_twice() -> None:
    async with explored() as (steps, session):
        await hang_and_pack(steps, session)
        locks = Locks(steps)
        assert locks.next() is not None
        assert locks.next() is None


async def test_after_a_call_comes_what_it_disables_and_what_it_enables() -> None:
    async with explored() as (steps, session):
        walk = first_picture(steps)
        hang = steps.bindings.prospects(walk, steps.explorer.by_id["s/hang_picture"])[0]
        comparing, before = Comparing(steps), len(steps.explorer.journal)
        await comparing.before(walk, hang, session)
        assert await steps.take(walk, hang, session)
        await comparing.after(walk, session)
        steps.effects.refresh()
        made = [seen.tool.name for seen in steps.explorer.journal[before:]]
        assert {"hang_picture", "take_down_picture", "pack_crate"} <= set(made)


async def test_every_tool_that_changes_something_is_crossed_in_turn() -> None:
    async with explored() as (steps, _):
        crossings = Crossings(steps)
        found = [path for path in (crossings.next() for _ in range(4)) if path is not None]
        assert {path[-1][0] for path in found} >= {"s/hang_picture", "s/clean_frame", "s/pack_crate"}
        assert all(crossings.count(path) for path in found)


async def test_one_path_is_not_crossed_for_ever() -> None:
    async with explored() as (steps, _):
        crossings, paths = Crossings(steps), Counter[Situation]()
        while path := crossings.next():
            steps.effects.note(path[:-1], path[-1], WORKED)
            paths[path] += 1
        assert len(paths) == 2 * 4
        assert set(paths.values()) == {MOST_TIMES}
