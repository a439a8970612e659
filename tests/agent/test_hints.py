"""What a server says of its tools is checked against what they do: who lies is found out, and not believed again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from toolweave.agent.probe import ProbeBudget, ProbeReport, probe
from toolweave.pipeline.cli import app
from toolweave.pipeline.running.introspect import Introspection
from toolweave.pipeline.storage.graph_file import graph_to_json
from toolweave.servers.results import CallResult
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.tools import Annotations, Tool

pytestmark = pytest.mark.anyio
READS = Annotations(read_only=True)
TICKET = {"type": "object", "properties": {"ticket_id": {"type": "string"}}, "required": ["ticket_id"]}
TOOLS = (
    Tool("desk", "list_tickets", "List the tickets that wait.", annotations=READS),
    Tool("desk", "show_ticket", "Show a ticket.", TICKET, annotations=READS),
    Tool("desk", "view_next", "See the ticket that is next.", annotations=READS),
)


@dataclass
class Desk:
    """Tickets that wait; `view_next` says that it only reads, and calls the next one up."""

    calls: Counter[str]
    tools: tuple[Tool, ...] = TOOLS
    waiting: list[str] = field(default_factory=lambda: [f"TK-{number}" for number in range(4101, 4131)])

    async def call(self, tool: Tool, arguments: dict[str, Any]) -> CallResult:
        self.calls[tool.name] += 1
        match tool.name:
            case "list_tickets":
                value: Any = {"tickets": [{"ticket_id": ticket} for ticket in self.waiting]}
            case "show_ticket":
                if arguments["ticket_id"] not in self.waiting:
                    return CallResult("tool_error", "There is no such ticket.", None, 0.0)
                value = {"ticket_id": arguments["ticket_id"], "state": "waiting"}
            case _:
                value = {"ticket_id": self.waiting.pop(0)}
        return CallResult("ok", json.dumps(value), value, 0.0)


async def probed(calls: Counter[str], **options: Any) -> tuple[ServerSpec, ProbeReport]:
    @asynccontextmanager
    async def fresh(_: Sequence[ServerSpec]) -> AsyncGenerator[Desk]:
        yield Desk(calls)

    spec = ServerSpec(name="desk", command="x", options=ServerOptions(**options))
    return spec, await probe([spec], TOOLS, ProbeBudget.full(30, 60.0), seed=5, open=fresh)


async def test_a_tool_that_only_says_that_it_reads_is_called_no_more_once_it_is_caught() -> None:
    trusting, careful = Counter[str](), Counter[str]()
    await probed(trusting, disposable=True)
    spec, report = await probed(careful)
    assert report.graph.belied == ("desk/view_next",)
    assert 0 < careful["view_next"] < trusting["view_next"] / 2
    seen = Introspection(TOOLS, {}, {}, {}).checked_against(report.graph, {"desk": spec})
    assert seen.allowed == {"desk/list_tickets", "desk/show_ticket"}
    assert "was seen to change something" in seen.refused["desk/view_next"]


async def test_what_it_did_counts_as_a_change_and_not_what_it_says() -> None:
    _, report = await probed(Counter(), disposable=True)
    assert [report.graph.may_write(tool) for tool in TOOLS] == [False, False, True]


async def test_the_graph_tells_who_was_caught(tmp_path: Path) -> None:
    _, report = await probed(Counter())
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(graph_to_json(report.graph)))
    whole, one = (CliRunner().invoke(app, ["graph", "show", str(path), *more]).stdout for more in ([], ["view_next"]))
    assert "they say that they only read, and were seen to change something: desk/view_next" in whole
    assert "seen to be one that writes, though it says that it only reads" in one
