"""Rows whose conversation was changed after they were checked: the rest of the row does not agree with it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from toolweave.pipeline.checking.facts import with_told
from toolweave.pipeline.gates.agreement import alteration, disagreement
from toolweave.pipeline.gates.checker import checker_gate
from toolweave.pipeline.gates.verdict import Rejection
from toolweave.pipeline.sample import Sample, sample_id
from toolweave.servers.tools import Tool, function_names

Row = dict[str, Any]
ORDERS = (
    '{"orders": [{"number": "OR-71", "to": "Aster", "euros": 38}, {"number": "OR-72", "to": "Birch", "euros": 45}]}'
)
REPORT = "Long report: " + "all is well, " * 10 + "19 boxes."


def step(call_id: str, name: str, arguments: Row, text: str) -> list[Row]:
    call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call_id, "name": name, "content": text},
    ]


def tool(name: str) -> Row:
    return {"type": "function", "function": {"name": name, "description": "", "parameters": {"type": "object"}}}


ROW: Row = {
    "id": "tw-1",
    "tools": [tool("list_orders"), tool("list_parcels"), tool("depot__report")],
    "messages": [
        {"role": "user", "content": "What did we sell in week 7 of 2027?"},
        *step("call_1", "list_orders", {"week": 7}, ORDERS),
        {"role": "assistant", "content": "Two: Aster for 38 euros and Birch for 45, on OR-71 and OR-72."},
        {"role": "user", "content": "And the depot?"},
        *step("call_2", "depot__report", {}, REPORT),
        {"role": "assistant", "content": REPORT},
    ],
    "turns": [
        {"kind": "base", "messages": [0, 3], "target": "shop/list_orders"},
        {"kind": "base", "messages": [4, 7], "target": "depot/report"},
    ],
    "provenance": [{"call": "call_1", "argument": "/week", "source": {"kind": "user", "turn": 0, "text": "7"}}],
    "checker": {
        "calls": [
            {"id": "call_1", "server": "shop", "tool": "list_orders", "arguments": {"week": 7}},
            {"id": "call_2", "server": "depot", "tool": "report", "arguments": {}},
        ]
    },
    "servers": [],
    "teacher": "offline",
    "seed": 3,
    "index": 0,
    "quality": {"turns": 2, "calls": 2, "depth": 1, "dependent_calls": 0, "tools_offered": 3, "attempts": 1},
}
SAMPLE = with_told(Sample.model_validate(ROW))


def spoilt(change: Callable[[Row], object]) -> str:
    row = copy.deepcopy(SAMPLE.model_dump(mode="json"))
    change(row)
    return str(disagreement(Sample.model_validate(row)))


def says(at: int, old: str, new: str) -> Callable[[Row], object]:
    def change(row: Row) -> None:
        assert old in row["messages"][at]["content"]
        row["messages"][at]["content"] = row["messages"][at]["content"].replace(old, new)

    return change


def calls(at: int, name: str) -> Callable[[Row], object]:
    def change(row: Row) -> None:
        row["messages"][at]["tool_calls"][0]["function"]["name"] = name

    return change


def thinks(at: int, reasoning: str) -> Callable[[Row], object]:
    return lambda row: row["messages"][at].update(reasoning_content=reasoning)


def is_given(key: str, value: Any) -> Callable[[Row], object]:
    return lambda row: row.update({key: value})


def turn(number: int, **facts: Any) -> Callable[[Row], object]:
    def change(row: Row) -> None:
        row["turns"][number] |= facts

    return change


def forget_what_is_told(row: Row) -> None:
    row["checker"]["told"] = []


def test_a_row_as_it_was_checked_agrees_with_itself() -> None:
    assert disagreement(SAMPLE) is None
    told = [(fact.turn, fact.text, fact.call, fact.place) for fact in SAMPLE.checker.told]
    assert told == [
        (0, "Aster", "call_1", "/orders/0/to"),
        (0, "38 euros", "call_1", "/orders/0/euros"),
        (0, "Birch", "call_1", "/orders/1/to"),
        (0, "45", "call_1", "/orders/1/euros"),
        (0, "OR-71", "call_1", "/orders/0/number"),
        (0, "OR-72", "call_1", "/orders/1/number"),
        (1, "19 boxes", None, None),
    ]


@pytest.mark.parametrize(
    "change",
    [says(3, "Two: ", "There were two of them: "), says(7, "Long report", "Here is all of it"), says(3, ".", ". Bye!")],
)
def test_other_words_about_the_same_values_agree(change: Callable[[Row], object]) -> None:
    assert spoilt(change) == "None"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (says(3, "38", "45"), "does not tell '38 euros'"),
        (says(3, "Aster", "Cedar"), "does not tell 'Aster'"),
        (says(3, "Aster for 38 euros and Birch for 45", "Birch for 38 euros and Aster for 45"), "where it did"),
        (says(3, "38 euros", "38 dollars"), "does not tell '38 euros'"),
        (says(3, "Two: ", "They are not sold: "), "tells 'not', which was not recorded"),
        (says(3, "Two: ", "Two, by Cedar: "), "tells 'Cedar', which was not recorded"),
        (says(3, "OR-72", "OR-72, OR-73"), "tells 'OR-73', which was not recorded"),
        (says(3, "Two: Aster", "Two of 12: Aster"), "tells '12'"),
        (says(7, "19", "91"), "turn 1 does not tell '19 boxes'"),
        (says(0, "week 7", "week 8"), "the user does not say '7'"),
        (calls(1, "list_parcels"), "calls 'list_parcels', and the checker shop/list_orders"),
        (calls(5, "report"), "None"),
        (calls(5, "shop__report"), "and the checker depot/report"),
        (thinks(1, "The parcels come from list_parcels."), "speaks of list_parcels, and something else is called"),
        (thinks(1, "Not list_parcels: list_orders has it."), "None"),
        (thinks(5, "After list_orders comes depot__report, which list_orders cannot."), "None"),
        (turn(0, target="shop/list_parcels"), "was to reach shop/list_parcels"),
        (turn(0, messages=[0, 99]), "cannot decide"),
        (forget_what_is_told, "which was not recorded"),
    ],
)
def test_what_was_changed_afterwards_is_named(change: Callable[[Row], object], reason: str) -> None:
    assert reason in spoilt(change)


@pytest.mark.parametrize(
    "change",
    [
        says(0, "2027?", "2027? And please send me a copy by courier."),
        is_given("tools", SAMPLE.model_dump(mode="json")["tools"][:2]),
        is_given("seed", 4),
        is_given("id", "tw-2"),
    ],
)
def test_a_row_that_is_another_than_its_id_says_was_altered(change: Callable[[Row], object]) -> None:
    made = SAMPLE.model_copy(update={"id": sample_id(SAMPLE.tools, SAMPLE.messages, SAMPLE.seed)})
    assert alteration(made) is None
    row = made.model_dump(mode="json")
    change(row)
    assert "were changed afterwards" in str(alteration(Sample.model_validate(row)))


def test_a_row_that_disagrees_with_itself_is_not_kept() -> None:
    row = SAMPLE.model_dump(mode="json")
    row["turns"][1]["target"] = "depot/list_parcels"
    verdict = checker_gate(Sample.model_validate(row))
    assert isinstance(verdict, Rejection)
    assert verdict.gate == "agreement"


@pytest.mark.parametrize("name", ["orders.list", "list orders", "list_" + "orders_" * 12])
def test_a_tool_whose_name_endpoints_do_not_accept_is_called_by_the_name_under_which_it_is_offered(name: str) -> None:
    offered = function_names([Tool("shop", name)])[f"shop/{name}"]
    row = copy.deepcopy(SAMPLE.model_dump(mode="json"))
    row["checker"]["calls"][0]["tool"] = name
    row["turns"][0]["target"] = f"shop/{name}"
    calls(1, offered)(row)
    assert offered != name
    assert disagreement(Sample.model_validate(row)) is None
