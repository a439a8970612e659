from __future__ import annotations

import random
from typing import Any

import pytest

from toolweave.agent.arguments import Candidate, ValueBook
from toolweave.graph.schema import parameters
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.tools import Tool


def tool(name: str = "ship", **properties: dict[str, Any]) -> Tool:
    return Tool("s", name, input_schema={"type": "object", "properties": properties, "required": list(properties)})


def candidates(one: Tool, path: str = "", values: dict[str, list[Any]] | None = None) -> list[Candidate]:
    book = ValueBook({"s": ServerSpec(name="s", options=ServerOptions(values=values or {}))}, tools={one.id: one})
    parameter = next(item for item in parameters(one) if item.path == (path or item.path))
    found = book.candidates(one, parameter, random.Random(1))
    assert book.speakable(one.id, parameter.path) == any(choice.how != "guess" for choice in found)
    return found


def values(found: list[Candidate]) -> list[Any]:
    return sorted((choice.value for choice in found), key=str)


def test_configured_values_come_before_everything() -> None:
    one = tool(city={"type": "string", "enum": ["Oslo"]})
    assert candidates(one, values={"city": ["Lima"]}) == [Candidate("Lima", "values")]


def test_values_for_one_tool_come_before_values_for_all() -> None:
    one = tool(city={"type": "string"})
    assert values(candidates(one, values={"city": ["Lima"], "ship.city": ["Oslo"]})) == ["Oslo"]


def test_configured_objects_are_taken_apart_for_their_leaves() -> None:
    rule = {
        "type": "object",
        "properties": {"kind": {"type": "string"}, "at": {"type": "array", "items": {"type": "string"}}},
    }
    given = {"rule": [{"kind": "top", "at": ["A1", "A2"]}]}
    one = tool(rule=rule)
    assert values(candidates(one, "rule.kind", given)) == ["top"]
    assert values(candidates(one, "rule.at[]", given)) == ["A1", "A2"]


@pytest.mark.parametrize(
    ("schema", "how", "expected"),
    [
        ({"const": "x"}, "const", ["x"]),
        ({"enum": ["a", "b"]}, "enum", ["a", "b"]),
        ({"type": "string", "examples": ["k", "l"]}, "example", ["k", "l"]),
        ({"type": "integer", "default": 4}, "default", [4]),
        ({"type": "string", "description": "Name of a city, e.g. 'Oslo' or 'Lima'"}, "example", ["Lima", "Oslo"]),
        ({"type": "string", "description": "Size (one of: 'small', 'large')"}, "example", ["large", "small"]),
        ({"type": "integer", "description": "How many, for example 5"}, "example", [5]),
        ({"type": "boolean"}, "format", [False, True]),
    ],
)
def test_what_the_schema_shows_is_said(schema: dict[str, Any], how: str, expected: list[Any]) -> None:
    found = candidates(tool(x=schema))
    assert values(found) == expected
    assert {choice.how for choice in found} == {how}


def test_identifiers_are_never_made_up() -> None:
    for schema in ({"type": "string"}, {"type": "string", "description": "Identifier of the order"}):
        assert candidates(tool(order_id=schema)) == []


def test_numbers_keep_to_their_bounds() -> None:
    found = candidates(tool(zoom={"type": "integer", "minimum": 90, "exclusiveMaximum": 100}))
    assert found
    assert all(isinstance(value, int) and 90 <= value < 100 for value in values(found))


def test_dates_have_the_form_that_the_description_asks_for() -> None:
    found = candidates(tool(when={"type": "string", "description": "Day as YYYY-MM-DD"}))
    assert [len(value) for value in values(found)] == [10, 10]


def test_free_text_goes_with_the_name() -> None:
    found = candidates(tool(note={"type": "string", "maxLength": 40}))
    assert {choice.how for choice in found} == {"free_text"}
    assert all(len(value) <= 40 for value in values(found))


def test_a_name_that_says_nothing_gets_a_guess_that_nobody_would_say() -> None:
    assert {choice.how for choice in candidates(tool(zzz={"type": "string"}))} == {"guess"}


def test_equal_seeds_give_equal_values() -> None:
    one = tool(title={"type": "string"})
    assert candidates(one) == candidates(one)
