"""JSON Schemas of strangers: checked before use, compiled once, never fetched from a network."""

from __future__ import annotations

import functools
import json
from typing import Any

from jsonschema import SchemaError, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

from toolweave.servers.json_values import as_object, canonical


def schema_problem(schema: dict[str, Any]) -> str | None:
    """What makes a schema unusable, in one line; `None` when it is fine."""
    try:
        text = canonical(schema)
    except RecursionError:
        return "it is nested too deeply"
    return _schema_problem(text)


def first_problem(schema: dict[str, Any], value: Any) -> str | None:
    """The first way in which a value does not fit a schema, in one line; `None` when it fits.

    A schema that cannot be applied, such as one with references to nowhere, forbids nothing.
    """
    try:
        error: ValidationError | None = next(iter(_validator(canonical(schema)).iter_errors(value)), None)
    except (Unresolvable, RecursionError):
        return None
    if error is None:
        return None
    place = "".join(f"[{part!r}]" for part in error.absolute_path)
    return _line(f"{place}: {error.message}" if place else str(error.message))


@functools.lru_cache(maxsize=4096)
def _schema_problem(schema: str) -> str | None:
    """Cached by canonical text: each environment lists the same tools again."""
    value = as_object(json.loads(schema))
    try:
        validator_for(value).check_schema(value)
    except SchemaError as error:
        return _line(str(error.message))
    except RecursionError:
        return "it is nested too deeply"
    except Exception as error:  # boundary: the checker itself trips over some schemas
        return f"it cannot be checked ({type(error).__name__})"
    return None


@functools.lru_cache(maxsize=4096)
def _validator(schema: str) -> Validator:
    value = as_object(json.loads(schema))
    registry: Registry[Any] = Registry()  # an empty one resolves nothing from outside
    return validator_for(value)(value, registry=registry)


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
