"""JSON Schemas of strangers: checked before use, compiled once, never fetched from a network."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any, cast

from jsonschema import SchemaError, ValidationError, validators
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

from toolweave.servers.json_values import as_object, canonical, is_list
from toolweave.servers.patterns import risky_pattern
from toolweave.servers.unfolding import MOST_PARTS, unfolds_too_far

NOTHING_FROM_OUTSIDE: Registry[Any] = Registry()
"""Without it, a reference in a stranger's schema is fetched from wherever it points."""


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
        risky = risky_pattern(value)
        if unfolds_too_far(value):
            return f"with all references followed it has more than {MOST_PARTS} parts"
    except SchemaError as error:
        return _line(str(error.message))
    except RecursionError:
        return "it is nested too deeply"
    except Exception as error:  # boundary: the checker itself trips over some schemas
        return f"it cannot be checked ({type(error).__name__})"
    return None if risky is None else _line(f"the pattern {risky[:80]!r} could take for ever")


@functools.lru_cache(maxsize=4096)
def _validator(schema: str) -> Validator:
    value = as_object(json.loads(schema))
    extend = cast("Callable[..., type[Validator]]", vars(validators)["extend"])
    return extend(validator_for(value), {"uniqueItems": _unique_items})(value, registry=NOTHING_FROM_OUTSIDE)


def _unique_items(validator: Validator, wanted: Any, items: Any, schema: Any) -> Iterator[ValidationError]:
    """In linear time: the library compares each item with each, which takes hours for a list from a stranger."""
    if wanted is True and is_list(items) and len({canonical(item) for item in items}) < len(items):
        yield ValidationError("it has items that are not unique")


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
