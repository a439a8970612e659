"""Other plans for lost turns, what later waves learn from them, and that a run's events hold all of it."""

from __future__ import annotations

import json
from pathlib import Path

from toolweave.agent.fill import PlanFailed
from toolweave.agent.memory import Attempt
from toolweave.agent.rehearse import NotRehearsed
from toolweave.graph.model import Edge, ToolGraph
from toolweave.graph.plan import TrajectoryPlan
from toolweave.graph.planner import Planner
from toolweave.graph.planning.draft import edges_of
from toolweave.pipeline.making.workshop import Tried
from toolweave.pipeline.plans.history import History, Rehearsed, Traces, event_of, rehearsals
from toolweave.pipeline.plans.planning import CoveragePlanner
from toolweave.servers.tools import Tool


def tool(name: str, *required: str) -> Tool:
    properties = {key: {"type": "string"} for key in required}
    return Tool("s", name, input_schema={"type": "object", "properties": properties, "required": list(required)})


TOOLS = [
    tool("find_member", "name"),
    tool("list_members"),
    tool("show_account", "member_id"),
    tool("lend_copy", "member_id"),
    tool("renew_loan", "loan_id"),
]
EDGES = [
    Edge("s/find_member", "id", "s/show_account", "member_id", "data", 0.9),
    Edge("s/list_members", "[].id", "s/show_account", "member_id", "data", 0.9),
    Edge("s/find_member", "id", "s/lend_copy", "member_id", "data", 0.9),
    Edge("s/list_members", "[].id", "s/lend_copy", "member_id", "data", 0.9),
    Edge("s/lend_copy", "loan", "s/renew_loan", "loan_id", "data", 0.9),
]


def coverage_planner() -> CoveragePlanner:
    graph = ToolGraph({item.id: item for item in TOOLS}, tuple(EDGES))
    planner = Planner(graph, lambda _, parameter: parameter == "name", frozenset(graph.tools))
    return CoveragePlanner(planner, 1, most_turns=3)


def planned(planner: CoveragePlanner, count: int = 30) -> list[TrajectoryPlan]:
    return [plan for index in range(count) if isinstance(plan := planner.plan(index), TrajectoryPlan)]


def lost(plan: TrajectoryPlan, turn: int) -> NotRehearsed:
    return NotRehearsed(PlanFailed("plan", "no"), plan, turn, plan.turns[turn].calls[-1].step)


def test_another_plan_keeps_the_turns_before_and_changes_the_lost_one() -> None:
    planner = coverage_planner()
    changed = 0
    for plan in planned(planner):
        turn = len(plan.turns) - 1
        other = planner.lessons(plan.index).replan(lost(plan, turn), 1)
        if other is not None:
            changed += 1
            assert other.turns[:turn] == plan.turns[:turn]
            assert other.turns[turn].calls != plan.turns[turn].calls
            assert (other.index, other.seed) == (plan.index, plan.seed)
    assert changed > 10


def test_steps_of_another_plan_are_numbered_through() -> None:
    planner = coverage_planner()
    for plan in planned(planner):
        for tries in (1, 2, 3):
            other = planner.lessons(plan.index).replan(lost(plan, 0), tries)
            if other is not None:
                steps = [call.step for turn in other.turns for call in turn.calls]
                assert steps == list(range(len(steps)))


def test_another_plan_depends_on_what_was_known_when_the_item_was_planned_and_on_nothing_else() -> None:
    early, late = coverage_planner(), coverage_planner()
    plan = planned(early, 3)[1]
    planned(late, 30)
    for tries in (1, 2, 3):
        assert early.lessons(1).replan(lost(plan, 0), tries) == late.lessons(1).replan(lost(plan, 0), tries)


def test_what_was_rehearsed_in_vain_is_left_alone_in_later_waves() -> None:
    planner = coverage_planner()
    wave = {plan.index: plan for plan in planned(planner, 40)}
    history: dict[int, Traces] = {}
    for index, plan in wave.items():
        bad = [
            (turn, call) for turn in range(len(plan.turns)) for call in plan.turns[turn].calls if "renew" in call.tool
        ]
        tried = [Tried(plan, turn, call.step, "no") for turn, call in bad[:1]]
        history[index] = Traces(tried)
    assert sum(bool(traces.tried) for traces in history.values()) >= 3
    outcomes = {index: "failed" if history[index].tried else "kept" for index in wave}
    planner.learn(wave, outcomes, None, history)
    assert "s/renew_loan" in planner.coverage.avoided
    after = [late for index in range(40, 60) if isinstance(late := planner.plan(index), TrajectoryPlan)]
    assert "s/renew_loan" not in {turn.target for late in after for turn in late.turns}


def test_the_plan_that_was_made_is_counted_instead_of_the_one_that_was_lost() -> None:
    planner = coverage_planner()
    found = [
        (plan, other)
        for plan in planned(planner)
        if (other := planner.lessons(plan.index).replan(lost(plan, 0), 1)) is not None
        if set(edges_of(other.turns)) - set(edges_of(plan.turns))
    ]
    plan, other = found[0]
    history = {plan.index: Traces([Tried(plan, 0, plan.turns[0].calls[-1].step, "no"), Tried(other)])}
    planner.learn({plan.index: plan}, {plan.index: "kept"}, None, history)
    assert set(planner.coverage.edges) == set(edges_of(other.turns))
    assert planner.coverage.kept[other.turns[0].target] >= 1


def test_the_events_of_a_run_give_back_what_items_left_behind(tmp_path: Path) -> None:
    planner = coverage_planner()
    first, second, third = planned(planner, 3)
    events = [
        {"event": "unprobed", "server": "x", "reason": "y"},
        {"event": "call", "index": 0, "tool": "s/a", "arguments": {"x": 1}, "status": "ok", "reason": None, "ms": 500},
        event_of(0, Tried(first, 0, 0, "no")),
        event_of(0, Tried(second)),
        {"event": "item", "index": 0, "outcome": "kept", "cut": None},
        event_of(1, Tried(second)),
        event_of(2, Tried(third)),
    ]
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    history = History(path)
    found = history.until(1)
    assert found[0] == Traces([Tried(first, 0, 0, "no"), Tried(second)], [Attempt("s/a", {"x": 1}, "ok", None, 0.5)])
    assert found[1] == Traces([Tried(second)])
    assert 2 not in found
    assert history.until(2) == {2: Traces([Tried(third)])}
    read = list(rehearsals(path))
    assert read[0] == Rehearsed(0, first.turns[0].target, "no")
    assert [one.lost for one in read[1:]] == [None, None, None]
