"""Coverage and quotas: what is covered least comes first, what only fails is left alone, shares are steered to."""

from __future__ import annotations

import random

import pytest

from toolweave.graph.coverage import HOPELESS, Coverage, RowFacts, server_pairs
from toolweave.graph.model import Edge, Evidence
from toolweave.graph.plan import FromCall, PlannedCall, TrajectoryPlan, TurnKind, TurnPlan
from toolweave.graph.planning.draft import edge_key, edges_of
from toolweave.graph.quotas import FRUITLESS, HOPELESS_KIND, Quotas, planned_turns, row_kinds
from toolweave.graph.relations import past_for, relation_of

FIND = PlannedCall(0, "s/find", {}, "data")
SHOW = PlannedCall(1, "s/show", {"a_id": FromCall(0, "id")}, "target", frozenset({0}))
LEND = PlannedCall(2, "s/lend", {"a_id": FromCall(0, "id")}, "target", frozenset({0, 1}))
EDGES = [Edge("s/find", "id", target, "a_id", "data", 0.9) for target in ("s/show", "s/lend")]
KINDS: dict[TurnKind, float] = {"base": 0.5, "parallel": 0.3, "irrelevant": 0.2}


def plan(*turns: TurnPlan, index: int = 0) -> TrajectoryPlan:
    return TrajectoryPlan(index, 7, turns)


def shown(kind: TurnKind = "base") -> TurnPlan:
    return TurnPlan("s/show", (FIND, SHOW), kind)


LENT = TurnPlan("s/lend", (LEND,))
ALONE = TurnPlan("s/lend", (PlannedCall(0, "s/lend", {}, "target"),))


def coverage() -> Coverage:
    return Coverage(Quotas({"base": 1.0}))


def test_a_plan_follows_edges_of_value_and_of_state() -> None:
    assert edges_of((shown(), LENT)) == [
        ("s/find", "id", "s/show", "a_id"),
        ("s/find", "id", "s/lend", "a_id"),
        ("s/show", "", "s/lend", ""),
    ]


def test_edges_that_nothing_has_followed_come_first() -> None:
    found = coverage()
    found.plan(plan(shown()))
    for seed in range(5):
        assert found.least_followed(EDGES, random.Random(seed)) == [EDGES[1], EDGES[0]]


def test_confirmed_edges_come_before_others() -> None:
    confirmed = Edge("s/find", "id", "s/pay", "a_id", "data", 0.9, (Evidence("observed", 0.9),))
    for seed in range(5):
        assert coverage().least_followed([*EDGES, confirmed], random.Random(seed))[0] == confirmed


def test_a_lost_plan_covers_nothing_but_lets_others_go_first() -> None:
    found = coverage()
    found.plan(plan(shown()))
    found.learn({0: plan(shown())}, {0: "failed"})
    assert 0.0 < found.weights[edge_key(EDGES[0])] < 1.0
    assert not found.edges[edge_key(EDGES[0])]


def test_only_the_turns_that_a_row_shows_are_kept_and_only_the_next_one_is_lost() -> None:
    found = coverage()
    whole = plan(shown(), LENT, TurnPlan("s/pay", (PlannedCall(3, "s/pay", {}, "target"),)))
    found.plan(whole)
    found.learn({0: whole}, {0: "kept"}, {0: ("base",)})
    assert dict(found.kept) == {"s/find": 1, "s/show": 1}
    assert found.lost == {"s/lend": 1.0}


def test_a_tool_whose_turns_only_ever_failed_is_left_alone() -> None:
    found = coverage()
    for index in range(HOPELESS):
        assert not found.hopeless("s/lend")
        found.learn({index: plan(ALONE, index=index)}, {index: "failed"})
    assert found.hopeless("s/lend") and found.avoided == {"s/lend"}
    assert found.least_targeted(["s/lend", "s/show"], random.Random(1)) == ["s/show"]


def test_lost_turns_do_not_count_as_long_ones() -> None:
    found = coverage()
    again = PlannedCall(3, "s/pay", {"a_id": FromCall(0, "id")}, "target", frozenset({0}))
    long = plan(TurnPlan("s/pay", (FIND, SHOW, LEND, again)))
    found.plan(long)
    assert not found.long_turns.are_wanted(0.3)
    found.learn({0: long}, {0: "failed"})
    assert (found.long_turns.turns, found.long_turns.long) == (0, 0) and found.long_turns.are_wanted(0.3)


def test_a_long_turn_that_was_divided_does_not_count_as_a_long_one() -> None:
    found = coverage()
    again = PlannedCall(3, "s/pay", {"a_id": FromCall(0, "id")}, "target", frozenset({0}))
    plans = {index: plan(TurnPlan("s/pay", (FIND, SHOW, LEND, again)), index=index) for index in range(30)}
    for one in plans.values():
        found.plan(one)
    kinds: dict[int, list[TurnKind]] = {index: ["base", "base"] for index in plans}
    rows = dict.fromkeys(plans, RowFacts(0, frozenset({"s/show"})))
    found.learn(plans, dict.fromkeys(plans, "kept"), kinds, rows)
    assert (found.long_turns.turns, found.long_turns.long) == (60, 0)
    found.plan(plans[0])
    assert found.long_turns.are_wanted(0.1), "plans with long turns bring none"


def test_targets_are_those_that_rows_have_and_one_that_was_missed_comes_again_first() -> None:
    found, planned = coverage(), plan(TurnPlan("s/lend", (FIND, SHOW, LEND)))
    found.plan(planned)
    found.learn({0: planned}, {0: "kept"}, {0: ["base"]}, {0: RowFacts(0, frozenset({"s/show"}))})
    assert found.targeted["s/show"] == 1.0 and 0.0 < found.targeted["s/lend"] < 1.0
    assert found.least_targeted(["s/show", "s/lend"], random.Random(1)) == ["s/lend", "s/show"]


