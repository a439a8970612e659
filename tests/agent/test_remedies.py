"""Remedies for calls that were refused, on a small server in this process."""

from __future__ import annotations

import json
import random
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
from toolweave.agent.probing.choosing import Chooser
from toolweave.agent.probing.effects import Effects
from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.filling import Filler
from toolweave.agent.probing.remedies import MOST_TIMES, Remedies
from toolweave.agent.probing.session import Meter, Session
from toolweave.agent.probing.steps import Steps
from toolweave.agent.probing.things import Things
from toolweave.agent.probing.trials import START
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
    async with Client(gallery()) as client:
        yield steps, Session(Gallery(client, tools), meter, explorer.hear)


async def refused(steps: Steps, session: Session) -> Walk:
    """A walk in which a picture was hung and then could not be packed."""
    walk = Walk("test", [next(thing for thing in steps.things.first if "PC-4411" in str(thing))], (START,))
    for name, works in (("s/pack_crate", True), ("s/hang_picture", True), ("s/pack_crate", False)):
        one = steps.bindings.prospects(walk, steps.explorer.by_id[name])[0]
        assert await steps.take(walk, one, session) is works
    steps.effects.refresh()
    return walk


async def test_what_the_error_speaks_of_is_tried_and_then_the_call_works_again() -> None:
    async with explored() as (steps, session):
        walk = await refused(steps, session)
        remedy = Remedies(steps).next(walk, Chooser(steps).prospects(walk))
        assert remedy is not None
        assert (remedy.failing.tool.name, remedy.call.tool.name) == ("pack_crate", "take_down_picture")
        assert remedy.failing.filled.arguments == remedy.call.filled.arguments == {"picture_id": "PC-4411"}
        assert await steps.take(walk, remedy.call, session)
        again = steps.bindings.as_before(walk, remedy.failing.action)
        assert again is not None
        assert await steps.take(walk, again, session)
        steps.effects.refresh()
        assert steps.effects.shown("s/take_down_picture", "s/pack_crate", "enables")


async def test_a_remedy_is_not_tried_for_ever() -> None:
    async with explored() as (steps, session):
        walk = await refused(steps, session)
        remedies, prospects = Remedies(steps), Chooser(steps).prospects(walk)
        found = [remedies.next(walk, prospects) for _ in range(2 * MOST_TIMES)]
        tools = [one.call.tool.name for one in found if one is not None]
        assert tools.count("take_down_picture") == MOST_TIMES
        assert "clean_frame" not in tools
