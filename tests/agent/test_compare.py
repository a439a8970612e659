"""Comparing proposed steps with what really happened: every kind of mistake has its name."""

from __future__ import annotations

from typing import Any

import pytest

from toolweave.agent.compare import Finding, equal_arguments, match_step
from toolweave.agent.roles import Mistake, ProposedCall
from toolweave.agent.trace import Call, Source
from toolweave.servers.results import CallResult
from toolweave.servers.tools import Tool


def tool(name: str) -> Tool:
    properties = {"id": {"type": "string"}, "size": {"type": "integer", "default": 5}}
    return Tool("s", name, input_schema={"type": "object", "properties": properties})


def call(number: int, name: str, arguments: dict[str, Any], source: Source, after: set[str] | None = None) -> Call:
    result = CallResult("ok", "{}", {}, 0.0)
    return Call(f"call_{number}", tool(name), arguments, {"/id": source}, result, frozenset(after or set()))


FIND = call(1, "find", {"id": "Ada"}, Source("user", turn=0))
BOOK = call(2, "book", {"id": "M-1"}, Source("output", call="call_1", place="/id"), {"call_1"})
NAMES = {"s/find": "find", "s/book": "book"}


def step(name: str, **arguments: Any) -> list[ProposedCall]:
    return [ProposedCall(name=name, arguments=arguments)]


def test_a_call_that_happened_is_matched() -> None:
    assert match_step(step("find", id="Ada"), [FIND, BOOK], frozenset(), NAMES) == [FIND]


def test_a_default_that_is_spelt_out_changes_nothing() -> None:
    assert match_step(step("find", id="Ada", size=5), [FIND, BOOK], frozenset(), NAMES) == [FIND]


@pytest.mark.parametrize(
    ("proposed", "remaining", "done", "mistake", "pointer"),
    [
        (step("sell", id="Ada"), [FIND, BOOK], set[str](), "wrong_tool", None),
        (step("find", id="Bob"), [FIND, BOOK], set[str](), "wrong_value", "/id"),
        (step("book", id="M-2"), [BOOK], {"call_1"}, "wrong_source", "/id"),
        (step("book", id="M-2"), [FIND, BOOK], set[str](), "missing_prerequisite", None),
        (step("book", id="M-1"), [FIND, BOOK], set[str](), "wrong_order", None),
        (step("find", id="Ada"), [], {"call_1", "call_2"}, "extra_call", None),
    ],
)
def test_each_mistake_is_named(
    proposed: list[ProposedCall], remaining: list[Call], done: set[str], mistake: Mistake, pointer: str | None
) -> None:
    found = match_step(proposed, remaining, frozenset(done), NAMES)
    assert isinstance(found, Finding)
    assert (found.mistake, found.pointer) == (mistake, pointer)


def test_numbers_are_equal_by_value_but_never_to_booleans() -> None:
    assert equal_arguments(tool("find"), {"size": 1}, {"size": 1.0})
    assert not equal_arguments(tool("find"), {"size": 1}, {"size": True})
    assert not equal_arguments(tool("find"), {"id": "1"}, {"id": 1})