def test_a_target_whose_items_are_made_and_rejected_again_and_again_is_left_alone_in_that_kind_of_turn() -> None:
    found, turn = coverage(), shown("parallel")
    for index in range(HOPELESS):
        assert not found.often_lost(turn)
        found.learn({index: plan(turn, index=index)}, {index: "rejected"})
    assert found.often_lost(turn) and not found.often_lost(shown())
    found.learn({9: plan(turn, index=9), 10: plan(turn, index=10)}, {9: "kept", 10: "kept"})
    assert not found.often_lost(turn), "it was kept after all"


def test_blame_does_not_fall_on_tools_that_have_worked() -> None:
    found = coverage()
    found.learn({0: plan(TurnPlan("s/find", (FIND,)))}, {0: "kept"})
    found.learn({1: plan(shown(), index=1)}, {1: "failed"})
    assert found.lost == {"s/show": 1.0}


def test_what_is_asked_for_in_vain_is_no_target_that_was_reached() -> None:
    found = coverage()
    found.plan(plan(shown(), TurnPlan("t/book", (), "irrelevant")))
    assert dict(found.targeted) == {"s/show": 1}
    assert found.least_refused(["t/book", "t/sell"], random.Random(1)) == ["t/sell", "t/book"]


def test_a_missing_tool_makes_two_turns_and_a_long_context_is_long_for_all() -> None:
    assert row_kinds(plan(shown(), TurnPlan("s/lend", (LEND,), "missing_function"))) == [
        "base",
        "missing_function",
        "base",
    ]
    long = plan(shown("long_context"), TurnPlan("s/lend", (LEND,), "missing_function"))
    assert row_kinds(long) == ["long_context", "missing_function", "long_context"]
    assert planned_turns(row_kinds(long)) == len(long.turns)


def test_shares_are_met_although_kinds_are_lost_unequally() -> None:
    quotas, rng = Quotas(KINDS), random.Random(5)
    survive: dict[TurnKind, float] = {"base": 0.9, "parallel": 0.3, "irrelevant": 0.6}
    while quotas.kept.total() < 600:
        wave: list[TurnKind] = []
        for _ in range(48):
            wave.append(quotas.most_wanted()[0])
            quotas.plan(wave[-1:])
        for kind in wave:
            quotas.learn([kind], [kind] if rng.random() < survive[kind] else [])
    for kind, share in KINDS.items():
        assert abs(quotas.kept[kind] / quotas.kept.total() - share) < 0.02


def test_turns_that_become_another_kind_count_as_what_they_became() -> None:
    quotas = Quotas(KINDS)
    for _ in range(50):
        quotas.plan(["base"])
        quotas.learn(["base"], ["parallel"])
    assert quotas.rate("base", "parallel") > 0.9 > 0.1 > quotas.rate("base", "base")
    assert quotas.most_wanted()[-1] == "parallel"


def test_a_kind_that_cannot_be_had_gives_its_share_to_the_others() -> None:
    quotas = Quotas(KINDS)
    for _ in range(FRUITLESS):
        quotas.could_not_plan("parallel")
    for _ in range(HOPELESS_KIND):
        quotas.plan(["irrelevant"])
        quotas.learn(["irrelevant"], [])
    assert quotas.shares() == {"base": 1.0}


def test_without_any_share_there_are_no_quotas() -> None:
    with pytest.raises(ValueError, match="share"):
        Quotas({"base": 0.0})


def test_relations_follow_from_what_a_turn_uses() -> None:
    other = TurnPlan("s/pay", (PlannedCall(2, "s/pay", {}, "target"),))
    lend = TurnPlan("s/lend", (PlannedCall(3, "s/lend", {"a_id": FromCall(0, "id")}, "target", frozenset({0})),))
    again = TurnPlan("s/pay", (PlannedCall(3, "s/pay", {}, "target", corrects=2, changed="sum"),))
    assert relation_of(shown(), ()) == "opens"
    assert relation_of(LENT, (shown(),)) == "continues"
    assert relation_of(other, (shown(),)) == "switches"
    assert relation_of(lend, (shown(), other)) == "returns"
    assert relation_of(again, (shown(), other)) == "corrects"


def test_a_turn_may_use_what_its_relation_allows() -> None:
    other = TurnPlan("s/pay", (PlannedCall(2, "s/pay", {}, "target"),))
    turns = (shown(), other)
    usable = {name: past.usable for name in ("continues", "returns", "switches") if (past := past_for(name, turns))}
    assert usable == {"continues": other.calls, "returns": (FIND, SHOW), "switches": ()}
    assert past_for("opens", turns) is None
    assert past_for("returns", (shown(),)) is None
    assert past_for("continues", ()) is None


def test_servers_that_were_seldom_together_are_told_apart() -> None:
    found = coverage()
    for index in range(3):
        pay = TurnPlan("t/pay", (PlannedCall(2, "t/pay", {}, "target"),))
        found.plan(plan(shown(), pay, index=index))
    assert found.paired("t", ["s"]) == 3.0 == found.paired("s", ["s"])
    assert found.paired("u", ["s"]) == found.paired("t", ["s", "u"]) == 0.0


def test_pairs_of_servers_are_those_that_share_a_trajectory() -> None:
    assert server_pairs(["b/x", "a/y", "b/z", "c/w"]) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert server_pairs(["a/x", "a/y"]) == []
