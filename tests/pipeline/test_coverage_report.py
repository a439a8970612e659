"""The report of a run: computed from its files alone, also while it is still going on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from toolweave.graph.model import Edge, Evidence, ToolGraph
from toolweave.pipeline.cli import app
from toolweave.pipeline.reports.coverage import coverage_of, read_run
from toolweave.pipeline.storage.graph_file import graph_to_json
from toolweave.servers.errors import RunError
from toolweave.servers.tools import Tool


def confirmed(source: str, field: str, target: str) -> Edge:
    return Edge(source, field, target, "boat_id", "data", 0.9, (Evidence("intervened", 0.9),))


TOOLS = [Tool("s", name) for name in ("find_boat", "show_boat", "sell_boat", "sink_boat", "lift_boat")]
GRAPH = ToolGraph(
    {tool.id: tool for tool in TOOLS},
    (
        confirmed("s/find_boat", "[].id", "s/show_boat"),
        confirmed("s/find_boat", "[].id", "s/sell_boat"),
        confirmed("s/find_boat", "[].id", "s/sink_boat"),
        Edge("s/show_boat", "", "s/sell_boat", "", "state", 0.9, (), "enables"),
    ),
)


def asked(name: str, call_id: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def expected(call_id: str, tool: str, arguments: dict[str, Any], *, at: str | None = None, **more: Any) -> Any:
    taken = {"/boat_id": {"call": "call_1", "place": at}} if at else {}
    return {"id": call_id, "server": "s", "tool": tool, "arguments": arguments, "taken": taken, **more}


def source(carrier: str, argument: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"call": carrier, "argument": argument, "source": {"kind": kind, **more}}


ROW: dict[str, Any] = {
    "id": "tw-1",
    "tools": [],
    "messages": [
        {"role": "user", "content": "Show the two boats called Gull."},
        {"role": "assistant", "tool_calls": [asked("find_boat", "call_1", {"name": "Gull"})]},
        {"role": "tool", "tool_call_id": "call_1", "content": '[{"id": "B-1"}, {"id": "B-2"}]'},
        {
            "role": "assistant",
            "tool_calls": [
                asked("show_boat", "call_2", {"boat_id": "B-1"}),
                asked("show_boat", "call_3", {"boat_id": "B-2"}),
            ],
        },
        {"role": "tool", "tool_call_id": "call_2", "content": "white"},
        {"role": "tool", "tool_call_id": "call_3", "content": "blue"},
        {"role": "assistant", "content": "White and blue."},
        {"role": "user", "content": "Lift the bridge."},
        {"role": "assistant", "content": "I can't do that."},
    ],
    "turns": [
        {"kind": "parallel", "messages": [0, 6], "target": "s/show_boat"},
        {"kind": "irrelevant", "messages": [7, 8], "target": "s/lift_boat", "relation": "switches"},
    ],
    "provenance": [
        source("call_1", "/name", "user", turn=0, text="Gull"),
        source("call_2", "/boat_id", "output", call="call_1", place="/0/id"),
        source("call_3", "/boat_id", "output", call="call_1", place="/1/id"),
    ],
    "checker": {
        "calls": [
            expected("call_1", "find_boat", {"name": "Gull"}),
            expected("call_2", "show_boat", {"boat_id": "B-1"}, at="/0/id"),
            expected("call_3", "show_boat", {"boat_id": "B-2"}, at="/1/id"),
            expected("call_4", "sell_boat", {"boat_id": "Gull"}, fails=True),
        ]
    },
    "servers": [],
    "teacher": "offline",
    "seed": 1,
    "index": 0,
    "quality": {"turns": 2, "calls": 3, "depth": 2, "dependent_calls": 2, "tools_offered": 5, "attempts": 1},
}
LOST = {"index": 1, "outcome": "failed", "stage": "plan", "reason": "s/sell_boat: not yours", "target": "s/sell_boat"}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    files = {
        "manifest.json": {"servers": {"refused": {"s/sink_boat": "it is destructive"}}, "unreachable": {}},
        "settings.json": {"kinds": {"base": 0.5, "parallel": 0.25, "irrelevant": 0.25}},
        "graph.json": graph_to_json(GRAPH),
        "samples.jsonl": ROW,
        "rejected.jsonl": LOST,
    }
    for name, value in files.items():
        (tmp_path / name).write_text(json.dumps(value) + "\n", encoding="utf-8")
    return tmp_path


def test_the_report_says_what_was_covered_and_what_was_not_and_why(run: Path) -> None:
    found = coverage_of(read_run(run))
    assert found["tools"] == {
        "listed": 5,
        "callable": 4,
        "reachable": 4,
        "called": 2,
        "targets": 1,
        "not_called": {
            "s/sell_boat": "1 lost, the last at plan: s/sell_boat: not yours",
            "s/sink_boat": "it is destructive",
            "s/lift_boat": "no plan for it yet",
        },
    }
    assert found["edges"] == {
        "data": {"known": 2, "followed": 1},
        "confirmed": {"known": 2, "followed": 1},
        "enabling": {"known": 1, "followed": 0},
        "not_followed": [
            {
                "edge": "s/find_boat [].id -> s/sell_boat boat_id",
                "why": "1 lost, the last at plan: s/sell_boat: not yours",
            }
        ],
    }


def test_kinds_stand_beside_their_quotas(run: Path) -> None:
    assert coverage_of(read_run(run))["kinds"] == {
        "base": {"turns": 0, "share": 0.0, "wanted": 0.5},
        "parallel": {"turns": 1, "share": 0.5, "wanted": 0.25},
        "irrelevant": {"turns": 1, "share": 0.5, "wanted": 0.25},
    }


def test_shapes_and_values_are_those_of_the_calls_that_worked(run: Path) -> None:
    found = coverage_of(read_run(run))
    assert found["shapes"] == {
        "turns": 2,
        "turns_per_sample": {"2": 1},
        "calls_per_turn": {"0": 1, "3": 1},
        "dependent_calls_per_turn": {"0": 1, "2": 1},
        "long_share": 0.0,
        "width": {"0": 1, "2": 1},
        "depth": {"2": 1},
        "diamonds": 0,
        "loops": 1,
    }
    assert found["values"] == {"sources": {"output": 2, "user": 1}, "calls": 3, "dependent_share": 0.6667}


def test_a_run_that_has_kept_nothing_yet_has_a_report(run: Path) -> None:
    (run / "samples.jsonl").write_text("")
    (run / "rejected.jsonl").write_text("")
    found = coverage_of(read_run(run))
    assert (found["samples"], found["tools"]["called"], found["shapes"]["long_share"]) == (0, 0, 0.0)


def test_rows_of_another_format_are_refused_by_name(run: Path) -> None:
    (run / "samples.jsonl").write_text('{"id": "x"}\n')
    with pytest.raises(RunError, match="another format"):
        read_run(run)


def test_the_command_prints_a_table_or_one_line_of_json(run: Path) -> None:
    table = CliRunner().invoke(app, ["report", str(run)])
    assert table.exit_code == 0
    assert "parallel" in table.stdout and "+25.0 points" in table.stdout and "it is destructive" in table.stdout
    plain = CliRunner().invoke(app, ["report", str(run), "--json"])
    assert json.loads(plain.stdout) == coverage_of(read_run(run)) | {"advanced": []}


def test_a_directory_without_a_run_is_bad_input(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["report", str(tmp_path)]).exit_code != 0
