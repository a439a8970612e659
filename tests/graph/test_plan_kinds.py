"""What each kind of turn asks of a chain, and when a chain cannot be such a turn."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from toolweave.graph.model import Edge, Evidence, ToolGraph
from toolweave.graph.plan import FromCall, NoSource, Slip, Supplied, TurnKind, TurnPlan, Withheld
from toolweave.graph.planner import Planner, Wish
from toolweave.graph.planning.draft import FIRST, Past
from toolweave.servers.tools import Tool

TEXT: dict[str, Any] = {"type": "string"}


def tool(name: str, *required: str, server: str = "s", **more: dict[str, Any]) -> Tool:
    properties: dict[str, Any] = dict.fromkeys(required, TEXT) | more
    return Tool(server, name, input_schema={"type": "object", "properties": properties, "required": list(required)})


def fed(source: str, field: str, target: str, parameter: str) -> Edge:
    return Edge(source, field, target, parameter, "data", 0.95, (Evidence("intervened", 0.95),))


def enabled(source: str, target: str) -> Edge:
    return Edge(source, "", target, "", "state", 0.9, (Evidence("intervened", 0.9),), "enables")


def planner(tools: list[Tool], edges: list[Edge], said: set[str], many: int = 3) -> Planner:
    graph = ToolGraph({item.id: item for item in tools}, tuple(edges))
    return Planner(graph, lambda _, name: name in said, frozenset(graph.tools), lambda _, name: many * (name in said))


def turn(found: TurnPlan | NoSource) -> TurnPlan:
    assert isinstance(found, TurnPlan), found
    return found


def plan(plans: Planner, target: str, kind: TurnKind, seed: int = 1, past: Past = FIRST) -> TurnPlan | NoSource:
    return plans.plan_turn(Wish(target, kind), random.Random(seed), past)


FIND, LEND = tool("find_member", "name"), tool("lend_bike", "member_id", "days")
LENDING = planner([FIND, LEND], [fed("s/find_member", "[].id", "s/lend_bike", "member_id")], {"name", "days"})


def test_a_withheld_value_is_one_that_only_the_user_supplies() -> None:
    seen = {turn(plan(LENDING, "s/lend_bike", "missing_parameter", seed)).withheld for seed in range(20)}
    assert seen == {Withheld(0, "name"), Withheld(1, "days")}


def test_values_with_a_default_and_yes_or_no_are_never_withheld() -> None:
    book = Tool(
        "s",
        "book_room",
        input_schema={
            "type": "object",
            "properties": {"size": {"type": "string", "default": "small"}, "quiet": {"type": "boolean"}},
            "required": ["size", "quiet"],
        },
    )
    plans = planner([book], [], {"size", "quiet"})
    assert plan(plans, "s/book_room", "missing_parameter") == NoSource("s/book_room", "")


def test_what_was_said_in_an_earlier_turn_is_not_withheld_under_the_same_name() -> None:
    first = turn(plan(LENDING, "s/find_member", "base"))
    for seed in range(10):
        later = turn(plan(LENDING, "s/lend_bike", "missing_parameter", seed, Past((first,))))
        assert later.withheld == Withheld(2, "days")


def test_a_slip_puts_words_where_only_what_a_lookup_returns_is_accepted() -> None:
    assert turn(plan(LENDING, "s/lend_bike", "error_recovery")).slip == Slip(1, "member_id")


def test_nothing_slips_where_a_wrong_value_might_be_accepted() -> None:
    guessed = Edge("s/find_member", "[].id", "s/lend_bike", "member_id", "data", 0.95, (Evidence("matched", 0.95),))
    plans = planner([FIND, LEND], [guessed], {"name", "days"})
    assert plan(plans, "s/lend_bike", "error_recovery") == NoSource("s/lend_bike", "")


def test_a_call_may_slip_by_coming_before_the_call_that_enables_it() -> None:
    unlock, ride = tool("unlock_gate"), tool("ride_out")
    plans = planner([unlock, ride], [enabled("s/unlock_gate", "s/ride_out")], set())
    found = turn(plan(plans, "s/ride_out", "error_recovery"))
    assert [call.tool for call in found.calls] == ["s/unlock_gate", "s/ride_out"]
    assert found.slip == Slip(1)


def test_a_held_back_target_has_not_been_used_before() -> None:
    assert turn(plan(LENDING, "s/lend_bike", "missing_function")).kind == "missing_function"
    first = turn(plan(LENDING, "s/lend_bike", "base"))
    assert plan(LENDING, "s/lend_bike", "missing_function", 1, Past((first,))) == NoSource("s/lend_bike", "")


def test_a_small_catalogue_makes_no_long_context() -> None:
    assert plan(LENDING, "s/lend_bike", "long_context") == NoSource("s/lend_bike", "")
    tools = [tool(f"show_thing{number}") for number in range(40)]
    assert turn(plan(planner(tools, [], set()), "s/show_thing1", "long_context")).kind == "long_context"


def test_nothing_on_offer_does_what_an_irrelevant_turn_asks_for() -> None:
    tools = [FIND, LEND, tool("find_hotel", "city", server="t"), tool("find_member", "name", server="u")]
    plans = planner(tools, [fed("s/find_member", "[].id", "s/lend_bike", "member_id")], {"name", "days", "city"})
    done = turn(plan(plans, "s/lend_bike", "base"))
    assert plans.unoffered((done,)) == ["t/find_hotel"]
    long = replace(done, kind="long_context")
    assert plans.unoffered((long,)) == ["t/find_hotel"]
    assert plans.unoffered((long, TurnPlan("t/find_hotel", turn(plan(plans, "t/find_hotel", "base")).calls))) == []


def test_what_a_user_cannot_say_is_not_asked_for_in_vain() -> None:
    plans = planner([FIND, tool("close_account", "account_id", server="t")], [], {"name"})
    assert plans.unoffered((turn(plan(plans, "s/find_member", "base")),)) == []


def test_an_irrelevant_turn_is_not_planned_by_itself() -> None:
    with pytest.raises(ValueError, match="unoffered"):
        plan(LENDING, "s/lend_bike", "irrelevant")


def test_a_correction_makes_an_earlier_call_with_one_value_changed() -> None:
    first = turn(plan(LENDING, "s/lend_bike", "base"))
    again = LENDING.plan_correction(Past((first,), first.calls), "base", random.Random(2))
    assert again is not None
    (call,) = again.calls
    assert (call.step, call.corrects, call.changed, again.relation) == (2, 1, "days", "corrects")
    assert call.sources == {"member_id": FromCall(0, "[].id"), "days": Supplied()}
    assert call.after == {0, 1}


def test_nothing_is_corrected_where_the_user_has_no_other_value() -> None:
    edges = [fed("s/find_member", "[].id", "s/lend_bike", "member_id")]
    plans = planner([FIND, LEND], edges, {"name", "days"}, many=1)
    first = turn(plan(plans, "s/lend_bike", "base"))
    assert plans.plan_correction(Past((first,), first.calls), "base", random.Random(2)) is None
