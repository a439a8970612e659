"""What a user could say beside what is shown."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import anyio

from toolweave.agent.arguments import Candidate, ValueBook
from toolweave.agent.fill import Voice
from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.value_range import widened
from toolweave.graph.schema import Parameter, parameters
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.tools import Tool


def said(schema: dict[str, Any], *values: Any, name: str = "amount", seed: int = 1) -> list[Candidate]:
    tool = Tool("s", "order", "", {"type": "object", "properties": {name: schema}})
    parameter: Parameter = parameters(tool)[0]
    options = ServerOptions(values={name: list(values)} if values else {})
    rng = random.Random(seed)
    book = ValueBook({"s": ServerSpec(name="s", options=options)})
    return widened(book.candidates(tool, parameter, rng), parameter, rng)


def everything(schema: dict[str, Any], *values: Any, name: str = "amount") -> set[Any]:
    return {one.value for seed in range(40) for one in said(schema, *values, name=name, seed=seed)}


def test_round_amounts_between_two_examples_are_said_too() -> None:
    found = everything({"type": "number", "examples": [12.5, 20]})
    assert {12.5, 20, 15, 18} <= found
    assert all(12.5 <= value <= 20 for value in found)


def test_whole_examples_stay_whole() -> None:
    found = everything({"type": "integer"}, 850, 1200)
    assert {850, 1000, 1200} <= found
    assert all(isinstance(value, int) for value in found)


def test_examples_that_lie_side_by_side_may_be_places_and_get_no_company() -> None:
    assert everything({"type": "integer"}, 0, 1) == {0, 1}


def test_numbers_that_identify_are_never_made_up() -> None:
    assert everything({"type": "integer"}, 100, 900, name="order_id") == {100, 900}


def test_days_between_working_days_are_working_days() -> None:
    found = everything({"type": "string", "format": "date", "examples": ["2026-02-10", "2026-02-20"]})
    assert len(found) > 5
    assert all(date.fromisoformat(day).weekday() < 5 for day in found)


def test_nobody_asks_first_for_what_holds_anyway() -> None:
    assert [one.value for one in said({"type": "boolean", "default": False})] == [True, False]
    weeks = [one.value for one in said({"type": "integer", "default": 3, "minimum": 1, "maximum": 6})]
    assert weeks[-1] == 3
    assert len(weeks) > 1


def test_a_default_without_bounds_says_too_little_to_leave_it() -> None:
    assert [one.value for one in said({"type": "integer", "default": 10})] == [10]


def test_what_the_user_configured_is_said_even_where_it_is_the_default() -> None:
    assert said({"type": "integer", "default": 3}, 3)[0].value == 3


def test_the_same_seed_says_the_same() -> None:
    schema = {"type": "number", "examples": [12.5, 20]}
    assert said(schema, seed=3) == said(schema, seed=3)
    assert said(schema, seed=3) != said(schema, seed=4)


def test_listed_numbers_and_multiples_stay_what_they_are() -> None:
    assert everything({"type": "integer", "enum": [15, 30, 60]}) == {15, 30, 60}
    assert everything({"type": "integer", "enum": [15, 30, 60]}, 15, 60) == {15, 60}
    assert everything({"type": "integer", "multipleOf": 7}, 7, 70) == {7, 70}


def test_numbers_too_large_for_amounts_get_no_company() -> None:
    assert everything({"type": "number"}, 1, 10**400) == {1, 10**400}
    assert everything({"type": "number"}, -1e308, 1e308) == {-1e308, 1e308}


def said_for(description: str) -> list[object]:
    tool = Tool("s", "shape", "", {"properties": {"operation": {"type": "string", "description": description}}})
    voice = Voice(ValueBook({}), OfflineTeacher(), 1)

    async def ask() -> list[object]:
        return [one.value for one in await voice.candidates(tool, parameters(tool)[0])]

    return anyio.run(ask)


def test_no_word_of_code_that_only_a_description_shows_is_said_where_there_is_another() -> None:
    assert sorted(map(str, said_for("One of: 'list', 'get_layouts' or 'get_info'"))) == ["list"]
    assert sorted(map(str, said_for("One of: 'get_layouts' or 'get_info'"))) == ["get_info", "get_layouts"]
