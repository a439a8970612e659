"""The judge: the sample passes, other right ways pass, and every way of going wrong has its name."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from toolweave.pipeline.checking.candidate import Candidate, FinalState, gold
from toolweave.pipeline.checking.claims import claimed
from toolweave.pipeline.checking.judge import judge
from toolweave.pipeline.sample import Sample
from toolweave.servers.tools import Tool

Row = dict[str, Any]


def tool(called: str, /, **parameters: Row) -> Row:
    schema = {"type": "object", "properties": parameters, "required": [*parameters][:1]}
    return {"type": "function", "function": {"name": called, "description": "", "parameters": schema}}


TEXT, NUMBER = {"type": "string"}, {"type": "integer", "default": 14}
TOOLS = [
    tool("find_member", name=TEXT),
    tool("list_loans", member_id=TEXT),
    tool("lend_copy", member_id=TEXT, days=NUMBER),
    tool("cancel_hold", hold_id=TEXT),
]


def step(call_id: str, name: str, arguments: Row, text: str) -> list[Row]:
    call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call_id, "name": name, "content": text},
    ]


def expected(call_id: str, name: str, arguments: Row, **more: Any) -> Row:
    return {"id": call_id, "server": "library", "tool": name, "arguments": arguments, **more}


TAKEN = {"/member_id": {"call": "call_1", "place": "/id"}}
FIND = step("call_1", "find_member", {"name": "Ada Voss"}, '{"id": "MB-20817", "fines": 12.5}')
LEND = step("call_2", "lend_copy", {"member_id": "MB-20817", "days": 21}, '{"loan": "LN-30009", "due": "2026-05-11"}')
LOOK = step("call_3", "list_loans", {"member_id": "MB-20817"}, '[{"loan": "LN-30009"}]')
STATE = {"server": "library", "tool": "list_loans", "arguments": {"member_id": "MB-20817"}, "holds": {"/0": "LN-30009"}}
GOOD: Row = {
    "id": "tw-1",
    "tools": TOOLS,
    "messages": [
        {"role": "user", "content": "Lend something to Ada Voss for 21 days and show what she has."},
        *FIND,
        *LEND,
        *LOOK,
        {"role": "assistant", "content": "Done, loan LN-30009 is due on 2026-05-11."},
        {"role": "user", "content": "And water the plants."},
        {"role": "assistant", "content": "I'm sorry, none of my tools can do that."},
    ],
    "turns": [
        {"kind": "base", "messages": [0, 7], "target": "library/list_loans"},
        {"kind": "irrelevant", "messages": [8, 9], "target": "garden/water_bed"},
    ],
    "provenance": [],
    "checker": {
        "calls": [
            expected("call_1", "find_member", {"name": "Ada Voss"}),
            expected("call_2", "lend_copy", {"member_id": "MB-20817", "days": 21}, taken=TAKEN, after=["call_1"]),
            expected("call_3", "list_loans", {"member_id": "MB-20817"}, taken=TAKEN, after=["call_1", "call_2"]),
        ],
        "reads": ["find_member", "list_loans"],
        "state": [STATE],
    },
    "servers": [{"name": "library", "version": "1", "digest": "d"}],
    "teacher": "offline",
    "seed": 1,
    "index": 0,
    "quality": {"turns": 2, "calls": 3, "depth": 2, "dependent_calls": 2, "tools_offered": 4, "attempts": 1},
}
SAMPLE = Sample.model_validate(GOOD)
REACHED = FinalState(({"/0": "LN-30009"},))
OPENING, CLOSING = GOOD["messages"][0], GOOD["messages"][7]
REFUSING = tuple(GOOD["messages"][8:])


def trajectory(*steps: list[Row], closing: str = CLOSING["content"]) -> Candidate:
    told = {"role": "assistant", "content": closing}
    first = [OPENING, *(copy.deepcopy(message) for one in steps for message in one), told]
    return Candidate((tuple(first), REFUSING), REACHED)


def test_the_sample_passes_its_own_checker() -> None:
    assert judge(SAMPLE, gold(SAMPLE)).passed


def test_a_look_more_passes_and_is_counted() -> None:
    more = step("x", "list_loans", {"member_id": "MB-20817"}, "[]")
    verdict = judge(SAMPLE, trajectory(FIND, more, LEND, LOOK))
    assert (verdict.failure, verdict.extra_reads) == (None, 1)


def test_a_look_that_shows_an_earlier_state_is_not_the_one_that_a_later_turn_takes() -> None:
    """Nothing makes the later look wait: it may be made early, if it shows the same."""
    member, none = {"member_id": "MB-20817"}, "[]"
    row = copy.deepcopy(GOOD)
    again = [{"role": "user", "content": "Anything now?"}, *step("call_4", "list_loans", member, LOOK[1]["content"])]
    again.append({"role": "assistant", "content": "Loan LN-30009."})
    lent = step("call_3", "lend_copy", {**member, "days": 21}, LEND[1]["content"])
    first = [OPENING, *FIND, *step("call_2", "list_loans", member, none), *lent, CLOSING]
    row["messages"] = [*first, *again]
    row["turns"] = [
        {"kind": "base", "messages": [0, 7], "target": "library/lend_copy"},
        {"kind": "base", "messages": [8, 11], "target": "library/list_loans"},
    ]
    find, lend, look = row["checker"]["calls"]
    seen = look | {"after": ["call_1"]}
    row["checker"]["calls"] = [find, seen | {"id": "call_2"}, lend | {"id": "call_3"}, seen | {"id": "call_4"}]
    sample = Sample.model_validate(row)
    assert judge(sample, gold(sample)).passed
    twice = [*first[:-1], *step("x", "list_loans", member, none), CLOSING]
    assert judge(sample, Candidate((tuple(twice), tuple(again)), REACHED)).extra_reads == 1
    only = [OPENING, *FIND, *step("x", "list_loans", member, none), *step("y", "list_loans", member, none), *lent]
    without = Candidate(((*only, CLOSING), (again[0], again[-1])), REACHED)
    assert judge(sample, without).failure == "missing_call"


def test_a_deed_done_somewhere_is_no_deed_done_to_that_place() -> None:
    table, sheet = (Tool("book", f"create_{thing}", "", {"type": "object"}) for thing in ("table", "sheet"))
    inside = "I have created a table in the Sales sheet."
    assert claimed(inside, [sheet], [table]) == []
    assert claimed(inside, [sheet]) == []
    assert claimed("I have created a table sheet.", [sheet], [table]) == []
    assert claimed(f"{inside} The sheet was created as well.", [sheet], [table]) == ["create_sheet"]


def test_a_default_that_is_left_out_is_no_other_value() -> None:
    row = copy.deepcopy(GOOD)
    row["checker"]["calls"][1]["arguments"]["days"] = 14
    short = step("x", "lend_copy", {"member_id": "MB-20817"}, LEND[1]["content"])
    assert judge(Sample.model_validate(row), trajectory(FIND, short, LOOK)).passed


def test_ids_that_a_server_makes_up_afresh_fit() -> None:
    row = copy.deepcopy(GOOD)
    row["checker"]["calls"][0]["volatile"] = ["/id"]
    found = step("a", "find_member", {"name": "Ada Voss"}, '{"id": "MB-99999", "fines": 12.5}')
    lent = step("b", "lend_copy", {"member_id": "MB-99999", "days": 21}, LEND[1]["content"])
    look = step("c", "list_loans", {"member_id": "MB-99999"}, LOOK[1]["content"])
    sample = Sample.model_validate(row)
    assert judge(sample, trajectory(found, lent, look)).passed
    assert judge(sample, trajectory(found, LEND, look)).failure == "wrong_value"


@pytest.mark.parametrize("slip", [{"member_id": "Ada Voss"}, {"member_id": "MB-20817", "days": 21}])
def test_a_slip_need_not_be_made_even_if_the_same_call_is_right_later(slip: Row) -> None:
    row = copy.deepcopy(GOOD)
    row["checker"]["calls"].insert(0, expected("call_0", "lend_copy", slip, fails=True))
    row["checker"]["calls"][1]["after"] = ["call_0"]
    row["messages"][1:1] = step("call_0", "lend_copy", slip, "Error: no such member")
    row["turns"][0]["messages"], row["turns"][1]["messages"] = [0, 9], [10, 11]
    assert judge(Sample.model_validate(row), trajectory(FIND, LEND, LOOK)).passed


def with_call(call: list[Row], **changes: Any) -> list[Row]:
    changed = copy.deepcopy(call)
    changed[0]["tool_calls"][0]["function"]["arguments"].update(changes)
    return changed


def observing(call: list[Row], text: str) -> list[Row]:
    return [call[0], {**call[1], "content": text}]


CLAIMING = {"role": "assistant", "content": "Done."}
HOLD = step("x", "cancel_hold", {"hold_id": "HD-1"}, '{"status": "cancelled"}')
TOGETHER = [{**FIND[0], "tool_calls": [*FIND[0]["tool_calls"], *LEND[0]["tool_calls"]]}, FIND[1], LEND[1]]
WRONG: list[tuple[str, Callable[[], Candidate]]] = [
    ("missing_call", lambda: trajectory(FIND, LEND)),
    ("missing_call", lambda: trajectory(LOOK)),
    ("wrong_value", lambda: trajectory(FIND, with_call(LEND, days=20), LOOK)),
    ("wrong_value", lambda: trajectory(with_call(FIND, name="Ada Foss"), LEND, LOOK)),
    ("type_drift", lambda: trajectory(FIND, with_call(LEND, days="21"), LOOK)),
    ("hallucinated_parameter", lambda: trajectory(FIND, with_call(LEND, urgent=True), LOOK)),
    ("hallucinated_parameter", lambda: trajectory(FIND, LEND, LOOK, with_call(LOOK, page=2))),
    ("hallucinated_tool", lambda: trajectory(FIND, LEND, LOOK, step("x", "lend_it", {}, "ok"))),
    ("wrong_tool", lambda: trajectory(FIND, HOLD, LOOK)),
    ("extra_state_changing_call", lambda: trajectory(FIND, LEND, LOOK, HOLD)),
    ("extra_state_changing_call", lambda: trajectory(FIND, LEND, LOOK, LEND)),
    ("wrong_order", lambda: trajectory(LEND, FIND, LOOK)),
    ("wrong_order", lambda: trajectory(FIND, LOOK, LEND)),
    ("wrong_order", lambda: trajectory(TOGETHER, LOOK)),
    ("stale_observation", lambda: trajectory(FIND, observing(LEND, FIND[1]["content"]), LOOK)),
    ("foreign_observation", lambda: trajectory(FIND, LEND, observing(LOOK, '[{"loan": "LN-1"}]'))),
    ("no_answer", lambda: trajectory(FIND, LEND, LOOK, closing="")),
    ("contradicting_answer", lambda: trajectory(FIND, LEND, LOOK, closing="I was unable to lend it.")),
    (
        "contradicting_answer",
        lambda: trajectory(FIND, LEND, LOOK, closing="Done, loan MB-20817 is due on 2026-05-11."),
    ),
    ("unsupported_claim", lambda: trajectory(FIND, LEND, LOOK, closing="Done, it costs 48.70 euros.")),
    ("unsupported_claim", lambda: trajectory(FIND, LEND, LOOK, closing="It is lent. I have also cancelled her hold.")),
    ("did_not_refuse", lambda: Candidate((gold(SAMPLE).turns[0], (REFUSING[0], CLAIMING)), REACHED)),
    ("wrong_state", lambda: Candidate(gold(SAMPLE).turns, FinalState(({"/0": "LN-1"},)))),
    ("wrong_state", lambda: Candidate(gold(SAMPLE).turns)),
    ("malformed", lambda: Candidate(gold(SAMPLE).turns[:1], REACHED)),
    ("undecided", lambda: Candidate((({"content": "no role"},), REFUSING), REACHED)),
]  # fmt: skip


@pytest.mark.parametrize(("failure", "make"), WRONG)
def test_what_is_wrong_has_its_name(failure: str, make: Callable[[], Candidate]) -> None:
    verdict = judge(SAMPLE, make())
    assert verdict.failure == failure, verdict.reason


def test_an_answer_in_other_words_passes() -> None:
    assert judge(SAMPLE, trajectory(FIND, LEND, LOOK, closing="She may keep it until 2026-05-11.")).passed


def test_a_tool_that_is_withheld_in_a_turn_is_not_on_offer() -> None:
    row = copy.deepcopy(GOOD)
    row["turns"][0]["withheld"] = ["cancel_hold"]
    verdict = judge(Sample.model_validate(row), trajectory(FIND, LEND, LOOK, HOLD))
    assert verdict.failure == "hallucinated_tool"
