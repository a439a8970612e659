"""Executing plans on a real server over stdio: sources, other rows, missing calls, reasons."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from toolweave.agent.arguments import ValueBook
from toolweave.agent.execute import Executor
from toolweave.agent.fill import PlanFailed, Voice
from toolweave.agent.ground import open_rewindable
from toolweave.agent.memory import Attempt
from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.trace import Source
from toolweave.graph.model import Edge, ToolFacts, ToolGraph
from toolweave.graph.plan import FromCall, PlannedCall, Supplied, TurnPlan, Withheld
from toolweave.servers.environment import open_environment
from toolweave.servers.spec import ServerOptions, ServerSpec

pytestmark = pytest.mark.anyio

SERVER = '''
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field
from typing import Annotated

server, books, loans = MCPServer("books", version="1"), {}, []

@server.tool()
def open_book(title: str) -> dict[str, str]:
    """Open a new book."""
    books[title] = []
    return {"book": title}

@server.tool()
def write_line(title: str, line: str) -> dict[str, int]:
    """Write a line into a book."""
    if title not in books:
        raise ToolError(f"The book {title} does not exist.")
    books[title].append(line)
    return {"lines": len(books[title])}

@server.tool(structured_output=False)
def list_copies() -> str:
    """List copies."""
    return '{"copies": [{"code": "C-1"}, {"code": "C-2"}, {"code": "C-3"}]}'

@server.tool()
def lend_copy(code: str) -> dict[str, str]:
    """Lend a copy."""
    if code != "C-3":
        raise ToolError(f"Copy {code} is lent already.")
    return {"lent": code}

@server.tool(structured_output=False)
def list_shelves() -> str:
    """List shelves."""
    return '{"shelves": [{"number": 7}]}'

@server.tool()
def clear_shelf(number: str, what: Annotated[str, Field(json_schema_extra={"enum": ["books"]})]) -> dict[str, str]:
    """Clear a shelf."""
    return {"cleared": number}

server.run("stdio")
'''


def spec(tmp_path: Path) -> ServerSpec:
    script = tmp_path / "books.py"
    script.write_text(SERVER)
    options = ServerOptions.model_validate(
        {"disposable": True, "values": {"title": ["Tides"], "line": ["High at noon"]}}
    )
    return ServerSpec(name="s", command=sys.executable, args=[str(script)], options=options, folder=tmp_path)


@asynccontextmanager
async def executor(one: ServerSpec, attempts: list[Attempt]) -> AsyncGenerator[Executor]:
    async with open_environment([one]) as environment:
        tools = {tool.id: tool for tool in environment.tools}
    facts = {name: ToolFacts(access="writes" if "list" not in name else "reads") for name in tools}
    edges = (Edge("s/list_copies", "copies[].code", "s/lend_copy", "code", "data", 0.9),)
    book = ValueBook({"s": one}, facts, tools)
    graph = ToolGraph(tools, edges, facts)
    async with open_rewindable(lambda _: open_environment([one]), graph, attempts.append) as ground:
        yield Executor(ground, graph, Voice(book, OfflineTeacher(), 1))


def target(step: int, tool: str, sources: dict[str, Any]) -> PlannedCall:
    return PlannedCall(step, tool, sources, "target")


async def test_a_missing_call_is_found_and_put_before_the_one_that_failed(tmp_path: Path) -> None:
    one, attempts = spec(tmp_path), list[Attempt]()
    plan = TurnPlan("s/write_line", (target(0, "s/write_line", {"title": Supplied(), "line": Supplied()}),))
    async with executor(one, attempts) as run:
        trace = await run.run_turn(plan, 0)
    assert [(call.tool.name, call.arguments) for call in trace.calls] == [
        ("open_book", {"title": "Tides"}),
        ("write_line", {"title": "Tides", "line": "High at noon"}),
    ]
    assert trace.calls[1].after == {trace.calls[0].id}
    assert trace.calls[1].sources["/title"] == Source("user", turn=0)
    assert [(item.tool, item.reason is None) for item in attempts[:2]] == [
        ("s/write_line", False),
        ("s/open_book", True),
    ]


async def test_another_row_is_taken_when_one_does_not_work(tmp_path: Path) -> None:
    one, attempts = spec(tmp_path), list[Attempt]()
    listing = PlannedCall(0, "s/list_copies", {}, "data")
    lending = PlannedCall(1, "s/lend_copy", {"code": FromCall(0, "copies[].code")}, "target", frozenset({0}))
    async with executor(one, attempts) as run:
        trace = await run.run_turn(TurnPlan("s/lend_copy", (listing, lending)), 0)
    assert trace.calls[-1].arguments == {"code": "C-3"}
    assert trace.calls[-1].sources == {"/code": Source("output", call="call_1", place="/copies/2/code")}
    assert len({str(item.arguments) for item in attempts if item.tool == "s/lend_copy"}) > 1


async def test_what_the_schema_fixes_and_what_takes_another_type_say_so(tmp_path: Path) -> None:
    listing = PlannedCall(0, "s/list_shelves", {}, "data")
    sources: dict[str, FromCall | Supplied] = {"number": FromCall(0, "shelves[].number"), "what": Supplied()}
    clearing = PlannedCall(1, "s/clear_shelf", sources, "target", frozenset({0}))
    async with executor(spec(tmp_path), []) as run:
        trace = await run.run_turn(TurnPlan("s/clear_shelf", (listing, clearing)), 0)
    assert trace.calls[-1].arguments == {"number": "7", "what": "books"}
    assert [source.as_json() for _, source in sorted(trace.calls[-1].sources.items())] == [
        {"kind": "output", "call": "call_1", "place": "/shelves/0/number", "rule": "format"},
        {"kind": "enum"},
    ]


async def test_a_plan_that_cannot_work_fails_with_the_servers_reason(tmp_path: Path) -> None:
    one = spec(tmp_path)
    one = one.model_copy(update={"options": one.options.model_copy(update={"values": {"code": ["C-1"]}})})
    async with executor(one, []) as run:
        with pytest.raises(PlanFailed, match="Copy C-1 is lent already") as failed:
            await run.run_turn(TurnPlan("s/lend_copy", (target(0, "s/lend_copy", {"code": Supplied()}),)), 0)
    assert failed.value.stage == "plan"


async def test_a_server_that_does_not_start_is_a_failure_of_the_server(tmp_path: Path) -> None:
    one = spec(tmp_path)
    async with executor(one, []) as run:
        (tmp_path / "books.py").unlink()
        with pytest.raises(PlanFailed) as failed:
            await run.run_turn(TurnPlan("s/list_copies", (target(0, "s/list_copies", {}),)), 0)
    assert failed.value.stage == "server"


def planned(step: int, tool: str, sources: dict[str, Any], **more: Any) -> PlannedCall:
    return PlannedCall(step, tool, sources, "data", **more)


TITLED = {"title": Supplied()}


async def test_two_calls_of_one_tool_are_about_two_things(tmp_path: Path) -> None:
    one = spec(tmp_path)
    one = one.model_copy(update={"options": one.options.model_copy(update={"values": {"title": ["Tides", "Winds"]}})})
    plan = TurnPlan("s/open_book", (planned(0, "s/open_book", TITLED), planned(1, "s/open_book", TITLED)))
    async with executor(one, []) as run:
        trace = await run.run_turn(plan, 0)
    assert {call.arguments["title"] for call in trace.calls} == {"Tides", "Winds"}


async def test_calls_that_only_write_one_after_the_other_make_no_parallel_turn(tmp_path: Path) -> None:
    one = spec(tmp_path)
    one = one.model_copy(update={"options": one.options.model_copy(update={"values": {"title": ["Tides", "Winds"]}})})
    calls = (planned(0, "s/open_book", TITLED), planned(1, "s/open_book", TITLED))
    async with executor(one, []) as run:
        trace = await run.run_turn(TurnPlan("s/open_book", calls, "parallel"), 0)
    assert trace.kind == "base"


async def test_what_is_left_out_is_left_out_wherever_it_would_be_said(tmp_path: Path) -> None:
    one = spec(tmp_path)
    writing = planned(1, "s/write_line", {"title": Supplied(), "line": Supplied()})
    plan = TurnPlan(
        "s/write_line",
        (planned(0, "s/open_book", TITLED), writing),
        "missing_parameter",
        withheld=Withheld(1, "title"),
    )
    async with executor(one, []) as run:
        trace = await run.run_turn(plan, 0)
    assert trace.withheld == (("call_1", "/title"), ("call_2", "/title"))


async def test_a_correction_is_the_earlier_call_with_one_other_value(tmp_path: Path) -> None:
    one = spec(tmp_path)
    values = {"title": ["Tides"], "line": ["High at noon", "Low at dusk"]}
    one = one.model_copy(update={"options": one.options.model_copy(update={"values": values})})
    writing = planned(1, "s/write_line", {"title": Supplied(), "line": Supplied()})
    first = TurnPlan("s/write_line", (planned(0, "s/open_book", TITLED), writing))
    again = planned(2, "s/write_line", {"title": Supplied(), "line": Supplied()}, corrects=1, changed="line")
    async with executor(one, []) as run:
        before = await run.run_turn(first, 0)
        after = await run.run_turn(TurnPlan("s/write_line", (again,), relation="corrects"), 1)
    assert {before.calls[1].arguments["line"], after.calls[0].arguments["line"]} == set(values["line"])
    assert after.calls[0].sources == {
        "/title": Source("user", turn=0, said_for=("call_2", "/title")),
        "/line": Source("user", turn=1, instead_of=("call_2", "/line")),
    }


async def test_several_things_of_one_list_are_different_things(tmp_path: Path) -> None:
    one = spec(tmp_path)
    listing = planned(0, "s/list_copies", {})
    opening = [
        planned(number + 1, "s/open_book", {"title": FromCall(0, "copies[].code", number)}) for number in range(3)
    ]
    async with executor(one, []) as run:
        trace = await run.run_turn(TurnPlan("s/open_book", (listing, *opening)), 0)
    assert {call.arguments["title"] for call in trace.calls[1:]} == {"C-1", "C-2", "C-3"}


async def test_a_wish_is_filled_and_never_called(tmp_path: Path) -> None:
    one, attempts = spec(tmp_path), list[Attempt]()
    async with executor(one, attempts) as run:
        trace = await run.run_turn(TurnPlan("s/open_book", (), "irrelevant"), 2)
    assert attempts == []
    assert trace.calls == ()
    assert trace.wish is not None
    assert (trace.wish.arguments, trace.wish.result.ok) == ({"title": "Tides"}, False)
    assert trace.target.id == "s/open_book"
