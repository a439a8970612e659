"""The kind gate: a turn that is what its label says passes, and every way of breaking the promise is caught."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from toolweave.pipeline.gates.static import static_rejection
from toolweave.pipeline.sample import Sample

Row = dict[str, Any]
FIND = {"name": "find_member", "description": "Find a member.", "parameters": {
    "type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}}  # fmt: skip
LEND = {"name": "lend_copy", "description": "Lend a copy.", "parameters": {
    "type": "object", "properties": {"member_id": {"type": "string"}, "due_date": {"type": "string"}},
    "required": ["member_id", "due_date"]}}  # fmt: skip


def user(text: str) -> Row:
    return {"role": "user", "content": text}


def says(text: str) -> Row:
    return {"role": "assistant", "content": text, "reasoning_content": "I think about it."}


def calls(*items: tuple[str, str, Row]) -> Row:
    made = [{"id": i, "type": "function", "function": {"name": name, "arguments": a}} for i, name, a in items]
    return {"role": "assistant", "content": "", "reasoning_content": "I go on.", "tool_calls": made}


def saw(call_id: str, name: str, text: str) -> Row:
    return {"role": "tool", "tool_call_id": call_id, "name": name, "content": text}


def expected(call_id: str, tool: str, arguments: Row, **more: Any) -> Row:
    return {"id": call_id, "server": "library", "tool": tool, "arguments": arguments, **more}


def said(call_id: str, argument: str, text: str, turn: int = 0) -> Row:
    return {"call": call_id, "argument": argument, "source": {"kind": "user", "turn": turn, "text": text}}


def row(messages: list[Row], turns: list[Row], provenance: list[Row], checked: list[Row]) -> Row:
    return {
        "id": "tw-1",
        "tools": [{"type": "function", "function": FIND}, {"type": "function", "function": LEND}],
        "messages": messages,
        "turns": turns,
        "provenance": provenance,
        "checker": {"calls": checked},
        "servers": [{"name": "library", "version": "1", "digest": "d"}],
        "teacher": "offline",
        "seed": 1,
        "index": 0,
        "quality": {"turns": 1, "calls": 2, "depth": 2, "dependent_calls": 1, "tools_offered": 2, "attempts": 1},
    }


ADA, BEN = {"name": "Ada Voss"}, {"name": "Ben Hill"}
PARALLEL = row(
    [
        user("Look up Ada Voss and Ben Hill."),
        calls(("call_1", "find_member", ADA), ("call_2", "find_member", BEN)),
        saw("call_1", "find_member", '{"id": "MB-1"}'),
        saw("call_2", "find_member", '{"id": "MB-2"}'),
        says("Ada Voss is MB-1 and Ben Hill is MB-2."),
    ],
    [{"kind": "parallel", "messages": [0, 4], "target": "library/find_member"}],
    [said("call_1", "/name", "Ada Voss"), said("call_2", "/name", "Ben Hill")],
    [expected("call_1", "find_member", ADA), expected("call_2", "find_member", BEN)],
)
LENT = {"member_id": "MB-1", "due_date": "2026-03-04"}
TAKEN: Row = {"taken": {"/member_id": {"call": "call_1", "place": "/id"}}, "after": ["call_1"]}
FROM_FIND: Row = {
    "call": "call_2",
    "argument": "/member_id",
    "source": {"kind": "output", "call": "call_1", "place": "/id"},
}
ASKED = row(
    [
        user("Lend something to Ada Voss."),
        says("Until which date should it be lent?"),
        user("Until 4 March 2026."),
        calls(("call_1", "find_member", ADA)),
        saw("call_1", "find_member", '{"id": "MB-1"}'),
        calls(("call_2", "lend_copy", LENT)),
        saw("call_2", "lend_copy", '{"loan": "L-9"}'),
        says("It is lent, the loan is L-9."),
    ],
    [{"kind": "missing_parameter", "messages": [0, 7], "target": "library/lend_copy"}],
    [said("call_1", "/name", "Ada Voss"), FROM_FIND, said("call_2", "/due_date", "4 March 2026")],
    [expected("call_1", "find_member", ADA), expected("call_2", "lend_copy", LENT, **TAKEN)],
)
LATER = row(
    [
        user("Look up Ada Voss."),
        says("I can't look up members with what I have."),
        user("That should be possible now, please go on."),
        calls(("call_1", "find_member", ADA)),
        saw("call_1", "find_member", '{"id": "MB-1"}'),
        says("Her id is MB-1."),
    ],
    [
        {"kind": "missing_function", "messages": [0, 1], "target": "library/find_member", "withheld": ["find_member"]},
        {"kind": "base", "messages": [2, 5], "target": "library/find_member"},
    ],
    [said("call_1", "/name", "Ada Voss")],
    [expected("call_1", "find_member", ADA)],
)
NEVER = row(
    [
        user("Look up Ada Voss."),
        calls(("call_1", "find_member", ADA)),
        saw("call_1", "find_member", '{"id": "MB-1"}'),
        says("Her id is MB-1."),
        user("And water the plants, please."),
        says("I'm sorry, none of my tools can do that."),
    ],
    [
        {"kind": "base", "messages": [0, 3], "target": "library/find_member"},
        {"kind": "irrelevant", "messages": [4, 5], "target": "garden/water_bed"},
    ],
    [said("call_1", "/name", "Ada Voss")],
    [expected("call_1", "find_member", ADA)],
)
WRONG = {"member_id": "Ada Voss", "due_date": "2026-03-04"}
RIGHT: Row = {"taken": {"/member_id": {"call": "call_2", "place": "/id"}}, "after": ["call_1", "call_2"]}
MENDED = row(
    [
        user("Lend something to Ada Voss until 4 March 2026."),
        calls(("call_1", "lend_copy", WRONG)),
        saw("call_1", "lend_copy", "Error: no member Ada Voss"),
        calls(("call_2", "find_member", ADA)),
        saw("call_2", "find_member", '{"id": "MB-1"}'),
        calls(("call_3", "lend_copy", LENT)),
        saw("call_3", "lend_copy", '{"loan": "L-9"}'),
        says("It is lent, the loan is L-9."),
    ],
    [{"kind": "error_recovery", "messages": [0, 7], "target": "library/lend_copy", "masked": [1]}],
    [
        said("call_1", "/member_id", "Ada Voss"),
        said("call_1", "/due_date", "4 March 2026"),
        said("call_2", "/name", "Ada Voss"),
        {"call": "call_3", "argument": "/member_id", "source": {"kind": "output", "call": "call_2", "place": "/id"}},
        said("call_3", "/due_date", "4 March 2026"),
    ],
    [
        expected("call_1", "lend_copy", WRONG, fails=True),
        expected("call_2", "find_member", ADA, after=["call_1"]),
        expected("call_3", "lend_copy", LENT, **RIGHT),
    ],
)
GOOD = {"parallel": PARALLEL, "missing_parameter": ASKED, "missing_function": LATER, "irrelevant": NEVER,
        "error_recovery": MENDED}  # fmt: skip


@pytest.mark.parametrize("kind", GOOD)
def test_a_turn_that_keeps_its_promise_passes(kind: str) -> None:
    assert static_rejection(Sample.model_validate(GOOD[kind])) is None


def test_many_tools_and_much_text_make_a_long_context() -> None:
    long = copy.deepcopy(PARALLEL)
    del long["messages"][1]["tool_calls"][1], long["messages"][3], long["checker"]["calls"][1], long["provenance"][1]
    long["messages"][3]["content"] = "Ada Voss is MB-1."
    long["turns"] = [{"kind": "long_context", "messages": [0, 3], "target": "library/find_member"}]
    described = "It takes its time and explains itself at length. " * 12
    for number in range(48):
        function = {"name": f"tool_{number}", "description": described, "parameters": {"type": "object"}}
        long["tools"].append({"type": "function", "function": function})
    assert static_rejection(Sample.model_validate(long)) is None
    long["tools"] = long["tools"][:30]
    assert str(static_rejection(Sample.model_validate(long))) == "kind: turn 0 (long_context): its context is not long"


def _one_by_one(spoilt: Row) -> None:
    second = spoilt["messages"][1]["tool_calls"].pop()
    spoilt["messages"].insert(3, {**spoilt["messages"][1], "tool_calls": [second]})
    spoilt["turns"][0]["messages"] = [0, 5]


def _needs_the_other(spoilt: Row) -> None:
    spoilt["checker"]["calls"][1]["after"] = ["call_1"]


def _asks_for_something_else(spoilt: Row) -> None:
    spoilt["messages"][1]["content"] = "What is the weather like?"


def _does_not_ask(spoilt: Row) -> None:
    spoilt["messages"][1]["content"] = "I need the due date."


def _says_it_at_once(spoilt: Row) -> None:
    spoilt["messages"][0]["content"] = "Lend something to Ada Voss until 2026-03-04."


def _nobody_needs_it(spoilt: Row) -> None:
    spoilt["tools"][1]["function"]["parameters"] = {**LEND["parameters"], "required": ["member_id"]}  # type: ignore[dict-item]


def _claims_it_is_done(spoilt: Row) -> None:
    spoilt["messages"][-1 if spoilt["turns"][-1]["kind"] == "irrelevant" else 1]["content"] = "It is done."


def _is_on_offer(spoilt: Row) -> None:
    spoilt["turns"][0]["withheld"] = []


def _never_comes(spoilt: Row) -> None:
    spoilt["turns"][1]["withheld"] = ["find_member"]


def _wanted_is_offered(spoilt: Row) -> None:
    spoilt["tools"].append({"type": "function", "function": {**FIND, "name": "water_bed"}})


def _unmasked(spoilt: Row) -> None:
    spoilt["turns"][0]["masked"] = []


def _masked_too_much(spoilt: Row) -> None:
    spoilt["turns"][0]["masked"] = [1, 3]


def _labelled_base(spoilt: Row) -> None:
    spoilt["turns"][0]["kind"] = "base"


@pytest.mark.parametrize(
    ("kind", "spoil", "reason"),
    [
        ("parallel", _one_by_one, "no step makes several calls"),
        ("parallel", _needs_the_other, "call_2 needs another call of its step"),
        ("parallel", _labelled_base, "it makes several calls in one step"),
        ("missing_parameter", _asks_for_something_else, "it does not ask for what is missing"),
        ("missing_parameter", _does_not_ask, "it asks nothing"),
        ("missing_parameter", _says_it_at_once, "the request already says /due_date"),
        ("missing_parameter", _nobody_needs_it, "nobody needs that value"),
        ("missing_parameter", _labelled_base, "the user speaks more than once"),
        ("missing_function", _claims_it_is_done, "do not refuse"),
        ("missing_function", _is_on_offer, "is not what is missing now"),
        ("missing_function", _never_comes, "is not what is missing now"),
        ("irrelevant", _claims_it_is_done, "do not refuse"),
        ("irrelevant", _wanted_is_offered, "its target is on offer"),
        ("error_recovery", _unmasked, "its masked messages are not those whose calls fail"),
        ("error_recovery", _masked_too_much, "its masked messages are not those whose calls fail"),
        ("error_recovery", _labelled_base, "a call of it fails"),
    ],
)
def test_a_broken_promise_is_caught(kind: str, spoil: Callable[[Row], None], reason: str) -> None:
    spoilt = copy.deepcopy(GOOD[kind])
    spoil(spoilt)
    rejection = static_rejection(Sample.model_validate(spoilt))
    assert rejection is not None
    assert rejection.gate == "kind"
    assert reason in rejection.reason
