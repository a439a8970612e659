"""Exports of rows that hold calls which fail, and turns for which a tool is not on offer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from toolweave.pipeline.exports import Options, export
from toolweave.servers.errors import RunError

Row = dict[str, Any]
UNREASONED = Options(allow=frozenset({"reasoning"}))


def tool(name: str) -> Row:
    return {"type": "function", "function": {"name": name, "description": "", "parameters": {"type": "object"}}}


def calls(*ids: str) -> Row:
    made = [{"id": i, "type": "function", "function": {"name": "find", "arguments": {"q": i}}} for i in ids]
    return {"role": "assistant", "content": "", "reasoning_content": f"I call {ids[0]}.", "tool_calls": made}


def observation(call_id: str) -> Row:
    return {"role": "tool", "tool_call_id": call_id, "name": "find", "content": f"seen {call_id}"}


def says(role: str, text: str) -> Row:
    return {"role": role, "content": text}


PLAIN: Row = {
    "id": "tw-1",
    "tools": [tool("find"), tool("book")],
    "messages": [says("user", "Find it."), calls("p1"), observation("p1"), says("assistant", "Found.")],
    "turns": [{"kind": "base", "messages": [0, 3], "withheld": [], "masked": []}],
}
SLIPPED: Row = {
    "id": "tw-2",
    "tools": [tool("find"), tool("book")],
    "messages": [
        says("user", "Book it."),
        calls("c1"),
        observation("c1"),
        calls("c2"),
        observation("c2"),
        calls("c3"),
        observation("c3"),
        says("assistant", "Booked."),
        says("user", "Again."),
        calls("c4"),
        observation("c4"),
        calls("c5", "c6"),
        observation("c5"),
        observation("c6"),
        says("assistant", "Done."),
    ],
    "turns": [
        {"kind": "error_recovery", "messages": [0, 7], "withheld": [], "masked": [3]},
        {"kind": "error_recovery", "messages": [8, 14], "withheld": [], "masked": [9]},
    ],
}
REFUSED: Row = {
    "id": "tw-3",
    "tools": [tool("find"), tool("book")],
    "messages": [
        says("user", "Find it."),
        calls("r1"),
        observation("r1"),
        says("assistant", "Found."),
        says("user", "Book it."),
        says("assistant", "I cannot do that."),
        says("user", "You have the tool now."),
        calls("r2"),
        observation("r2"),
        says("assistant", "Booked."),
    ],
    "turns": [
        {"kind": "base", "messages": [0, 3], "withheld": ["book"], "masked": []},
        {"kind": "missing_function", "messages": [4, 5], "withheld": ["book"], "masked": []},
        {"kind": "base", "messages": [6, 9], "withheld": [], "masked": []},
    ],
}


def exported(rows: list[Row], fmt: str, path: Path) -> list[Row]:
    export(lambda: rows, fmt, path, UNREASONED)
    return [json.loads(line) for line in path.read_text().splitlines()]


def names(line: Row) -> list[str]:
    return [item["function"]["name"] for item in line["tools"]]


def weights(line: Row) -> list[int | None]:
    return [message.get("weight") for message in line["messages"] if message["role"] == "assistant"]


def test_openai_calls_that_fail_weigh_nothing(tmp_path: Path) -> None:
    (line,) = exported([SLIPPED], "openai", tmp_path / "o")
    assert len(line["messages"]) == len(SLIPPED["messages"])
    assert weights(line) == [None, 0, None, None, 0, None, None]
    assert all("weight" not in message for message in line["messages"] if message["role"] != "assistant")


def test_openai_a_changed_offer_makes_another_line_with_the_past_as_context(tmp_path: Path) -> None:
    lines = exported([REFUSED], "openai", tmp_path / "o")
    assert [names(line) for line in lines] == [["find"], ["find", "book"]]
    assert [len(line["messages"]) for line in lines] == [6, 10]
    assert [weights(line) for line in lines] == [[None, None, None], [0, 0, 0, None, None]]


def test_what_is_left_out_is_counted_once_however_many_lines_a_row_becomes(tmp_path: Path) -> None:
    report = export(lambda: [REFUSED], "openai", tmp_path / "o", UNREASONED)
    assert (report.samples, report.rows, report.losses) == (1, 2, {"reasoning": 2})


def test_trl_keeps_conversations_whole_when_all_can_be_learnt(tmp_path: Path) -> None:
    assert exported([PLAIN], "trl", tmp_path / "o") == [{"messages": PLAIN["messages"], "tools": PLAIN["tools"]}]


def test_trl_a_call_that_fails_is_only_ever_context(tmp_path: Path) -> None:
    messages = SLIPPED["messages"]
    assert exported([SLIPPED], "trl", tmp_path / "o") == [
        {"prompt": messages[:1], "completion": messages[1:2], "tools": SLIPPED["tools"]},
        {"prompt": messages[:5], "completion": messages[5:8], "tools": SLIPPED["tools"]},
        {"prompt": messages[:11], "completion": messages[11:], "tools": SLIPPED["tools"]},
    ]


def test_trl_a_changed_offer_cuts_the_conversation(tmp_path: Path) -> None:
    messages = REFUSED["messages"]
    assert exported([REFUSED], "trl", tmp_path / "o") == [
        {"prompt": messages[:1], "completion": messages[1:6], "tools": [tool("find")]},
        {"prompt": messages[:7], "completion": messages[7:], "tools": REFUSED["tools"]},
    ]


@pytest.mark.parametrize("rows", [[PLAIN, SLIPPED], [REFUSED, PLAIN]])
def test_trl_one_row_that_has_to_be_cut_gives_all_lines_the_same_shape(tmp_path: Path, rows: list[Row]) -> None:
    lines = exported(rows, "trl", tmp_path / "o")
    assert {tuple(line) for line in lines} == {("prompt", "completion", "tools")}
    assert {"prompt": PLAIN["messages"][:1], "completion": PLAIN["messages"][1:], "tools": PLAIN["tools"]} in lines


def test_trl_every_message_that_may_be_learnt_is_learnt_once(tmp_path: Path) -> None:
    for row in (PLAIN, SLIPPED, REFUSED):
        masked = {at for turn in row["turns"] for at in turn["masked"]}
        wanted = [m for at, m in enumerate(row["messages"]) if m["role"] == "assistant" and at not in masked]
        lines = exported([row, REFUSED], "trl", tmp_path / "o")[: -2 if row is not REFUSED else 2]
        assert [m for line in lines for m in line["completion"] if m["role"] == "assistant"] == wanted


def test_trl_samples_that_change_between_two_readings_are_not_written(tmp_path: Path) -> None:
    readings = iter([[SLIPPED], [SLIPPED], [SLIPPED, PLAIN]])

    def read() -> Iterator[Row]:
        return iter(next(readings))

    with pytest.raises(RunError, match="changed while they were exported"):
        export(read, "trl", tmp_path / "o")
    assert list(tmp_path.iterdir()) == []
