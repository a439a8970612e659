"""What is remembered of values that worked and of values that did not."""

from __future__ import annotations

from typing import Any

import pytest

from toolweave.agent.memory import Attempt, Memory, names
from toolweave.graph.model import ToolFacts


def attempt(arguments: dict[str, Any], reason: str | None = None) -> Attempt:
    return Attempt("s/lend", arguments, "ok" if reason is None else "tool_error", reason, 0.1)


def test_a_value_that_an_error_names_is_the_one_that_was_refused() -> None:
    memory = Memory()
    memory.learn([attempt({"member": "MB-1", "copies": [{"code": "C-2"}]}, "Copy C-2 is on loan.")])
    assert memory.was_refused("s/lend", "copies[].code", "C-2")
    assert memory.is_contested("s/lend", "copies[].code")
    assert not memory.was_refused("s/lend", "member", "MB-1")


def test_without_a_name_all_values_are_doubted() -> None:
    memory = Memory()
    memory.learn([attempt({"member": "MB-1", "days": 3}, "It is not possible.")])
    assert memory.was_refused("s/lend", "member", "MB-1")
    assert memory.was_refused("s/lend", "days", 3)


def test_what_has_worked_once_is_not_refused_in_whatever_order_it_was_learnt() -> None:
    good, bad = attempt({"member": "MB-1"}), attempt({"member": "MB-1"}, "MB-1 owes a fine.")
    for order in ([good, bad], [bad, good], [bad, bad, good]):
        memory = Memory()
        memory.learn(order)
        assert memory.has_worked("s/lend", "member", "MB-1")
        assert not memory.was_refused("s/lend", "member", "MB-1")


def test_experiments_are_remembered() -> None:
    memory = Memory.of_facts({"s/lend": ToolFacts(works=('{"member": "MB-7"}',))})
    assert memory.has_worked("s/lend", "member", "MB-7")
    assert not memory.is_contested("s/lend", "member")


@pytest.mark.parametrize(
    ("reason", "value", "named"),
    [
        ("Plot PL-7 is leased.", "PL-7", True),
        ("Plot PL-77 is leased.", "PL-7", False),
        ("It takes 12 days.", 12, True),
        ("It is true.", True, False),
        ("Row 3 is empty.", 3, False),
    ],
)
def test_an_error_names_whole_values_that_are_telling(reason: str, value: Any, named: bool) -> None:
    assert names(reason, value) is named


def tried(tool: str, reason: str | None = None) -> Attempt:
    return Attempt(tool, {}, "ok" if reason is None else "tool_error", reason, 0.1)


def test_what_was_called_between_a_failure_and_a_success_is_known_to_help_with_like_failures() -> None:
    memory = Memory()
    memory.learn([tried("s/lend", "Card MB-1 is not active."), tried("s/activate"), tried("s/lend")])
    assert memory.helps("s/activate", "s/lend", "Card MB-2 is not active.")
    assert not memory.helps("s/activate", "s/lend", "Card MB-2 is lost.")
    assert not memory.helps_not("s/activate", "s/lend", "Card MB-2 is not active.")


def test_what_was_called_between_two_like_failures_is_known_not_to_help_until_it_does() -> None:
    memory, reason = Memory(), "Card MB-1 is not active."
    memory.learn([tried("s/lend", reason), tried("s/greet"), tried("s/lend", "Card MB-2 is not active.")])
    assert memory.helps_not("s/greet", "s/lend", reason)
    memory.learn([tried("s/lend", reason), tried("s/greet"), tried("s/lend")])
    assert not memory.helps_not("s/greet", "s/lend", reason)


def test_nothing_is_learnt_of_a_call_between_that_failed_itself() -> None:
    memory, reason = Memory(), "Card MB-1 is not active."
    memory.learn([tried("s/lend", reason), tried("s/greet", "Nobody is here."), tried("s/lend", reason)])
    assert not memory.helps_not("s/greet", "s/lend", reason)
