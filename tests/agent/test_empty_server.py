"""A server that begins with nothing: experiments make something first, and read that."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from toolweave.agent.probe import ProbeBudget, probe
from toolweave.servers.results import CallResult
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.tools import Tool

pytestmark = pytest.mark.anyio
TEXT = {"type": "string"}


def taking(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


CRATE = taking(name=TEXT, sort=TEXT)
TOOLS = (
    Tool("shed", "list_crates", "List all crates.", taking()),
    Tool("shed", "put_crates", "Put crates into the shed.", taking(crates={"type": "array", "items": CRATE})),
    Tool("shed", "open_crate", "Show what a crate holds.", taking(name=TEXT)),
)


@dataclass
class Shed:
    """Crates by name, of which there are none at first."""

    tools: tuple[Tool, ...] = TOOLS
    crates: dict[str, str] = field(default_factory=dict[str, str])

    async def call(self, tool: Tool, arguments: dict[str, Any]) -> CallResult:
        match tool.name:
            case "list_crates":
                value: Any = {"crates": [{"name": name, "sort": sort} for name, sort in self.crates.items()]}
            case "put_crates":
                self.crates |= {crate["name"]: crate["sort"] for crate in arguments["crates"]}
                value = {"put": len(self.crates)}
            case _ if arguments["name"] in self.crates:
                value = {"name": arguments["name"], "sort": self.crates[arguments["name"]]}
            case _:
                return CallResult("tool_error", "There is no such crate.", None, 0.0)
        return CallResult("ok", json.dumps(value), value, 0.0)


async def test_where_there_is_nothing_to_read_something_is_made_first() -> None:
    @asynccontextmanager
    async def fresh(_: Sequence[ServerSpec]) -> AsyncGenerator[Shed]:
        yield Shed()

    spec = ServerSpec(name="shed", command="x", options=ServerOptions(disposable=True))
    report = await probe([spec], TOOLS, ProbeBudget.modest(12.0), seed=5, open=fresh)
    assert [tool.id for tool in TOOLS if not report.graph.fact(tool.id).works] == []
