"""The planner: AND over parameters, OR over producers, no circles, state before what it enables."""

from __future__ import annotations

import random
from typing import Any

from toolweave.graph.model import Edge, Evidence, ToolGraph
from toolweave.graph.plan import FromCall, NoSource, Supplied, TurnPlan
from toolweave.graph.planner import Planner, Wish
from toolweave.graph.planning.draft import Past
from toolweave.servers.tools import Tool


def tool(name: str, *required: str, **optional: dict[str, Any]) -> Tool:
    properties: dict[str, Any] = {key: {"type": "string"} for key in required} | optional
    return Tool("s", name, input_schema={"type": "object", "properties": properties, "required": list(required)})


def data(source: str, field: str, target: str, param: str, confidence: float = 0.9) -> Edge:
    return Edge(f"s/{source}", field, f"s/{target}", param, "data", confidence, (Evidence("matched", confidence),))


def enables(source: str, target: str) -> Edge:
    return Edge(f"s/{source}", "", f"s/{target}", "", "state", 0.9, (Evidence("intervened", 0.9),), "enables")


def planner(tools: list[Tool], edges: list[Edge], said: set[str]) -> Planner:
    graph = ToolGraph({item.id: item for item in tools}, tuple(edges))
    return Planner(graph, lambda _, parameter: parameter in said, frozenset(graph.tools))


FIND, OPEN, PAY = tool("find", "name"), tool("open", "member_id", "plan_id"), tool("pay", "account_id")
PLANS = tool("plans")
CHAIN = [
    data("find", "id", "open", "member_id"),
    data("plans", "[].id", "open", "plan_id"),
    data("open", "account", "pay", "account_id"),
]


def test_a_chain_supplies_every_required_parameter_of_its_target() -> None:
    plan = planner([FIND, OPEN, PAY, PLANS], CHAIN, {"name"}).plan_turn(Wish("s/pay"), random.Random(1))
    assert isinstance(plan, TurnPlan)
    assert sorted(call.tool for call in plan.calls) == ["s/find", "s/open", "s/pay", "s/plans"]
    by_tool = {call.tool: call for call in plan.calls}
    assert by_tool["s/open"].sources == {
        "member_id": FromCall(by_tool["s/find"].step, "id"),
        "plan_id": FromCall(by_tool["s/plans"].step, "[].id"),
    }
    assert by_tool["s/find"].sources == {"name": Supplied()}
    assert plan.calls[-1].tool == "s/pay"


def test_producers_come_before_their_consumers() -> None:
    for seed in range(20):
        plan = planner([FIND, OPEN, PAY, PLANS], CHAIN, {"name"}).plan_turn(Wish("s/pay"), random.Random(seed))
        assert isinstance(plan, TurnPlan)
        assert [call.step for call in plan.calls] == [0, 1, 2, 3]
        assert all(step < call.step for call in plan.calls for step in call.after)


def test_a_target_without_a_source_names_the_tool_and_the_parameter() -> None:
    found = planner([FIND, OPEN, PAY, PLANS], CHAIN, set()).plan_turn(Wish("s/pay"), random.Random(1))
    assert found == NoSource("s/find", "name")
    assert planner([FIND], [], set()).plan_turn(Wish("s/find"), random.Random(1)) == NoSource("s/find", "name")


def test_tools_that_only_feed_each_other_are_not_reachable() -> None:
    one, two = tool("one", "b_id"), tool("two", "a_id")
    edges = [data("one", "a", "two", "a_id"), data("two", "b", "one", "b_id")]
    assert planner([one, two], edges, set()).reachable() == []


def test_what_enables_a_call_is_planned_before_it() -> None:
    inspect, rent = tool("inspect", "member_id"), tool("rent", "member_id")
    edges = [
        data("find", "id", "inspect", "member_id"),
        data("find", "id", "rent", "member_id"),
        enables("inspect", "rent"),
    ]
    plan = planner([FIND, inspect, rent], edges, {"name"}).plan_turn(Wish("s/rent"), random.Random(3))
    assert isinstance(plan, TurnPlan)
    assert [call.tool for call in plan.calls] == ["s/find", "s/inspect", "s/rent"]
    assert [call.purpose for call in plan.calls] == ["data", "state", "target"]


def test_a_later_turn_takes_values_from_earlier_calls() -> None:
    plans = planner([FIND, OPEN, PAY, PLANS], CHAIN, {"name"})
    first = plans.plan_turn(Wish("s/open"), random.Random(1))
    assert isinstance(first, TurnPlan)
    plan = plans.plan_turn(Wish("s/pay"), random.Random(1), Past((first,), first.calls))
    assert isinstance(plan, TurnPlan)
    assert [(call.step, call.tool, call.sources) for call in plan.calls] == [
        (3, "s/pay", {"account_id": FromCall(2, "account")})
    ]


def test_an_enabler_that_leads_back_to_its_target_is_left_out() -> None:
    lock, unlock = tool("lock", "key_id"), tool("unlock", "key_id")
    edges = [
        data("find", "id", "lock", "key_id"),
        data("lock", "key", "unlock", "key_id"),
        enables("unlock", "lock"),
    ]
    for seed in range(20):
        plan = planner([FIND, lock, unlock], edges, {"name"}).plan_turn(Wish("s/lock"), random.Random(seed))
        assert isinstance(plan, TurnPlan)
        assert [call.tool for call in plan.calls] == ["s/find", "s/lock"]
