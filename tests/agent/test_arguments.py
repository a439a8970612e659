from __future__ import annotations

import random
import re
from typing import Any, Literal

import pytest

from toolweave.agent.arguments import Candidate, ValueBook
from toolweave.graph.model import ToolFacts
from toolweave.graph.schema import parameters
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.tools import Tool


def tool(name: str = "ship", /, **properties: dict[str, Any]) -> Tool:
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


def test_every_item_sees_other_texts() -> None:
    book, one = ValueBook({}), tool("rename", title={"type": "string"})
    found = {book.candidates(one, parameters(one)[0], random.Random(seed))[0].value for seed in range(40)}
    assert len(found) == 40


@pytest.mark.parametrize(
    ("name", "parameter", "description", "pattern"),
    [
        ("register_member", "name", "", r"[A-Z][a-z-]+\w* [A-Z][a-z-]+\w*"),
        ("ship", "customer_name", "", r"[A-Z][a-z-]+\w* [A-Z][a-z-]+\w*"),
        ("create_report", "filename", "Path of the new .docx file", r"[a-z-]+\.docx"),
        ("create_report", "file_name", "", r"[a-z-]+\.txt"),
    ],
)
def test_names_are_those_of_what_is_named(name: str, parameter: str, description: str, pattern: str) -> None:
    found = candidates(tool(name, **{parameter: {"type": "string", "description": description}}))
    assert found
    assert [one.value for one in found if not re.fullmatch(pattern, one.value)] == []


def test_who_searches_says_words_and_no_sentence() -> None:
    found = candidates(tool("search_notes", text={"type": "string", "description": "Words of the note"}))
    assert found
    assert all(len(one.value.split()) <= 3 for one in found)


OPEN = {"type": "string", "examples": ["called twice", "no answer"]}


def test_ones_own_words_join_the_examples_where_something_is_written_down() -> None:
    found = candidates(tool("add_call", note=OPEN))
    assert {one.how for one in found} == {"example", "free_text"}
    assert {"called twice", "no answer"} < {one.value for one in found}


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("find_call", OPEN),
        ("add_call", {**OPEN, "pattern": "^[a-z ]+$"}),
        ("add_call", {**OPEN, "description": "One of: 'called twice', 'no answer'"}),
    ],
)
def test_examples_stay_alone_where_not_everything_will_do(name: str, schema: dict[str, Any]) -> None:
    assert values(candidates(tool(name, note=schema))) == ["called twice", "no answer"]


def lookup(works: list[str], access: Literal["reads", "writes"] = "reads", **schema: Any) -> list[Any]:
    """What is said to a tool that has worked with these names, on a server that has shown some."""
    one = tool("find_owner", full_name={"type": "string", **schema})
    facts = {one.id: ToolFacts(access, works=tuple(f'{{"full_name": "{name}"}}' for name in works))}
    facts["s/list"] = ToolFacts(shown={"owners[].name": ("Clara Voss", "Emil Stoica", "Mattias Brun")})
    facts["t/list"] = ToolFacts(shown={"x": ("Eve Rot",)})
    book = ValueBook({}, facts, {one.id: one})
    return [choice.value for choice in book.candidates(one, parameters(one)[0], random.Random(1))]


def test_names_that_the_server_has_shown_beside_those_that_work_are_looked_up_before_made_up_ones() -> None:
    assert set(lookup(["Clara Voss", "Emil Stoica"])[:3]) == {"Clara Voss", "Emil Stoica", "Mattias Brun"}
    assert set(lookup([], examples=["Clara Voss", "Emil Stoica"])) == {"Clara Voss", "Emil Stoica", "Mattias Brun"}


def test_nothing_is_said_to_a_tool_that_changes_something_because_a_server_has_shown_it() -> None:
    assert "Mattias Brun" not in lookup(["Clara Voss", "Emil Stoica"], access="writes")


def test_several_texts_that_worked_show_that_others_will_too() -> None:
    one = tool("add_call", note={"type": "string"})
    parameter = parameters(one)[0]

    def first_ones(*works: str) -> set[str]:
        book = ValueBook({}, {one.id: ToolFacts("writes", works=tuple(f'{{"note": "{text}"}}' for text in works))})
        return {book.candidates(one, parameter, random.Random(seed))[0].value for seed in range(20)}

    assert first_ones("called twice") == {"called twice"}
    assert len(first_ones("called twice", "no answer")) > 10


def test_equal_seeds_give_equal_values() -> None:
    one = tool(title={"type": "string"})
    assert candidates(one) == candidates(one)


def test_short_texts_are_found_where_only_few_would_fit() -> None:
    found = candidates(tool("add_call", note={"type": "string", "maxLength": 20}))
    assert len(found) > 1
    assert all(len(one.value) <= 20 for one in found)
