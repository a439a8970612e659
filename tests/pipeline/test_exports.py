from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from toolweave.pipeline.exports import ExportReport, Options
from toolweave.pipeline.exports import export as export_rows
from toolweave.servers.errors import ConfigError, RunError

TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Weather now",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
OTHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "notes/add.note",
        "description": "",
        "parameters": {"type": "object", "properties": {"n": {"type": "integer"}, "tags": {"type": "array"}}},
    },
}


def called(call_id: str, name: str, **arguments: Any) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


ROW: dict[str, Any] = {
    "id": "tw-1",
    "tools": [TOOL, OTHER],
    "messages": [
        {"role": "user", "content": "Weather in Zürich? And note 3."},
        {
            "role": "assistant",
            "content": "",
            "reasoning_content": "Two things.",
            "tool_calls": [called("call_1", "weather", city="Zürich"), called("call_2", "notes/add.note", n=3)],
        },
        {"role": "tool", "tool_call_id": "call_1", "name": "weather", "content": '{"t": 21}'},
        {"role": "tool", "tool_call_id": "call_2", "name": "notes/add.note", "content": "ok"},
        {"role": "assistant", "content": "21 degrees, and noted.", "reasoning_content": "Done."},
    ],
    "turns": [{"kind": "base", "messages": [0, 4]}],
    "teacher": "offline",
}
GREETING: dict[str, Any] = {
    "tools": [],
    "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}],
    "turns": [{"kind": "base", "messages": [0, 1]}],
}
HALF: dict[str, Any] = {
    "tools": [],
    "messages": [{"role": "user", "content": "a \ud83d b \U0001f600"}, {"role": "assistant", "content": "?"}],
    "turns": [{"kind": "base", "messages": [0, 1]}],
}


NAMED = Options(allow=frozenset({"reasoning", "tool-names", "half-characters"}))


def export(rows: Iterable[dict[str, Any]], fmt: str, out: Path) -> ExportReport:
    kept = list(rows)
    return export_rows(lambda: kept, fmt, out, NAMED)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_trl_keeps_reasoning_and_arguments_as_objects(tmp_path: Path) -> None:
    out = tmp_path / "train.jsonl"
    assert export([ROW], "trl", out) == ExportReport(1, 1, {})
    assert lines(out) == [{"messages": ROW["messages"], "tools": ROW["tools"]}]


def test_openai_has_arguments_as_strings_and_counts_what_it_leaves_out(tmp_path: Path) -> None:
    out = tmp_path / "train.jsonl"
    assert export([ROW, ROW], "openai", out) == ExportReport(2, 2, {"tool-names": 2, "reasoning": 4})
    assert lines(out)[0] == {
        "messages": [
            ROW["messages"][0],
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city": "Zürich"}'},
                    },
                    {
                        "id": "call_2",
                        "type": "function",
                        "function": {"name": "notes_add_note", "arguments": '{"n": 3}'},
                    },
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": '{"t": 21}'},
            {"role": "tool", "tool_call_id": "call_2", "content": "ok"},
            {"role": "assistant", "content": "21 degrees, and noted."},
        ],
        "tools": [TOOL, {"type": "function", "function": OTHER["function"] | {"name": "notes_add_note"}}],
        "parallel_tool_calls": True,
    }


def test_openai_names_stay_apart(tmp_path: Path) -> None:
    names = ["a/b", "a.b", "a_b", "x" * 70, "x" * 64, "日本"]
    row = ROW | {"tools": [{"type": "function", "function": {"name": name}} for name in names]}
    export([row], "openai", tmp_path / "o")
    new = [tool["function"]["name"] for tool in lines(tmp_path / "o")[0]["tools"]]
    assert new == ["a_b_2", "a_b_3", "a_b", "x" * 62 + "_2", "x" * 64, "__"]


@pytest.mark.parametrize("fmt", ["openai", "trl"])
def test_no_null_is_added_and_the_row_is_left_alone(tmp_path: Path, fmt: str) -> None:
    row = copy.deepcopy(ROW)
    export([row], fmt, tmp_path / "o")
    assert "null" not in (tmp_path / "o").read_text()
    assert row == ROW


def test_rows_without_tools_name_none(tmp_path: Path) -> None:
    export([GREETING], "openai", tmp_path / "o")
    assert lines(tmp_path / "o") == [{"messages": GREETING["messages"]}]


def test_an_unknown_format_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"choose one of .*; did you mean openai\?"):
        export([], "opnai", tmp_path / "o")


@pytest.mark.parametrize(("fmt", "missing"), [("openai", "tools"), ("trl", "turns")])
def test_a_failed_export_leaves_the_old_file_and_nothing_else(tmp_path: Path, fmt: str, missing: str) -> None:
    out = tmp_path / "train.jsonl"
    out.write_text("old")

    with pytest.raises(RunError, match=rf"row 2 \(tw-2\) is no sample: KeyError\('{missing}'\)"):
        export([ROW, {"id": "tw-2", "messages": []}], fmt, out)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("train.jsonl", "old")]


def test_an_export_replaces_the_old_file_and_makes_folders(tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder" / "train.jsonl"
    export([], "trl", out)
    export([ROW], "trl", out)
    assert len(lines(out)) == 1


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        export([ROW], "trl", tmp_path / "file" / "train.jsonl")
    with pytest.raises(RunError, match="is not a file"):
        export([ROW], "trl", tmp_path)


@pytest.mark.parametrize("fmt", ["openai", "trl"])
def test_rows_are_streamed(tmp_path: Path, fmt: str) -> None:
    waiting: list[int] = []

    def rows() -> Iterator[dict[str, Any]]:
        for number in range(3):
            waiting.append(number)
            yield ROW | {"id": str(number)}
            assert waiting == [number]
            waiting.clear()

    assert export_rows(rows, fmt, tmp_path / "o", NAMED).rows == 3


def test_half_a_character_does_not_spoil_the_file(tmp_path: Path) -> None:
    assert export([HALF], "trl", tmp_path / "o").losses == {"half-characters": 1}
    assert lines(tmp_path / "o")[0]["messages"][0]["content"] == "a � b \U0001f600"
