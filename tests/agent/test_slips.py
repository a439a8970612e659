"""Slips put into a trace: where they go, what they are made with, and when there is none to be had."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from toolweave.agent.fill import PlanFailed
from toolweave.agent.slips import too_early, with_wrong_value
from toolweave.agent.trace import Call, Source, Trace, TurnTrace
from toolweave.servers.results import CallResult
from toolweave.servers.tools import Tool


def tool(called: str, **properties: str) -> Tool:
    schema = {"type": "object", "properties": {key: {"type": kind} for key, kind in properties.items()}}
    return Tool("s", called, "", schema)


def call(number: int, of: Tool, arguments: dict[str, Any], sources: dict[str, Source], *after: str) -> Call:
    return Call(f"call_{number}", of, arguments, sources, CallResult("ok", "{}", {}, 0.0), frozenset(after))


SAID = Source("user", turn=0)
FIND = call(1, tool("find", name="string"), {"name": "Ada"}, {"/name": SAID})
OPEN = call(2, tool("open_day", day="string"), {"day": "Monday"}, {"/day": SAID})
LEND = call(
    3,
    tool("lend", member="string", days="integer"),
    {"member": "MB-1", "days": 3},
    {"/member": Source("output", call="call_1", place="/id"), "/days": SAID},
    "call_1",
    "call_2",
)
TRACE = Trace((TurnTrace((FIND, OPEN, LEND), "error_recovery"),))


def test_a_wrong_value_comes_before_the_look_up_and_says_what_the_user_said() -> None:
    calls = with_wrong_value(TRACE, 0, LEND, "/member").turns[0].calls
    assert [(item.id, item.tool.name, item.fails) for item in calls] == [
        ("call_1", "lend", True),
        ("call_2", "find", False),
        ("call_3", "open_day", False),
        ("call_4", "lend", False),
    ]
    assert calls[0].arguments == {"member": "Ada", "days": 3}
    assert calls[0].sources == {
        "/member": Source("user", turn=0, said_for=("call_2", "/name")),
        "/days": Source("user", turn=0, said_for=("call_4", "/days")),
    }
    assert calls[3].after == {"call_1", "call_2", "call_3"}
    assert calls[3].sources["/member"].call == "call_2"


def test_a_call_can_be_made_before_what_enables_it() -> None:
    calls = too_early(TRACE, 0, LEND).turns[0].calls
    assert [(item.tool.name, item.fails) for item in calls] == [
        ("find", False),
        ("lend", True),
        ("open_day", False),
        ("lend", False),
    ]
    assert calls[1].arguments == LEND.arguments
    assert calls[1].sources["/member"] == Source("output", call="call_1", place="/id")


def test_a_number_cannot_be_slipped_by_words() -> None:
    counted = replace(LEND, tool=tool("lend", member="integer", days="integer"))
    trace = Trace((TurnTrace((FIND, OPEN, counted), "error_recovery"),))
    with pytest.raises(PlanFailed, match="no words"):
        with_wrong_value(trace, 0, counted, "/member")


def test_without_an_enabler_nothing_is_too_early() -> None:
    with pytest.raises(PlanFailed, match="nothing has to be done before"):
        too_early(TRACE, 0, OPEN)


def test_a_change_of_mind_still_knows_the_call_that_it_changes() -> None:
    sources = LEND.sources | {"/days": Source("user", turn=1, instead_of=("call_3", "/days"))}
    again = replace(LEND, id="call_4", arguments=LEND.arguments | {"days": 4}, sources=sources)
    trace = Trace((*TRACE.turns, TurnTrace((again,), relation="corrects")))
    calls = with_wrong_value(trace, 0, LEND, "/member").calls
    assert (calls[3].tool.name, calls[4].sources["/days"].instead_of) == ("lend", ("call_4", "/days"))
