"""The static gates: a good row passes, and every way of spoiling it is caught by the gate that should."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from toolweave.pipeline.gates.static import static_rejection
from toolweave.pipeline.sample import Sample

Row = dict[str, Any]
FIND = {"name": "find_member", "description": "Find a member by name.", "parameters": {
    "type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}}  # fmt: skip
LEND = {"name": "lend_copy", "description": "Lend a copy.", "parameters": {
    "type": "object", "properties": {"member_id": {"type": "string"}, "days": {"type": "integer", "default": 14}},
    "required": ["member_id"]}}  # fmt: skip


def call(call_id: str, name: str, arguments: Row) -> Row:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


GOOD: Row = {
    "id": "tw-1",
    "tools": [{"type": "function", "function": FIND}, {"type": "function", "function": LEND}],
    "messages": [
        {"role": "user", "content": "Please lend something to Ada Voss for 21 days."},
        {"role": "assistant", "content": "", "reasoning_content": "I look up Ada Voss first.",
         "tool_calls": [call("call_1", "find_member", {"name": "Ada Voss"})]},
        {"role": "tool", "tool_call_id": "call_1", "name": "find_member", "content": '{"id": "MB-20817"}'},
        {"role": "assistant", "content": "", "reasoning_content": "She is MB-20817; 21 days it is.",
         "tool_calls": [call("call_2", "lend_copy", {"member_id": "MB-20817", "days": 21})]},
        {"role": "tool", "tool_call_id": "call_2", "name": "lend_copy", "content": '{"due": "2026-05-11"}'},
        {"role": "assistant", "content": "Done, it is due on 11 May 2026.", "reasoning_content": "It worked."},
    ],
    "turns": [{"kind": "base", "messages": [0, 5], "target": "library/lend_copy"}],
    "provenance": [
        {"call": "call_1", "argument": "/name", "source": {"kind": "user", "turn": 0, "text": "Ada Voss"}},
        {"call": "call_2", "argument": "/member_id", "source": {"kind": "output", "call": "call_1", "place": "/id"}},
        {"call": "call_2", "argument": "/days", "source": {"kind": "user", "turn": 0, "text": "21 days"}},
    ],
    "checker": {"calls": [
        {"id": "call_1", "server": "library", "tool": "find_member", "arguments": {"name": "Ada Voss"}},
        {"id": "call_2", "server": "library", "tool": "lend_copy", "arguments": {"member_id": "MB-20817", "days": 21},
         "taken": {"/member_id": {"call": "call_1", "place": "/id"}}, "after": ["call_1"]},
    ]},
    "servers": [{"name": "library", "version": "1", "digest": "d"}],
    "teacher": "offline",
    "seed": 1,
    "index": 0,
    "quality": {"turns": 1, "calls": 2, "depth": 2, "dependent_calls": 1, "tools_offered": 2, "attempts": 1},
}  # fmt: skip


def arguments_of(row: Row, number: int) -> Row:
    arguments: Row = row["messages"][2 * number - 1]["tool_calls"][0]["function"]["arguments"]
    return arguments


def set_both(row: Row, number: int, name: str, value: Any) -> None:
    arguments_of(row, number)[name] = value
    row["checker"]["calls"][number - 1]["arguments"][name] = value


def say(row: Row, text: str) -> None:
    row["messages"][0]["content"] = text


def reason(row: Row, text: str) -> None:
    row["messages"][3]["reasoning_content"] = text


def answer(row: Row, text: str) -> None:
    row["messages"][5]["content"] = text


SPOILED: list[tuple[str, Callable[[Row], Any]]] = [
    ("shape", lambda row: arguments_of(row, 1).update(name="Bob")),
    ("shape", lambda row: row["messages"].pop(2)),
    ("shape", lambda row: row["checker"]["calls"].pop()),
    ("shape", lambda row: row["turns"][0].update(messages=[0, 4])),
    ("shape", lambda row: answer(row, "")),
    ("schema", lambda row: row["tools"].pop()),
    ("schema", lambda row: set_both(row, 2, "days", "21")),
    ("schema", lambda row: set_both(row, 2, "member_id", 7)),
    ("grounding", lambda row: row["provenance"].pop()),
    ("grounding", lambda row: set_both(row, 1, "name", "Bob Lee")),
    ("grounding", lambda row: set_both(row, 2, "member_id", "MB-99999")),
    ("grounding", lambda row: set_both(row, 2, "days", 12)),
    ("grounding", lambda row: say(row, "Please lend something to somebody.")),
    ("grounding", lambda row: row["provenance"][1]["source"].update(call="call_2")),
    ("grounding", lambda row: row["provenance"][1]["source"].update(place="/other")),
    ("grounding", lambda row: row["provenance"][0].update(source={"kind": "guess"})),
    ("grounding", lambda row: row["provenance"][2].update(source={"kind": "default"})),
    ("leak", lambda row: say(row, "Please find_member Ada Voss and lend for 21 days.")),
    ("leak", lambda row: say(row, "Please lend to the member_id of Ada Voss for 21 days.")),
    ("leak", lambda row: say(row, "Please lend for days and days to Ada Voss, 21 days.")),
    ("leak", lambda row: reason(row, "The hint says to lend to MB-20817.")),
    ("leak", lambda row: reason(row, "It will be due on 2027-01-01.")),
    ("answer", lambda row: answer(row, "Done, loan LN-5 is due on 11 May 2026.")),
    ("answer", lambda row: answer(row, "Error: the member does not exist.")),
]  # fmt: skip


def test_a_good_row_passes() -> None:
    assert static_rejection(Sample.model_validate(GOOD)) is None


@pytest.mark.parametrize(("gate", "spoil"), SPOILED)
def test_a_spoiled_row_is_rejected_by_the_gate_that_should(gate: str, spoil: Callable[[Row], Any]) -> None:
    row = copy.deepcopy(GOOD)
    spoil(row)
    rejection = static_rejection(Sample.model_validate(row))
    assert rejection is not None
    assert rejection.gate == gate, str(rejection)


@pytest.mark.parametrize(("options", "passes"), [([21], True), ([21, 7], False), ([7], False)])
def test_only_the_one_value_of_an_enumeration_comes_from_it(options: list[int], passes: bool) -> None:
    row = copy.deepcopy(GOOD)
    row["tools"][1]["function"]["parameters"]["properties"]["days"]["enum"] = options
    row["provenance"][2]["source"] = {"kind": "enum"}
    say(row, "Please lend something to Ada Voss.")
    reason(row, "She is MB-20817.")
    rejection = static_rejection(Sample.model_validate(row))
    assert (rejection is None) == passes


def test_a_gate_that_cannot_decide_rejects() -> None:
    row = copy.deepcopy(GOOD)
    del row["messages"][1]["role"]
    rejection = static_rejection(Sample.model_validate(row))
    assert rejection is not None
    assert "cannot decide" in rejection.reason
