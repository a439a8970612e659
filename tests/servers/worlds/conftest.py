"""A visitor of a world, and what every world promises."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import ModuleType
from typing import Any, cast

import pytest
from mcp import Client, StdioServerParameters
from mcp.types import TextContent

from toolweave.servers.world import Table
from toolweave.servers.worlds import clinic, laboratory


class Visitor:
    """A client that expects each call to work, or each to be refused, and remembers what it saw."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.transcript: list[tuple[str, str]] = []

    async def call(self, tool: str, **arguments: Any) -> Any:
        """The decoded answer of a call that must work."""
        failed, text, value = await self._send(tool, arguments)
        assert not failed, text
        return value

    async def refusal(self, tool: str, **arguments: Any) -> str:
        """The error text of a call that must fail."""
        failed, text, _ = await self._send(tool, arguments)
        assert failed, text
        return text

    async def _send(self, tool: str, arguments: dict[str, Any]) -> tuple[bool, str, Any]:
        reply = await self.client.call_tool(tool, arguments)
        text = "\n".join(block.text for block in reply.content if isinstance(block, TextContent))
        self.transcript.append((tool, text))
        value = reply.structured_content
        if value is not None:
            return reply.is_error, text, value["result"] if list(value) == ["result"] else value
        return reply.is_error, text, json.loads(text) if text[:1] in ("{", "[") else text


Visit = Callable[[ModuleType], AbstractAsyncContextManager[Visitor]]
Story = Callable[[Visitor], Awaitable[None]]
"""Calls every tool of a world, beginning with nothing but names."""
Promise = Callable[[ModuleType, Story], Awaitable[None]]
"""Checks one thing of a world."""


@asynccontextmanager
async def _visit(world: ModuleType, seed: int = 7) -> AsyncGenerator[Visitor]:
    async with Client(world.build(seed)) as client:
        yield Visitor(client)


@pytest.fixture
def visit() -> Visit:
    """A world in memory, with seed 7."""
    return _visit


async def every_tool_and_every_parameter_is_described(world: ModuleType, _: Story) -> None:
    async with _visit(world) as visitor:
        tools = (await visitor.client.list_tools()).tools
    assert 12 <= len(tools) <= 14
    for tool in tools:
        assert tool.description, tool.name
        assert tool.annotations is not None
        assert tool.annotations.open_world_hint is False
        assert (tool.output_schema is not None) == (world in (clinic, laboratory))
        for name, schema in tool.input_schema["properties"].items():
            assert schema.get("description"), f"{tool.name}.{name}"


async def its_story_calls_every_tool_on_any_seed(world: ModuleType, story: Story) -> None:
    for seed in (1, 7, 19):
        async with _visit(world, seed) as visitor:
            await story(visitor)
            offered = {tool.name for tool in (await visitor.client.list_tools()).tools}
        assert {name for name, _ in visitor.transcript} == offered


async def the_same_calls_on_the_same_seed_give_the_same_bytes(world: ModuleType, story: Story) -> None:
    transcripts: list[list[tuple[str, str]]] = []
    for seed in (7, 7, 8):
        async with _visit(world, seed) as visitor:
            await story(visitor)
        transcripts.append(visitor.transcript)
    assert transcripts[0] == transcripts[1]
    assert transcripts[0] != transcripts[2]


async def served_over_stdio_it_answers_as_in_memory(world: ModuleType, story: Story) -> None:
    command = StdioServerParameters(
        command=sys.executable, args=["-m", world.__name__, "--seed", "5"], env={"PYTHONHASHSEED": "3"}
    )
    async with _visit(world, 5) as here, Client(command, mode="legacy", read_timeout_seconds=20) as client:
        there = Visitor(client)
        for visitor in (here, there):
            await story(visitor)
    assert there.transcript == here.transcript


async def main_tables_are_well_filled_on_every_seed(world: ModuleType, _: Story) -> None:
    name = world.__name__.rpartition(".")[2].capitalize()
    make = cast("Callable[[int], object]", getattr(world, name))
    for seed in range(12):
        tables = [table for table in vars(make(seed)).values() if isinstance(table, Table)]
        assert sum(len(table) >= 20 for table in tables) >= 4


async def every_example_of_a_search_word_finds_something(world: ModuleType, _: Story) -> None:
    async with _visit(world, 3) as visitor:
        for tool in (await visitor.client.list_tools()).tools:
            for name, schema in tool.input_schema["properties"].items():
                if name in ("name", "text", "vet_name") and tool.name.startswith(("find", "search")):
                    fixed = {"day": "2026-02-10"} if "day" in tool.input_schema["properties"] else {}
                    for example in schema["examples"]:
                        answer = json.dumps(await visitor.call(tool.name, **{name: example}, **fixed))
                        assert re.search(r"[A-Z]{2}-\d{5}", answer), f"{tool.name}.{name}: {example}"


_PROMISES: list[Promise] = [
    every_tool_and_every_parameter_is_described,
    its_story_calls_every_tool_on_any_seed,
    the_same_calls_on_the_same_seed_give_the_same_bytes,
    served_over_stdio_it_answers_as_in_memory,
    main_tables_are_well_filled_on_every_seed,
    every_example_of_a_search_word_finds_something,
]


@pytest.fixture(params=_PROMISES, ids=lambda promise: promise.__name__)
def promise(request: pytest.FixtureRequest) -> Promise:
    """Each promise in turn."""
    return cast("Promise", request.param)
