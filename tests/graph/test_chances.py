"""What rehearsals teach about ways to feed a call, and what is left of a plan that broke off."""

from __future__ import annotations

import pytest

from toolweave.graph.plan import (
    FromCall,
    PlannedCall,
    Purpose,
    Supplied,
    TrajectoryPlan,
    TurnPlan,
    ValueSource,
    Withheld,
)
from toolweave.graph.planning.chances import Chances, Rehearsals, alone, ways_into
from toolweave.graph.planning.shortening import renumbered, shortened, wanted

FED = ("shop/find", "item_id", "shop/order", "item_id")


def call(step: int, tool: str, purpose: Purpose = "target", *producers: int) -> PlannedCall:
    """A call that takes one value from each producer; it is supplied with one where there is none."""
    taken: dict[str, ValueSource] = {f"value_{producer}": FromCall(producer, "id") for producer in producers}
    return PlannedCall(step, tool, taken or {"text": Supplied()}, purpose, frozenset(producers))


def test_what_was_never_tried_is_taken_to_work() -> None:
    assert Chances().of(FED) == 1.0


def test_every_failure_counts_until_the_same_works_and_no_chance_falls_to_zero() -> None:
    seen = Rehearsals()
    before = [1.0]
    for _ in range(20):
        seen.count((), [FED])
        before.append(seen.chances().of(FED))
    assert before == sorted(before, reverse=True)
    assert 0.0 < before[-1] < 0.1
    seen.count([FED], ())
    assert seen.chances().of(FED) > before[-1]


def test_what_broke_and_worked_in_one_item_was_not_to_blame() -> None:
    seen = Rehearsals()
    seen.count([FED], [FED])
    assert seen.chances().of(FED) == 1.0


def test_chances_are_of_one_moment() -> None:
    seen = Rehearsals()
    then = seen.chances()
    seen.count((), [FED])
    assert then.of(FED) == 1.0


def test_a_call_is_as_likely_as_its_least_likely_way_and_calls_together_as_their_product() -> None:
    tools = {0: "shop/find", 1: "shop/look", 2: "shop/order"}
    order = call(2, "shop/order", "target", 0, 1)
    ways = list(ways_into(order, tools))
    assert ways == [("shop/find", "id", "shop/order", "value_0"), ("shop/look", "id", "shop/order", "value_1")]
    find = call(0, "shop/find")
    assert list(ways_into(find, tools)) == [alone("shop/find")]
    known = Chances({}, {ways[0]: 2, ways[1]: 6, alone("shop/find"): 2})
    assert known.of_all([order], tools) == pytest.approx(known.of(ways[1]))
    assert known.of_all([find, order], tools) == pytest.approx(0.5 * 0.25)


def test_a_look_up_of_which_nothing_comes_is_not_left() -> None:
    find, look, order = call(0, "shop/find", "data"), call(1, "shop/look", "data"), call(2, "shop/order", "target", 0)
    assert wanted([find, look, order]) == [find, order]
    assert wanted([find, look]) == []


def plan_of(*calls: PlannedCall, **more: object) -> TrajectoryPlan:
    first = TurnPlan("shop/greet", (call(0, "shop/greet"),))
    return TrajectoryPlan(3, 5, (first, TurnPlan(calls[-1].tool, calls, **more)))  # type: ignore[arg-type]


def test_of_a_plan_that_broke_off_what_its_turn_had_come_to_is_left() -> None:
    plan = plan_of(call(1, "shop/find", "data"), call(2, "shop/order", "target", 1), call(3, "shop/ship", "target", 2))
    left = shortened(plan, 1, 3)
    assert [[one.tool for one in turn.calls] for turn in left.turns] == [["shop/greet"], ["shop/find", "shop/order"]]
    assert left.turns[1].target == "shop/order"
    assert (left.index, left.seed) == (plan.index, plan.seed)


def test_a_turn_without_a_dependent_call_is_not_left() -> None:
    plan = plan_of(call(1, "shop/look"), call(2, "shop/order", "target", 1))
    assert shortened(plan, 1, 2).turns == plan.turns[:1]


def test_a_turn_whose_withheld_value_is_gone_becomes_an_ordinary_one() -> None:
    calls = call(1, "shop/find", "data"), call(2, "shop/order", "target", 1), call(3, "shop/ship", "target", 2)
    held = plan_of(*calls, kind="missing_parameter", withheld=Withheld(3, "text"))
    assert (shortened(held, 1, 3).turns[1].kind, shortened(held, 1, 3).turns[1].withheld) == ("base", None)
    early = plan_of(*calls, kind="missing_parameter", withheld=Withheld(1, "text"))
    assert shortened(early, 1, 3).turns[1].kind == "missing_parameter"


def test_calls_are_numbered_anew_with_all_that_names_them() -> None:
    find, order = call(4, "shop/find", "data"), call(7, "shop/order", "target", 4, 0)
    moved = renumbered([find, order], 1)
    assert [one.step for one in moved] == [1, 2]
    assert moved[1].after == {1, 0}
    assert {source.step for source in moved[1].sources.values() if isinstance(source, FromCall)} == {1, 0}
