"""Schemas that would keep us busy for ever are told from those that look like it."""

from __future__ import annotations

from typing import Any

import pytest

from toolweave.servers.patterns import risky_pattern
from toolweave.servers.schemas import first_problem, schema_problem

RISKY = ["^(a+)+$", "(a|aa)+$", r"^(\w+\s?)*$", "(x{1,100}){1,100}", "^(.*a)*$", "^([a-zA-Z]+)*$", ".*" * 12]
HARMLESS = [
    "^[a-z]+(-[a-z]+)*$",
    r"^\d{4}-\d{2}-\d{2}$",
    r"^[A-Z0-9._%+-]+@[A-Z0-9.-]+\.[A-Z]{2,}$",
    r"^([0-9]{1,3}\.){3}[0-9]{1,3}$",
    "^(foo|bar)*$",
    "(",
]


@pytest.mark.parametrize("pattern", RISKY)
def test_a_pattern_that_takes_for_ever_makes_a_schema_unusable(pattern: str) -> None:
    schema = {"type": "object", "properties": {"a": {"items": [{"type": "string", "pattern": pattern}]}}}
    assert schema_problem(schema)
    assert risky_pattern({"patternProperties": {pattern: {}}}) == pattern


@pytest.mark.parametrize("pattern", HARMLESS)
def test_an_ordinary_pattern_is_harmless(pattern: str) -> None:
    assert risky_pattern({"pattern": pattern}) is None


def test_a_schema_that_unfolds_without_end_is_unusable() -> None:
    layers: dict[str, Any] = {str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(40)}
    assert "parts" in str(schema_problem({"type": "object", "$defs": {**layers, "40": {}}, "$ref": "#/$defs/0"}))
    tree: dict[str, Any] = {"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}}
    assert schema_problem(tree) is None


def test_a_long_list_of_unique_items_is_looked_at_once() -> None:
    items = [{"n": number} for number in range(20_000)]
    schema = {"type": "array", "uniqueItems": True}
    assert first_problem(schema, items) is None
    assert first_problem(schema, [*items, {"n": 5}]) == "it has items that are not unique"
