"""A catalogue of several servers: quotas, relations, shapes and coverage of whole waves of plans, before any call."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from toolweave.graph.model import Edge, Evidence, ToolFacts, ToolGraph
from toolweave.graph.plan import FromCall, Supplied, TrajectoryPlan, TurnKind, TurnPlan
from toolweave.graph.planner import Planner
from toolweave.graph.planning.draft import depends
from toolweave.graph.planning.parallel import independent
from toolweave.graph.quotas import row_kinds
from toolweave.pipeline.plans.planning import CoveragePlanner
from toolweave.pipeline.settings import DEFAULT_KINDS
from toolweave.servers.tools import Tool

NOUNS = ("boat", "guest", "parcel", "orchard", "recipe", "bridge")
SAYABLE = ("name", "count", "note")


def tool(server: str, name: str, *required: str) -> Tool:
    properties: dict[str, Any] = {key: {"type": "integer" if key == "count" else "string"} for key in required}
    return Tool(server, name, input_schema={"type": "object", "properties": properties, "required": list(required)})


def server_of(noun: str) -> tuple[list[Tool], list[Edge]]:
    """Seven tools about one kind of thing, and another kind that is made of it."""
    key, made = f"{noun}_id", f"{noun}_order_id"
    tools = [
        tool(noun, f"find_{noun}", "name"),
        tool(noun, f"list_{noun}s"),
        tool(noun, f"show_{noun}", key),
        tool(noun, f"inspect_{noun}", key),
        tool(noun, f"order_{noun}", key, "count"),
        tool(noun, f"label_{noun}_order", made, "note"),
        tool(noun, f"cancel_{noun}_order", made),
    ]
    producers = ((f"find_{noun}", "id"), (f"list_{noun}s", "[].id"))
    consumers = (f"show_{noun}", f"inspect_{noun}", f"order_{noun}")
    links = [(source, place, target, key) for source, place in producers for target in consumers]
    links += [(f"order_{noun}", "order", name, made) for name in (f"label_{noun}_order", f"cancel_{noun}_order")]
    return tools, [confirmed(f"{noun}/{a}", place, f"{noun}/{b}", name) for a, place, b, name in links]


def confirmed(source: str, place: str, target: str, parameter: str) -> Edge:
    return Edge(source, place, target, parameter, "data", 0.95, (Evidence("intervened", 0.95),))


@pytest.fixture(scope="module")
def planner() -> Planner:
    tools, edges = zip(*(server_of(noun) for noun in NOUNS), strict=True)
    known = {item.id: item for found in tools for item in found}
    reads = ("find", "list", "show", "inspect")
    facts = {name: ToolFacts("reads" if item.name.startswith(reads) else "writes") for name, item in known.items()}
    graph = ToolGraph(known, tuple(edge for found in edges for edge in found), facts)
    return Planner(graph, lambda _, name: name in SAYABLE, frozenset(known), lambda _, name: 4 * (name in SAYABLE))


def drawn(planner: Planner, count: int, seed: int = 1) -> list[TrajectoryPlan]:
    waves = CoveragePlanner(planner, seed, 3, DEFAULT_KINDS, samples=count)
    return [plan for index in range(count) if isinstance(plan := waves.plan(index), TrajectoryPlan)]


@pytest.fixture(scope="module")
def plans(planner: Planner) -> list[TrajectoryPlan]:
    return drawn(planner, 300)


def turns_of(plans: list[TrajectoryPlan]) -> list[TurnPlan]:
    return [turn for plan in plans for turn in plan.turns]


def test_quotas_are_met_within_two_points_when_nothing_is_lost(plans: list[TrajectoryPlan]) -> None:
    kinds = Counter(kind for plan in plans for kind in row_kinds(plan))
    for kind, share in DEFAULT_KINDS.items():
        assert abs(kinds[kind] / kinds.total() - share) < 0.02, kind


def test_quotas_are_met_within_two_points_when_kinds_are_lost_unequally(planner: Planner) -> None:
    survive: dict[TurnKind, float] = {"error_recovery": 0.35, "parallel": 0.5, "missing_parameter": 0.6}
    waves, rng = CoveragePlanner(planner, 5, 3, DEFAULT_KINDS, samples=300), random.Random(3)
    kept: dict[int, tuple[TurnKind, ...]] = {}
    index = 0
    while len(kept) < 300:
        size = min(48, 300 - len(kept))
        plans = {number: waves.plan(number) for number in range(index, index + size)}
        wave = {number: plan for number, plan in plans.items() if isinstance(plan, TrajectoryPlan)}
        for number, plan in wave.items():
            good = 0
            while good < len(plan.turns) and rng.random() < survive.get(plan.turns[good].kind, 0.8):
                good += 1
            if good:
                kept[number] = tuple(row_kinds(TrajectoryPlan(number, 0, plan.turns[:good])))
        waves.coverage.learn(wave, {number: "kept" if number in kept else "failed" for number in wave}, kept)
        index += size
    found = Counter(kind for kinds in kept.values() for kind in kinds)
    for kind, share in DEFAULT_KINDS.items():
        assert abs(found[kind] / found.total() - share) < 0.02, kind


def test_every_turn_is_what_its_kind_says(planner: Planner, plans: list[TrajectoryPlan]) -> None:
    for plan in plans:
        for at, turn in enumerate(plan.turns):
            by_step = {call.step: call for call in turn.calls}
            assert (turn.kind == "missing_parameter") == (turn.withheld is not None)
            assert (turn.kind == "error_recovery") == (turn.slip is not None)
            assert (turn.kind == "irrelevant") == (not turn.calls)
            if turn.withheld:
                assert by_step[turn.withheld.step].sources[turn.withheld.parameter] == Supplied()
            if turn.slip and turn.slip.parameter:
                assert isinstance(by_step[turn.slip.step].sources[turn.slip.parameter], FromCall)
            if turn.kind == "parallel":
                assert independent(turn.calls, planner.known)
            if turn.kind == "missing_function":
                assert turn.target not in {call.tool for done in plan.turns[:at] for call in done.calls}
            if turn.calls:
                assert turn.calls[-1].tool == turn.target


def test_what_an_irrelevant_turn_asks_for_has_no_like_on_offer(planner: Planner, plans: list[TrajectoryPlan]) -> None:
    found = [(plan, turn) for plan in plans for turn in plan.turns if turn.kind == "irrelevant"]
    assert found
    for plan, turn in found:
        assert plan.turns[0].calls
        long = any(other.kind == "long_context" for other in plan.turns)
        servers = {planner.known.server(tool) for tool in plan.tools}
        offered = {name for name, item in planner.graph.tools.items() if long or item.server in servers}
        assert not any(planner.known.alike(name, turn.target) for name in offered - {turn.target})
        assert turn.target not in plan.tools


def test_steps_are_numbered_over_the_trajectory_and_values_come_from_before(plans: list[TrajectoryPlan]) -> None:
    for plan in plans:
        calls = [call for turn in plan.turns for call in turn.calls]
        assert [call.step for call in calls] == list(range(len(calls)))
        for call in calls:
            assert all(step < call.step for step in call.after)
            taken = {source.step for source in call.sources.values() if isinstance(source, FromCall)}
            assert taken <= call.after


def test_all_relations_come_up_and_corrections_change_what_the_user_said(plans: list[TrajectoryPlan]) -> None:
    assert {turn.relation for turn in turns_of(plans)} == {"opens", "continues", "switches", "returns", "corrects"}
    for plan in plans:
        by_step = {call.step: call for turn in plan.turns for call in turn.calls}
        for call in by_step.values():
            if call.corrects is not None:
                before = by_step[call.corrects]
                assert (before.tool, before.sources) == (call.tool, call.sources)
                assert call.changed is not None and call.sources[call.changed] == Supplied()


def test_calls_depend_on_each_other_and_every_tool_and_edge_comes_up(planner: Planner) -> None:
    plans = drawn(planner, 3 * 42)
    turns = turns_of(plans)
    calls = [call for turn in turns for call in turn.calls]
    assert sum(map(depends, calls)) >= 0.4 * len(calls)
    assert sum(sum(map(depends, turn.calls)) >= 3 for turn in turns) >= 0.2 * len(turns)
    assert {turn.target for turn in turns if turn.calls} == set(planner.graph.tools)
    followed = {
        (by_step[source.step], source.field, call.tool, parameter)
        for plan in plans
        for by_step in [{call.step: call.tool for turn in plan.turns for call in turn.calls}]
        for turn in plan.turns
        for call in turn.calls
        for parameter, source in call.sources.items()
        if isinstance(source, FromCall)
    }
    assert {(e.source, e.source_field, e.target, e.target_param) for e in planner.graph.edges} <= followed


def test_asked_for_tools_are_what_every_first_turn_reaches(planner: Planner) -> None:
    waves = CoveragePlanner(planner, 1, 3, DEFAULT_KINDS, ("show_boat", "guest/order_guest"))
    plans = [plan for index in range(30) if isinstance(plan := waves.plan(index), TrajectoryPlan)]
    assert {plan.turns[0].target for plan in plans} == {"boat/show_boat", "guest/order_guest"}


def test_a_kind_that_cannot_be_planned_leaves_its_share_to_the_others(planner: Planner) -> None:
    graph = ToolGraph({"s/open_gate": Tool("s", "open_gate")}, ())
    lone = Planner(graph, lambda _tool, _name: False, frozenset(graph.tools))
    plans = drawn(lone, 40)
    assert len(plans) == 40
    assert {turn.kind for turn in turns_of(plans)[20:]} <= {"base", "missing_function"}


def test_plans_do_not_depend_on_anything_but_seed_and_graph(planner: Planner) -> None:
    assert drawn(planner, 40, seed=3) == drawn(planner, 40, seed=3)
    assert drawn(planner, 40, seed=3) != drawn(planner, 40, seed=4)
