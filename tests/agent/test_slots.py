"""What failures have in common: which choices are to blame, and which calls are not worth making."""

from __future__ import annotations

from toolweave.agent.slots import Filling, Leg, Pick, Slot
from toolweave.agent.trace import Source
from toolweave.graph.plan import PlannedCall, Supplied

PARAMETERS = ("member", "copy")


def filling(**values: str) -> Filling:
    picks = {
        path: Pick({path: (value, Source("user", turn=0))}, ("said", "s/lend", path, value))
        for path, value in values.items()
    }
    return Filling(dict(values), {}, picks, tuple(Slot(path, (picks[path],)) for path in values))


def leg() -> Leg:
    return Leg(PlannedCall(0, "s/lend", dict.fromkeys(PARAMETERS, Supplied()), "target"), 0)


def suspects(one: Leg) -> list[str]:
    return [slot.name for slot in one.suspects()]


def test_the_value_that_an_error_names_is_to_blame() -> None:
    one = leg()
    one.fail(filling(member="MB-1", copy="C-1"), "Copy C-1 is on loan.")
    assert suspects(one) == ["copy"]
    assert one.is_doomed(filling(member="MB-2", copy="C-1"))
    assert not one.is_doomed(filling(member="MB-1", copy="C-2"))


def test_what_was_another_when_the_same_was_said_is_not_to_blame() -> None:
    one = leg()
    one.fail(filling(member="MB-1", copy="C-1"), "Ada owes a fine.")
    assert suspects(one) == ["member", "copy"]
    one.fail(filling(member="MB-1", copy="C-2"), "Ada owes a fine.")
    assert suspects(one) == ["member"]
    assert one.is_doomed(filling(member="MB-1", copy="C-3"))
    assert not one.is_doomed(filling(member="MB-2", copy="C-1"))


def test_where_everything_was_another_no_values_help() -> None:
    one = leg()
    one.fail(filling(member="MB-1", copy="C-1"), "The desk is closed.")
    one.fail(filling(member="MB-2", copy="C-2"), "The desk is closed.")
    assert suspects(one) == []
    assert one.is_doomed(filling(member="MB-3", copy="C-3"))


def test_failures_for_several_reasons_have_several_suspects() -> None:
    one = leg()
    one.fail(filling(member="MB-1", copy="C-1"), "Copy C-1 is on loan.")
    one.fail(filling(member="MB-1", copy="C-2"), "MB-1 owes a fine.")
    assert suspects(one) == ["member", "copy"]
    assert not one.is_doomed(filling(member="MB-2", copy="C-2"))
