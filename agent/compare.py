"""Compares a proposed step with the calls that really happened, and names the first mistake.

Calls are equal when tool and arguments are: numbers by value, and a parameter that is left out equals one that is given
its schema's default. Any order is right that the trace's dependencies allow (`Call.after`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from toolweave.agent.patterns import argument_leaves
from toolweave.agent.roles import Mistake, ProposedCall
from toolweave.agent.trace import Call
from toolweave.servers.json_values import as_object, is_list, is_object
from toolweave.servers.tools import Tool


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a proposed step."""

    mistake: Mistake
    tool: Tool | None = None
    """The proposed tool, where it exists."""
    pointer: str | None = None
    """The faulty argument."""
    left: tuple[Call, ...] = ()
    """Calls that belong into the same step and are not in it."""


def match_step(
    proposed: Sequence[ProposedCall], remaining: Sequence[Call], done: frozenset[str], names: dict[str, str]
) -> list[Call] | Finding:
    """The expected calls that a step makes, in the order of the step; or what is wrong with it.

    `done` holds the ids of calls whose observations have been shown; `names` maps tool id to offered name.
    """
    matched: list[Call] = []
    for call in proposed:
        open_calls = [item for item in remaining if item not in matched]
        found = _match(call, open_calls, done, names)
        if isinstance(found, Finding):
            return found
        matched.append(found)
    return matched


def _match(
    call: ProposedCall, remaining: Sequence[Call], done: frozenset[str], names: dict[str, str]
) -> Call | Finding:
    same_tool = [item for item in remaining if names[item.tool.id] == call.name]
    if not same_tool:
        return Finding("wrong_tool" if remaining else "extra_call")
    for item in same_tool:
        if equal_arguments(item.tool, call.arguments, item.arguments):
            return item if item.after <= done else Finding("wrong_order", item.tool)
    ready = [item for item in same_tool if item.after <= done]
    if not ready:
        return Finding("missing_prerequisite", same_tool[0].tool)
    best = min(ready, key=lambda item: len(differing(item.arguments, call.arguments)))
    place = (differing(best.arguments, call.arguments) or [""])[0]
    source = best.sources.get(place)
    return Finding(
        "wrong_source" if source is not None and source.kind == "output" else "wrong_value", best.tool, place
    )


def equal_arguments(tool: Tool, one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two argument objects mean the same call."""
    return equal_values(_with_defaults(tool, one), _with_defaults(tool, other))


def equal_values(one: Any, other: Any) -> bool:
    """JSON equality, with numbers compared by value and never equal to booleans."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if is_object(one) and is_object(other):
        return one.keys() == other.keys() and all(equal_values(one[key], other[key]) for key in one)
    if is_list(one) and is_list(other):
        return len(one) == len(other) and all(map(equal_values, one, other))
    return bool(one == other)


def _with_defaults(tool: Tool, arguments: dict[str, Any]) -> dict[str, Any]:
    defaults = {name: schema["default"] for name, schema in tool.parameters.items() if "default" in as_object(schema)}
    return {key: value for key, value in (defaults | arguments).items() if not (value is None and key in defaults)}


def differing(expected: dict[str, Any], proposed: dict[str, Any]) -> list[str]:
    """Pointers of the leaves in which two argument objects differ, those of the expected one first."""
    wanted, given = dict(argument_leaves(expected)), dict(argument_leaves(proposed))
    places = [place for place, value in wanted.items() if place not in given or not equal_values(given[place], value)]
    return places + [place for place in given if place not in wanted]
