"""What a tool's own input schema says about arguments."""

from __future__ import annotations

from typing import Any

import jsonschema

from toolweave.servers.json_values import as_object
from toolweave.servers.schemas import NOTHING_FROM_OUTSIDE


def schema_errors(schema: dict[str, Any], arguments: dict[str, Any]) -> list[str]:
    """What an input schema says against these arguments, one line each.

    A schema that cannot be read is a reason of its own: a gate that cannot decide rejects.
    """
    try:
        validator = jsonschema.Draft202012Validator(schema, registry=NOTHING_FROM_OUTSIDE)
        return [error.message[:200] for error in validator.iter_errors(arguments)]  # pyright: ignore[reportUnknownMemberType]
    except Exception as error:  # boundary: jsonschema raises many kinds on schemas that are not schemas
        return [f"schema cannot be read: {type(error).__name__}"]


def property_schema(schema: dict[str, Any], place: str) -> dict[str, Any]:
    """The schema of the property at a JSON pointer into the arguments; empty when it is not declared."""
    for token in place.split("/")[1:]:
        key = "items" if token.isdigit() and "items" in schema else token
        schema = as_object(schema.get("items") if key == "items" else as_object(schema.get("properties")).get(key))
    return schema
