"""The Arrow types that verl's data sets have, and frameworks that are made of it."""

from __future__ import annotations

from typing import Any


def chat(arrow: Any) -> Any:
    """The type of messages: role and text."""
    return _struct(arrow, role=arrow.string(), content=arrow.string(), many=True)


def task_schema(arrow: Any, told: dict[str, Any], **more: Any) -> Any:
    """The schema of tasks: `told` are the types within `extra_info`, `more` those of further columns."""
    text = arrow.string()
    columns = {
        "data_source": text,
        **more,
        "prompt": chat(arrow),
        "ability": text,
        "reward_model": _struct(arrow, style=text, ground_truth=text),
        "extra_info": _struct(arrow, **told),
    }
    return arrow.schema(list(columns.items()))


def _struct(arrow: Any, many: bool = False, **fields: Any) -> Any:
    one = arrow.struct(list(fields.items()))
    return arrow.list_(one) if many else one
