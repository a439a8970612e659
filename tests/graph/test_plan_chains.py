"""Chains beyond the bare closure: growth, loops, calls side by side, undone state, bounded exploration."""

from __future__ import annotations

import random
from typing import Any

from toolweave.graph.chains import Link, ancestors, depths, has_diamond, has_loop
from toolweave.graph.model import Edge, Effect, Evidence, ToolFacts, ToolGraph
from toolweave.graph.plan import FromCall, NoSource, PlannedCall, Supplied, TurnPlan
from toolweave.graph.planner import Planner, Wish
from toolweave.graph.planning.draft import FIRST, Leaning, Past, depends
from toolweave.graph.planning.parallel import independent
from toolweave.servers.tools import Tool

TEXT: dict[str, Any] = {"type": "string"}


def tool(name: str, *required: str) -> Tool:
    schema = {"type": "object", "properties": dict.fromkeys(required, TEXT), "required": list(required)}
    server, _, own = name.rpartition("/")
    return Tool(server or "s", own, input_schema=schema)


def fed(source: str, field: str, target: str, parameter: str, confidence: float = 0.95) -> Edge:
    return Edge(source, field, target, parameter, "data", confidence, (Evidence("intervened", confidence),))


def state(source: str, effect: Effect, target: str) -> Edge:
    return Edge(source, "", target, "", "state", 0.9, (Evidence("intervened", 0.9),), effect)


def planner(tools: list[Tool], edges: list[Edge], said: set[str], reads: set[str] | None = None) -> Planner:
    facts = {item.id: ToolFacts(access="reads" if reads is None or item.name in reads else "writes") for item in tools}
    graph = ToolGraph({item.id: item for item in tools}, tuple(edges), facts)
    return Planner(graph, lambda _, name: name in said, frozenset(graph.tools), lambda _, name: 3 * (name in said))


def turn(found: TurnPlan | NoSource) -> TurnPlan:
    assert isinstance(found, TurnPlan), found
    return found


def tools_of(found: TurnPlan | NoSource) -> list[str]:
    return [call.tool for call in turn(found).calls]


LADDER = [tool("find_a", "name"), *(tool(f"take_{number}", f"thing_{number}_id") for number in range(9))]
RUNGS = [
    fed("s/find_a", "id", "s/take_0", "thing_0_id"),
    *(fed(f"s/take_{number}", "next", f"s/take_{number + 1}", f"thing_{number + 1}_id") for number in range(8)),
]


def test_a_turn_grows_to_as_many_dependent_calls_as_are_wished_for() -> None:
    plans = planner(LADDER, RUNGS, {"name"})
    for wanted in range(1, 8):
        grown = turn(plans.plan_turn(Wish("s/take_0", dependent=wanted), random.Random(wanted)))
        assert sum(depends(call) for call in grown.calls) == wanted
        assert grown.target == grown.calls[-1].tool


def test_a_turn_has_at_most_eight_calls_and_may_be_eight_deep() -> None:
    grown = turn(planner(LADDER, RUNGS, {"name"}).plan_turn(Wish("s/take_0", dependent=20), random.Random(1)))
    assert len(grown.calls) == 8
    feeding = {c.step: {s.step for s in c.sources.values() if isinstance(s, FromCall)} for c in grown.calls}
    assert max(depths(feeding).values()) == 8
    assert planner(LADDER, RUNGS, {"name"}).plan_turn(Wish("s/take_8"), random.Random(1)) == NoSource("s/take_8", "")


def test_growth_takes_the_edge_that_is_covered_least() -> None:
    tools = [tool("find_a", "name"), tool("show_b", "a_id"), tool("show_c", "a_id")]
    edges = [fed("s/find_a", "id", "s/show_b", "a_id"), fed("s/find_a", "id", "s/show_c", "a_id")]
    for often, rare in (("show_b", "show_c"), ("show_c", "show_b")):
        leaning = Leaning({("s/find_a", "id", f"s/{often}", "a_id"): 5.0})
        grown = planner(tools, edges, {"name"}).plan_turn(Wish("s/find_a", "base", 1, leaning), random.Random(4))
        assert tools_of(grown) == ["s/find_a", f"s/{rare}"]


def test_nothing_is_built_on_a_call_that_makes_an_end() -> None:
    tools = [tool("find_a", "name"), tool("delete_a", "a_id"), tool("show_rest", "rest_id")]
    edges = [fed("s/find_a", "id", "s/delete_a", "a_id"), fed("s/delete_a", "rest", "s/show_rest", "rest_id")]
    grown = planner(tools, edges, {"name"}).plan_turn(Wish("s/delete_a", dependent=3), random.Random(1))
    assert tools_of(grown) == ["s/find_a", "s/delete_a"]


def test_a_wished_edge_feeds_the_target() -> None:
    tools = [tool("find_a", "name"), tool("list_a"), tool("show_a", "a_id")]
    near, far = fed("s/list_a", "[].id", "s/show_a", "a_id"), fed("s/find_a", "id", "s/show_a", "a_id", 0.6)
    for seed in range(10):
        found = planner(tools, [near, far], {"name"}).plan_turn(
            Wish("s/show_a", leaning=Leaning(via=far)), random.Random(seed)
        )
        assert tools_of(found) == ["s/find_a", "s/show_a"]


def test_a_list_is_gone_through_entry_by_entry() -> None:
    tools = [tool("list_boats"), tool("show_boat", "boat_id")]
    plans = planner(tools, [fed("s/list_boats", "[].id", "s/show_boat", "boat_id")], set())
    found = turn(plans.plan_turn(Wish("s/show_boat", "parallel"), random.Random(3)))
    items = [source.item for call in found.calls for source in call.sources.values() if isinstance(source, FromCall)]
    assert items in ([0, 1], [0, 1, 2])
    assert {call.tool for call in found.calls[1:]} == {"s/show_boat"}


