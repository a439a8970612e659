"""The live half, on small servers: what changed is asserted, what is needed is tried, what was answered is recorded."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest

from toolweave.agent.replay import replay
from toolweave.graph.model import ToolFacts, ToolGraph
from toolweave.pipeline.checking.candidate import gold
from toolweave.pipeline.checking.judge import judge
from toolweave.pipeline.checking.readings import readings
from toolweave.pipeline.checking.recording import NotRecorded, RecordedServers
from toolweave.pipeline.environments import Environments, warm_environments
from toolweave.pipeline.gates.replay import Confirmed, ReplayGate
from toolweave.pipeline.gates.verdict import Rejection
from toolweave.pipeline.sample import Sample, sample_id
from toolweave.pipeline.verify import from_recordings, live, sample_problem
from toolweave.servers.config import ServerOptions, ServerSpec
from toolweave.servers.tools import Tool

pytestmark = pytest.mark.anyio
Row = dict[str, Any]

DESK = '''
import itertools, pathlib, random, sys
from mcp.server.mcpserver import MCPServer

server, doors, notes = MCPServer("desk"), {"D-1": "shut", "D-2": "shut"}, {}

@server.tool()
def list_doors() -> dict:
    """List the doors."""
    return {"doors": dict(doors), "asked": random.random()}

@server.tool()
def show_note(note: str) -> dict:
    """Show a note."""
    if note not in notes:
        raise ValueError(f"no note {note}")
    return {"text": notes[note], "seen": random.random()}

@server.tool()
def unlock(door: str) -> dict:
    """Unlock a door."""
    doors[door] = "unlocked"
    return {"door": door, "state": "unlocked"}

@server.tool()
def walk_through(door: str) -> dict:
    """Walk through a door that is unlocked."""
    if doors[door] != "unlocked":
        raise ValueError("the door is shut")
    return {"door": door, "passed": True}

@server.tool()
def leave_note(text: str) -> dict:
    """Leave a note."""
    note = f"N-{random.randrange(10**9)}"
    notes[note] = text
    (pathlib.Path(sys.argv[1]) / "notes.txt").write_text(text)
    return {"note": note, "text": text}

server.run()
'''
READS = {"list_doors": "{}", "show_note": '{"note": "N-1"}'}
OPTIONS = ServerOptions(disposable=True)


def desk(folder: Path) -> ServerSpec:
    script = folder / "desk.py"
    script.write_text(DESK, encoding="utf-8")
    return ServerSpec(name="desk", command=sys.executable, args=[str(script), "${WORKSPACE}"], options=OPTIONS)


def expected(call_id: str, name: str, arguments: Row, **more: Any) -> Row:
    return {"id": call_id, "server": "desk", "tool": name, "arguments": arguments, **more}


def source(call: Row, place: str) -> Row:
    said = {"/door": "D-1", "/text": "back soon"}
    taken = call.get("taken", {}).get(place)
    return {"kind": "output", **taken} if taken else {"kind": "user", "turn": 0, "text": said[place]}


def row(calls: list[Row], shown: list[str], tools: list[Row], answer: str) -> Sample:
    messages: list[Row] = [{"role": "user", "content": "Get me through D-1 and say back soon."}]
    for call, text in zip(calls, shown, strict=True):
        function = {"name": call["tool"], "arguments": call["arguments"]}
        made = {"id": call["id"], "type": "function", "function": function}
        messages.append({"role": "assistant", "content": "", "reasoning_content": "I go on.", "tool_calls": [made]})
        messages.append({"role": "tool", "tool_call_id": call["id"], "name": call["tool"], "content": text})
    messages.append({"role": "assistant", "content": answer, "reasoning_content": "It worked."})
    provenance = [
        {"call": call["id"], "argument": f"/{key}", "source": source(call, f"/{key}")}
        for call in calls
        for key in call["arguments"]
    ]
    facts = {
        "id": sample_id(tuple(tools), tuple(messages), 1),
        "tools": tools,
        "messages": messages,
        "turns": [{"kind": "base", "messages": [0, len(messages) - 1], "target": f"desk/{calls[-1]['tool']}"}],
        "provenance": provenance,
        "checker": {"calls": calls},
        "servers": [{"name": "desk", "version": "1", "digest": "d"}],
        "teacher": "offline",
        "seed": 1,
        "index": 0,
        "quality": {"turns": 1, "calls": 2, "depth": 1, "dependent_calls": 0, "tools_offered": 5, "attempts": 1},
    }
    return Sample.model_validate(facts)


DOOR = {"door": "D-1"}
PASS = [
    expected("call_1", "unlock", DOOR),
    expected("call_2", "list_doors", {}, after=["call_1"]),
    expected("call_3", "walk_through", DOOR, after=["call_1"]),
]
SEEN = '{"doors": {"D-1": "shut", "D-2": "shut"}, "asked": 0.73915}'
PASSED = [
    '{"door": "D-1", "state": "unlocked"}',
    '{"doors": {"D-1": "unlocked", "D-2": "shut"}, "asked": 0.5}',
    '{"door": "D-1", "passed": true}',
]
NOTE = [expected("call_1", "leave_note", {"text": "back soon"})]
NOTED = ['{"note": "N-5", "text": "back soon"}']


@asynccontextmanager
async def gate(folder: Path) -> AsyncGenerator[tuple[ReplayGate, list[Row], ServerSpec, Environments]]:
    """A gate over the desk, with its tools as a row offers them."""
    spec = desk(folder)
    async with warm_environments() as open_fresh:
        async with open_fresh([spec]) as environment:
            assert not environment.failures, environment.failures
            tools = environment.tools
        facts = {
            tool.id: ToolFacts("reads", works=(READS[tool.name],)) if tool.name in READS else ToolFacts("writes")
            for tool in tools
        }
        graph = ToolGraph({tool.id: tool for tool in tools}, (), facts)
        offered: list[Row] = [
            {"type": "function", "function": {"name": one.name, "description": one.description,
                                              "parameters": one.input_schema}}
            for one in tools
        ]  # fmt: skip
        yield ReplayGate(graph, [spec], datetime.now(UTC), open_fresh), offered, spec, open_fresh


async def confirmed(folder: Path, calls: list[Row], shown: list[str], answer: str) -> Confirmed:
    async with gate(folder) as (check, offered, _, _):
        found = await check(row(calls, shown, offered, answer))
    assert isinstance(found, Confirmed), found
    return found


def known_tools(sample: Sample) -> list[Tool]:
    """The tools that a row offers, as a graph has them."""
    functions = [one["function"] for one in sample.tools]
    return [Tool("desk", one["name"], one["description"], one["parameters"]) for one in functions]


async def test_what_the_calls_changed_is_asserted_and_nothing_that_is_volatile(tmp_path: Path) -> None:
    found = await confirmed(tmp_path, PASS, PASSED, "You are through D-1.")
    checker = found.sample.checker
    assert [(read.tool, read.holds, read.gone) for read in checker.state] == [
        ("list_doors", {"/doors/D-1": "unlocked"}, ())
    ]
    assert (checker.files, checker.unasserted) == ((), "")
    assert sorted(checker.reads) == ["list_doors", "show_note"]
    assert checker.calls[1].volatile == ("/asked",)
    assert judge(found.sample, gold(found.sample)).passed


async def test_a_file_that_the_calls_made_is_asserted(tmp_path: Path) -> None:
    found = await confirmed(tmp_path, NOTE, NOTED, "The note is left.")
    assert [(one.path, one.sha256 is not None, one.absent) for one in found.sample.checker.files] == [
        ("notes.txt", True, False)
    ]


async def test_what_makes_way_for_others_is_tried_by_leaving_it_out(tmp_path: Path) -> None:
    found = await confirmed(tmp_path, PASS, PASSED, "You are through D-1.")
    assert found.sample.checker.calls[0].enables == ("call_2", "call_3")


async def test_a_call_that_works_without_another_is_not_enabled_by_it(tmp_path: Path) -> None:
    """Also where a call between them fails without it, and where an id that the server makes up is another one."""
    last = expected("call_4", "list_doors", {}, after=["call_1", "call_2", "call_3"])
    note = expected("call_2", "leave_note", {"text": "back soon"}, after=["call_1"])
    walk = expected("call_3", "walk_through", DOOR, after=["call_1", "call_2"])
    unlock = expected("call_1", "unlock", DOOR)
    shown = [PASSED[0], NOTED[0], PASSED[2], PASSED[1]]
    found = await confirmed(tmp_path, [unlock, note, walk, last], shown, "You are through D-1.")
    assert found.sample.checker.calls[0].enables == ("call_3", "call_4")


async def test_a_tool_that_is_not_what_its_server_offers_fails_the_row(tmp_path: Path) -> None:
    async with gate(tmp_path) as (check, offered, spec, _):
        found = await check(row(PASS, PASSED, offered, "You are through D-1."))
    assert isinstance(found, Confirmed)
    dearer = found.sample.model_dump(mode="json")
    dearer["tools"][2]["function"]["description"] += " It costs a coin."
    more = found.sample.model_dump(mode="json")
    more["tools"].append({"type": "function", "function": {"name": "fly", "description": "", "parameters": {}}})
    known = known_tools(found.sample)
    async with live({"desk": spec}) as again:
        recorded = from_recordings({(0, found.sample.id): found.recording}, known)
        for answers in (again, recorded):
            assert "'unlock': its server describes it otherwise" in str(await sample_problem(dearer, answers))
            assert "'fly': no server has such a tool" in str(await sample_problem(more, answers))


async def test_tools_of_servers_that_a_row_does_not_call_are_looked_up(tmp_path: Path) -> None:
    async with gate(tmp_path) as (check, offered, spec, _):
        far: Row = {"name": "shelf__list_doors", "description": "List the doors.", "parameters": None}
        far["parameters"] = next(one["function"] for one in offered if one["function"]["name"] == "list_doors")[
            "parameters"
        ]
        found = await check(row(PASS, PASSED, [*offered, {"type": "function", "function": far}], "You are through."))
    assert isinstance(found, Confirmed)
    line = found.sample.model_dump(mode="json")
    async with live({"desk": spec, "shelf": spec.model_copy(update={"name": "shelf"})}) as again:
        assert await sample_problem(line, again) is None
    async with live({"desk": spec}) as again:
        assert "no server has such a tool" in str(await sample_problem(line, again))


async def test_an_order_that_makes_no_difference_is_dropped(tmp_path: Path) -> None:
    calls = [*NOTE, expected("call_2", "list_doors", {}, after=["call_1"])]
    shown = [*NOTED, '{"doors": {"D-1": "shut", "D-2": "shut"}, "asked": 0.5}']
    found = await confirmed(tmp_path, calls, shown, "The note is left, D-1 is shut.")
    assert [call.after for call in found.sample.checker.calls] == [(), ()]


async def test_a_sample_that_writes_nothing_says_so(tmp_path: Path) -> None:
    calls = [expected("call_1", "list_doors", {})]
    shown = ['{"doors": {"D-1": "shut", "D-2": "shut"}, "asked": 0.5}']
    found = await confirmed(tmp_path, calls, shown, "Both doors are shut.")
    assert (found.sample.checker.state, found.sample.checker.unasserted) == ((), "no call changes anything")


async def test_an_observation_that_does_not_come_back_is_rejected(tmp_path: Path) -> None:
    async with gate(tmp_path) as (check, offered, _, _):
        found = await check(row(NOTE, ['{"other": "shape"}'], offered, "Done."))
    assert isinstance(found, Rejection)
    assert "another shape" in found.reason


async def test_a_recording_stands_in_for_the_servers(tmp_path: Path) -> None:
    found = await confirmed(tmp_path, PASS, PASSED, "You are through D-1.")
    again = from_recordings({(0, found.sample.id): found.recording}, known_tools(found.sample))
    line = found.sample.model_dump(mode="json")
    assert await sample_problem(line, again) is None
    line["checker"]["state"][0]["holds"]["/doors/D-1"] = "shut"
    assert "wrong_state" in str(await sample_problem(line, again))


async def test_words_speak_of_the_observations_that_they_were_said_of(tmp_path: Path) -> None:
    calls = [expected("call_1", "list_doors", {})]
    async with gate(tmp_path) as (check, offered, spec, _):
        found = await check(row(calls, [SEEN], offered, "Both are shut, says the list 0.73915."))
    assert isinstance(found, Confirmed)
    async with live({"desk": spec}) as again:
        assert await sample_problem(found.sample.model_dump(mode="json"), again) is None


async def test_a_call_that_was_not_recorded_is_an_error(tmp_path: Path) -> None:
    found = await confirmed(tmp_path, PASS, PASSED, "You are through D-1.")
    servers = RecordedServers(found.sample, found.recording)
    with pytest.raises(NotRecorded):
        await replay(found.sample.checker.calls[1:], servers)
    assert "was not recorded" in str(
        await sample_problem(found.sample.model_dump(mode="json"), from_recordings({}, ()))
    )


async def test_verifying_live_reads_the_final_state(tmp_path: Path) -> None:
    async with gate(tmp_path) as (check, offered, spec, _):
        found = await check(row(PASS, PASSED, offered, "You are through D-1."))
    assert isinstance(found, Confirmed)
    line = found.sample.model_dump(mode="json")
    async with live({"desk": spec}) as again:
        assert await sample_problem(line, again) is None
        line["checker"]["state"][0]["holds"]["/doors/D-2"] = "unlocked"
        assert "wrong_state" in str(await sample_problem(line, again))
    async with live({}) as again:
        assert "mcp.json has no server" in str(await sample_problem(line, again))
    await anyio.lowlevel.checkpoint()


async def test_an_id_that_is_made_up_afresh_each_time_is_taken_from_the_new_output(tmp_path: Path) -> None:
    taken = {"/note": {"call": "call_1", "place": "/note"}}
    calls = [*NOTE, expected("call_2", "show_note", {"note": "N-5"}, taken=taken, after=["call_1"])]
    async with gate(tmp_path) as (check, offered, spec, _):
        found = await check(row(calls, [*NOTED, '{"text": "back soon", "seen": 0.3}'], offered, "It says back soon."))
    assert isinstance(found, Confirmed), found
    line = found.sample.model_dump(mode="json")
    async with live({"desk": spec}) as again:
        assert await sample_problem(line, again) is None


def test_a_tool_that_opens_things_is_not_used_to_look_at_the_state() -> None:
    tools = [Tool("desk", name) for name in ("unlock", "list_doors", "open_drawer")]
    facts = {one.id: ToolFacts("writes" if one.name == "unlock" else "reads", works=("{}",)) for one in tools}
    graph = ToolGraph({one.id: one for one in tools}, (), facts)
    sample = row(PASS[:1], PASSED[:1], [], "Done.")
    assert [read.tool for read in readings(sample, graph)] == ["list_doors"]
