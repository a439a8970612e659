"""Targets by coverage: everything reachable comes up, later turns build on earlier ones, equal seeds plan the same."""

from __future__ import annotations

from toolweave.graph.coverage import HOPELESS
from toolweave.graph.model import Edge, ToolGraph
from toolweave.graph.plan import FromCall, NoSource, TrajectoryPlan
from toolweave.graph.planner import Planner
from toolweave.pipeline.plans.planning import CoveragePlanner
from toolweave.servers.tools import Tool


def tool(name: str, *required: str) -> Tool:
    properties = {key: {"type": "string"} for key in required}
    return Tool("s", name, input_schema={"type": "object", "properties": properties, "required": list(required)})


TOOLS = [tool("find", "name"), tool("show", "member_id"), tool("lend", "member_id"), tool("lost", "nobody_knows")]
EDGES = [
    Edge("s/find", "id", "s/show", "member_id", "data", 0.9),
    Edge("s/find", "id", "s/lend", "member_id", "data", 0.9),
    Edge("s/show", "id", "s/lend", "member_id", "data", 0.9),
]


def coverage_planner(seed: int) -> CoveragePlanner:
    graph = ToolGraph({item.id: item for item in TOOLS}, tuple(EDGES))
    planner = Planner(graph, lambda _, parameter: parameter == "name", frozenset(graph.tools))
    return CoveragePlanner(planner, seed, most_turns=3)


def plans(seed: int, count: int) -> list[TrajectoryPlan]:
    planner = coverage_planner(seed)
    made = [planner.plan(index) for index in range(count)]
    return [plan for plan in made if isinstance(plan, TrajectoryPlan)]


def test_every_reachable_tool_is_a_target() -> None:
    assert {turn.target for plan in plans(1, 9) for turn in plan.turns} == {"s/find", "s/show", "s/lend"}


def test_equal_seeds_plan_the_same_and_others_do_not() -> None:
    assert plans(5, 12) == plans(5, 12)
    assert plans(5, 12) != plans(6, 12)


def test_later_turns_take_values_from_earlier_calls() -> None:
    later = [(plan, turn) for plan in plans(2, 30) for turn in plan.turns if turn.relation == "continues"]
    assert later
    for plan, turn in later:
        first = turn.calls[0].step
        taken = [s.step for call in turn.calls for s in call.sources.values() if isinstance(s, FromCall)]
        assert any(step < first for step in taken), plan


def test_a_target_that_only_ever_failed_is_left_alone() -> None:
    planner = coverage_planner(3)
    wave = {index: plan for index in range(40) if isinstance(plan := planner.plan(index), TrajectoryPlan)}
    lost = [index for index, plan in wave.items() if "s/lend" in plan.tools]
    assert len(lost) >= HOPELESS
    planner.coverage.learn(wave, {index: "failed" if index in lost else "kept" for index in wave})
    after = [plan for index in range(40, 60) if isinstance(plan := planner.plan(index), TrajectoryPlan)]
    assert after
    assert "s/lend" not in {turn.target for plan in after for turn in plan.turns}


def test_without_any_reachable_tool_the_planner_says_so() -> None:
    graph = ToolGraph({TOOLS[3].id: TOOLS[3]}, ())
    planner = Planner(graph, lambda _tool, _parameter: False, frozenset(graph.tools))
    assert isinstance(CoveragePlanner(planner, 1, 3).plan(0), NoSource)
