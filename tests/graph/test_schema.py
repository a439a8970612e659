"""Leaves of schemas, sound and broken."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from toolweave.graph.schema import MOST_LEAVES, output_fields, parameters, schema_notes
from toolweave.servers.tools import Tool


def taking(schema: dict[str, Any]) -> Tool:
    return Tool("", "take", input_schema=schema)


def giving(schema: dict[str, Any]) -> Tool:
    return Tool("", "give", output_schema=schema)


def text(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"} for name in properties} | properties}


def test_parameters_are_the_leaves_with_patterns_and_whether_they_are_required() -> None:
    item = {
        "type": "object",
        "properties": {"sku": {"type": "string"}, "qty": {"type": "integer"}},
        "required": ["sku"],
    }
    schema = {
        "type": "object",
        "properties": {
            "order": {"type": "string", "description": "Which order."},
            "items": {"type": "array", "items": item},
            "tags": {"type": "array", "items": {"type": "string"}},
            "address": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
        "required": ["order", "items", "address"],
    }
    found = {leaf.path: leaf.required for leaf in parameters(taking(schema))}
    assert found == {"order": True, "items[].sku": True, "items[].qty": False, "tags[]": False, "address.city": True}
    assert parameters(taking(schema))[0].description == "Which order."


def test_references_and_combinations_are_folded_into_plain_schemas() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "$defs": {"Id": {"type": "string", "format": "uuid"}},
        "properties": {
            "id": {"$ref": "#/$defs/Id", "description": "Whose."},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "either": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
            "both": {"allOf": [{"type": "object", "properties": {"a": {}}}, {"properties": {"b": {}}}]},
        },
    }
    found = {leaf.path: leaf.schema for leaf in parameters(taking(schema))}
    assert list(found) == ["id", "note", "either", "both.a", "both.b"]
    assert found["id"] == {"type": "string", "format": "uuid", "description": "Whose."}
    assert found["note"] == {"type": "string"}
    assert found["either"]["type"] == ["string", "integer"]


def test_outputs_use_the_patterns_of_decoded_values() -> None:
    rows = {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "integer"}}}}
    assert [leaf.path for leaf in output_fields(giving({"type": "object", "properties": {"result": rows}}))] == [
        "[].id"
    ]
    assert [leaf.path for leaf in output_fields(giving({"properties": {"result": {"type": "string"}}}))] == [""]
    prices = {"type": "object", "additionalProperties": {"type": "number"}}
    fields = output_fields(giving({"type": "object", "properties": {"prices": prices}}))
    assert [leaf.path for leaf in fields] == ["prices.{key}", "prices.{value}"]
    assert output_fields(giving({"type": "object"})) == ()
    assert output_fields(Tool("", "silent")) == ()


def test_cyclic_references_end_and_are_named() -> None:
    node = {"type": "object", "properties": {"id": {"type": "string"}, "next": {"$ref": "#/$defs/Node"}}}
    tool = taking({"type": "object", "$defs": {"Node": node}, "properties": {"root": {"$ref": "#/$defs/Node"}}})
    assert [leaf.path for leaf in parameters(tool)] == ["root.id"]
    assert schema_notes(tool) == ("input schema: reference '#/$defs/Node' is cyclic",)


def test_a_schema_with_five_thousand_properties_is_cut_and_named() -> None:
    tool = taking(text(**{f"field_{n}": {"type": "string"} for n in range(5000)}))
    assert len(parameters(tool)) == MOST_LEAVES
    assert "more than 1000 leaves" in schema_notes(tool)[0]


def test_a_schema_two_hundred_levels_deep_is_cut_and_named() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"id": {"type": "string"}}}
    for _ in range(200):
        schema = {"type": "object", "properties": {"inner": schema, "name": {"type": "string"}}}
    assert [leaf.path for leaf in parameters(taking(schema))][-1] == "name"
    assert "deeper than" in schema_notes(taking(schema))[0]


def test_broken_places_are_skipped_and_named() -> None:
    schema: dict[str, Any] = {
        "type": ["object", "null"],
        "properties": {"a": True, "b": None, "c": {"enum": [1, None, {}]}, "d": {"properties": [1]}, "e": {"$ref": 7}},
        "required": [3, "a"],
    }
    tool = taking(schema)
    assert [leaf.path for leaf in parameters(tool)] == ["a", "b", "c", "d", "e"]
    assert schema_notes(tool) == (
        "input schema: `properties` is not an object",
        "input schema: reference '7' is not local",
    )


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "items", "$ref", "anyOf", "allOf", "required", "enum", "a", "#/a"]),
            inner | st.sampled_from(["object", "array", "string", "#", "#/properties/a", "#/items"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["type", "properties", "$ref", "allOf", "items", "a"]), JSON_VALUES, max_size=4))
@settings(max_examples=80, deadline=None)
def test_any_json_object_can_be_read_as_a_schema(schema: dict[str, Any]) -> None:
    tool = Tool("", "any", input_schema=schema, output_schema=schema)
    assert len(parameters(tool)) <= MOST_LEAVES
    assert len(output_fields(tool)) <= MOST_LEAVES
    assert json.dumps(schema_notes(tool))
