"""Inventing a value that a user would know; nothing for what only a server knows."""

from __future__ import annotations

import random

from toolweave.agent.argument_values import by_format, free_text, is_identifying
from toolweave.agent.roles import Value, ValueAsk
from toolweave.graph.schema import Parameter
from toolweave.servers.json_values import as_list


def invent(ask: ValueAsk) -> Value:
    """A plausible value by the parameter's schema and words; `None` for identifiers."""
    path = ".".join(part for part in ask.pointer.split("/") if part and not part.isdigit())
    parameter = Parameter(path, ask.schema, True, str(ask.schema.get("description") or ""))
    options = [value for value in as_list(ask.schema.get("enum")) if value is not None]
    rng = random.Random(ask.seed)
    if options:
        return Value(value=rng.choice(options))
    if is_identifying(parameter):
        return Value()
    made = by_format(parameter, rng) or free_text(ask.tool, parameter, rng)
    return Value(value=made[0][0]) if made else Value()
