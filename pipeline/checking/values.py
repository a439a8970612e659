"""Values that are wrong, but look right: for making spoilt trajectories."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from toolweave.agent.compare import equal_values
from toolweave.agent.patterns import argument_leaves
from toolweave.agent.schemas import property_schema
from toolweave.agent.spoken import moment
from toolweave.pipeline.sample import Sample, called
from toolweave.servers.json_values import as_list


def another(sample: Sample, name: str, place: str, value: Any, rng: random.Random) -> Any:
    """A value that the same argument could have: one of its schema, else one of the conversation, else a near one."""
    schemas = [tool["function"].get("parameters", {}) for tool in sample.tools if tool["function"]["name"] == name]
    known = as_list(property_schema(schemas[0], place).get("enum")) if schemas else []
    said = [leaf for _, _, arguments in called(sample.messages) for _, leaf in argument_leaves(arguments)]
    for choices in (known, said):
        if others := _others(choices, value):
            return rng.choice(others)
    return near(value)


def _others(choices: Iterable[Any], value: Any) -> list[Any]:
    return [one for one in choices if type(one) is type(value) and not equal_values(one, value)]


def near(value: Any) -> Any:
    """A value that is nearly the same and of the same type; `None` has none."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return _near_text(value)
    return None


def _near_text(text: str) -> str:
    if (day := moment(text)) is not None:
        return (day + timedelta(days=1)).isoformat()[: len(text)]
    for at in range(len(text) - 1, -1, -1):
        if text[at].isdigit():
            return f"{text[:at]}{(int(text[at]) + 1) % 10}{text[at + 1 :]}"
    for at in range(len(text) - 1, 0, -1):
        if text[at] != text[at - 1] and text[at - 1 : at + 1].isalpha():
            return f"{text[: at - 1]}{text[at]}{text[at - 1]}{text[at + 1 :]}"
    return f"{text}s"


def of_another_type(value: Any) -> Any:
    """The same value as another JSON type."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str) and value.isdigit():
        return int(value)
    return [value]