def test_two_tools_may_use_one_lookup_side_by_side() -> None:
    tools = [tool("find_boat", "name"), tool("show_berth", "boat_id"), tool("show_crew", "boat_id")]
    edges = [fed("s/find_boat", "id", f"s/{name}", "boat_id") for name in ("show_berth", "show_crew")]
    found = planner(tools, edges, {"name"}).plan_turn(Wish("s/show_crew", "parallel"), random.Random(1))
    assert sorted(tools_of(found)[1:]) == ["s/show_berth", "s/show_crew"]
    assert [call.after for call in turn(found).calls[1:]] == [{0}, {0}]


def test_one_tool_may_be_called_for_several_values_that_the_user_says() -> None:
    clock = tool("show_time", "zone")
    found = turn(planner([clock], [], {"zone"}).plan_turn(Wish("s/show_time", "parallel"), random.Random(1)))
    assert len(found.calls) in (2, 3)
    assert all(call.sources == {"zone": Supplied()} and not call.after for call in found.calls)


def test_calls_of_one_server_do_not_change_places_when_one_of_them_writes() -> None:
    tools = [tool("find_boat", "name"), tool("paint_hull", "boat_id"), tool("load_crew", "boat_id")]
    edges = [fed("s/find_boat", "id", f"s/{name}", "boat_id") for name in ("paint_hull", "load_crew")]
    plans = planner(tools, edges, {"name"}, reads={"find_boat"})
    assert plans.plan_turn(Wish("s/paint_hull", "parallel"), random.Random(1)) == NoSource("s/paint_hull", "")


def test_calls_of_different_servers_may_always_change_places() -> None:
    tools = [tool("a/paint_hull", "colour"), tool("b/show_time", "zone")]
    plans = planner(tools, [], {"colour", "zone"}, reads={"show_time"})
    found = turn(plans.plan_turn(Wish("a/paint_hull", "parallel"), random.Random(1)))
    assert independent(found.calls, plans.known)
    assert sorted(tools_of(found)) == ["a/paint_hull", "b/show_time"]


LOCKED = [tool("open_gate"), tool("shut_gate"), tool("ride_out", "day")]
GATE = [
    state("s/open_gate", "enables", "s/ride_out"),
    state("s/shut_gate", "disables", "s/ride_out"),
    state("s/shut_gate", "enables", "s/open_gate"),
]


def test_what_was_disabled_is_planned_only_after_it_was_enabled_again() -> None:
    plans = planner(LOCKED, GATE, {"day"}, reads=set())
    shut = TurnPlan("s/shut_gate", (PlannedCall(0, "s/shut_gate", {}, "target"),))
    found = plans.plan_turn(Wish("s/ride_out"), random.Random(1), Past((shut,)))
    assert tools_of(found) == ["s/open_gate", "s/ride_out"]
    shut_for_good = planner(LOCKED, GATE[1:2], {"day"}, reads=set())
    assert shut_for_good.plan_turn(Wish("s/ride_out"), random.Random(1), Past((shut,))) == NoSource("s/ride_out", "")


def test_what_only_undoes_is_not_planned_before_anything_was_done() -> None:
    plans = planner(LOCKED, GATE, {"day"}, reads=set())
    assert tools_of(plans.plan_turn(Wish("s/ride_out"), random.Random(1), FIRST)) == ["s/ride_out"]


def test_an_enabling_call_is_about_the_same_thing() -> None:
    tools = [tool("find_a", "name"), tool("list_a"), tool("inspect_bike", "bike_id"), tool("rent_bike", "bike_id")]
    edges = [
        fed("s/find_a", "id", "s/rent_bike", "bike_id"),
        fed("s/list_a", "[].id", "s/inspect_bike", "bike_id"),
        fed("s/find_a", "id", "s/inspect_bike", "bike_id", 0.6),
        state("s/inspect_bike", "enables", "s/rent_bike"),
    ]
    for seed in range(10):
        found = turn(planner(tools, edges, {"name"}, reads=set()).plan_turn(Wish("s/rent_bike"), random.Random(seed)))
        by_tool = {call.tool: call for call in found.calls}
        assert by_tool["s/inspect_bike"].sources == by_tool["s/rent_bike"].sources == {"bike_id": FromCall(0, "id")}


def test_edges_that_are_hardly_believed_are_followed_only_when_exploring() -> None:
    tools = [tool("find_a", "name"), tool("show_a", "a_id")]
    plans = planner(tools, [fed("s/find_a", "id", "s/show_a", "a_id", 0.3)], {"name"})
    assert tools_of(plans.plan_turn(Wish("s/show_a"), random.Random(1))) == ["s/find_a", "s/show_a"]
    cautious = Wish("s/show_a", leaning=Leaning(exploring=False))
    assert plans.plan_turn(cautious, random.Random(1)) == NoSource("s/show_a", "a_id")


def test_shapes_of_chains_are_told_apart() -> None:
    find = Link("1", "find")
    show = Link("2", "show", frozenset({("1", "/0/id")}))
    again = Link("3", "show", frozenset({("1", "/1/id")}))
    book = Link("4", "book", frozenset({("1", "/0/id"), ("2", "/slot")}))
    assert not has_diamond([find, show]) and not has_loop([find, show])
    assert has_loop([find, show, again]) and not has_diamond([find, show, again])
    assert has_diamond([find, show, book])
    assert ancestors({link.id: link.producers for link in (find, show, book)})["4"] == {"1", "2"}
    assert depths({link.id: link.producers for link in (find, show, again, book)}) == {"1": 1, "2": 2, "3": 2, "4": 3}
