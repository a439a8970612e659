"""Copies of a sample with calls that are wrong: other values, other tools, calls left out or put in."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any

from toolweave.agent.compare import equal_arguments, equal_values
from toolweave.agent.patterns import argument_leaves, get
from toolweave.agent.replay import ExpectedCall
from toolweave.graph.words import words
from toolweave.pipeline.checking.candidate import FinalState, asserted_state, offered_tools
from toolweave.pipeline.checking.drafting import Draft
from toolweave.pipeline.checking.observed import observed
from toolweave.pipeline.checking.values import another, near, of_another_type
from toolweave.pipeline.sample import Sample, called, tool_messages
from toolweave.servers.tools import Tool

Leaf = tuple[ExpectedCall, str, Any]
"""An expected call, the JSON pointer of one of its arguments, and its value."""


def right_calls(sample: Sample, rng: random.Random) -> list[ExpectedCall]:
    """The calls that have to be made, in a seeded order."""
    calls = [call for call in sample.checker.calls if not call.fails]
    return rng.sample(calls, len(calls))


def _name(sample: Sample, call: ExpectedCall) -> str:
    return next(name for call_id, name, _ in called(sample.messages) if call_id == call.id)


def _leaves(sample: Sample, rng: random.Random) -> list[Leaf]:
    return [
        (call, place, value)
        for call in right_calls(sample, rng)
        for place, value in argument_leaves(call.arguments)
        if value not in ([], {}, None)
    ]


def _with(sample: Sample, call: ExpectedCall, place: str, value: Any) -> Draft:
    draft = Draft(sample)
    draft.put(call.id, place, value)
    return draft


def wrong_value(sample: Sample, rng: random.Random) -> Iterator[Draft]:
    """A value that something else has."""
    for call, place, value in _leaves(sample, rng):
        other = another(sample, _name(sample, call), place, value, rng)
        if other is not None and not equal_values(other, value):
            yield _with(sample, call, place, other)


def near_miss(sample: Sample, rng: random.Random) -> Iterator[Draft]:
    """A slip of the pen, the day after, one more."""
    for call, place, value in _leaves(sample, rng):
        if (other := near(value)) is not None:
            yield _with(sample, call, place, other)


def type_drift(sample: Sample, rng: random.Random) -> Iterator[Draft]:
    """The same value as another JSON type."""
    for call, place, value in _leaves(sample, rng):
        yield _with(sample, call, place, of_another_type(value))


def stale_value(sample: Sample, rng: random.Random) -> Iterator[Draft]:
    """The same field of another row, or of an older observation."""
    shown = tool_messages(sample.messages)
    for call in right_calls(sample, rng):
        for place, origin in call.taken.items():
            found = observed(shown[origin.call])
            pattern = next((leaf.pattern for leaf in found if leaf.place == origin.place), None)
            older = [leaf for text in shown.values() for leaf in observed(text) if leaf.pattern == pattern]
            value = get(call.arguments, place)
            others = [leaf.value for leaf in older if leaf.value is not None and str(leaf.value) != str(value)]
            if pattern is not None and others:
                yield _with(sample, call, place, rng.choice(others))


def swapped_values(sample: Sample, rng: random.Random) -> Iterator[Draft]:
    """Two arguments of one call, or the same argument of two calls of one tool, exchanged."""
    for (one, here, value), (two, there, other) in combinations(_leaves(sample, rng), 2):
        close = one.id == two.id or ((one.server, one.tool, here) == (two.server, two.tool, there))
        if close and type(value) is type(other) and not equal_values(value, other):
            draft = _with(sample, one, here, other)
            draft.put(two.id, there, value)
            yield draft


def missing_argument(sample: Sample, rng: random.Random) -> Iterator[Draft]:
    """An argument that was wanted is left out."""
    for call in right_calls(sample, rng):
        tool = offered_tools(sample)[_name(sample, call)]
        for name in call.arguments:
            rest = {key: value for key, value in call.arguments.items() if key != name}
            if not equal_arguments(tool, rest, call.arguments):
                draft = Draft(sample)
                draft.function(call.id)["arguments"] = rest
                yield draft


def hallucinated_parameter(sample: Sample, rng: random.Random) -> Iterator[Draft]:
    """A parameter that the tool does not have."""
    for call in right_calls(sample, rng):
        draft = Draft(sample)
        tool = offered_tools(sample)[_name(sample, call)]
        name = next(name for name in ("verbose", "force", "confirm", "mode_of_call") if name not in tool.parameters)
        draft.function(call.id)["arguments"][name] = True
        yield draft


def hallucinated_tool(sample: Sample, rng: random.Random) -> Iterator[Draft]:
    """A tool that nobody offers."""
    for call in right_calls(sample, rng):
        draft = Draft(sample)
        draft.function(call.id)["name"] = f"{_name(sample, call)}_by_name"
        yield draft


def wrong_tool(sample: Sample, rng: random.Random) -> Iterator[Draft]:
    """Another tool of the same family: the one whose name shares most words."""
    for call in right_calls(sample, rng):
        own = set(words(call.tool))
        others = [name for name in offered_tools(sample) if name != _name(sample, call)]
        if others:
            draft = Draft(sample)
            draft.function(call.id)["name"] = max(others, key=lambda name: len(own & set(words(name))))
            yield draft


def dropped_call(sample: Sample, rng: random.Random) -> Iterator[Draft]:
    """A call is not made."""
    for call in right_calls(sample, rng):
        draft = Draft(sample)
        draft.drop(call.id)
        yield draft


def nothing_done(sample: Sample, _: random.Random) -> Iterator[Draft]:
    """No call is made, and everything is said as if it were."""
    draft = Draft(sample)
    for call in sample.checker.calls:
        draft.drop(call.id)
    yield draft


def extra_call(sample: Sample, rng: random.Random) -> Iterator[Draft]:
    """A call that may change something and that nobody asked for."""
    tools = offered_tools(sample)
    names = [name for name in tools if name not in sample.checker.reads]
    for name in rng.sample(names, len(names)):
        turns = [number for number, turn in enumerate(sample.turns) if name not in turn.withheld]
        if turns:
            draft = Draft(sample)
            draft.add(rng.choice(turns), name, _filled(sample, tools[name]), '{"status": "ok"}')
            yield draft


def _filled(sample: Sample, tool: Tool) -> dict[str, Any]:
    """Arguments with the values that parameters of the same name have elsewhere."""
    known = {key: value for _, _, arguments in called(sample.messages) for key, value in arguments.items()}
    return {name: known.get(name, "1") for name in tool.parameters if name in tool.required}


def repeated_call(sample: Sample, rng: random.Random) -> Iterator[Draft]:
    """A call that may change something is made twice."""
    shown = tool_messages(sample.messages)
    for call in right_calls(sample, rng):
        name = _name(sample, call)
        if name not in sample.checker.reads:
            draft = Draft(sample)
            draft.add(draft.turns.index(draft.turn_of(call.id)), name, dict(call.arguments), shown[call.id])
            yield draft


def stale_observation(sample: Sample, rng: random.Random) -> Iterator[Draft]:
    """What came back is what came back of another call."""
    shown = tool_messages(sample.messages)
    for call in right_calls(sample, rng):
        others = [text for text in shown.values() if text != shown[call.id]]
        if others and len(call.volatile) == 0:
            draft = Draft(sample)
            draft.observe(call.id, rng.choice(others))
            yield draft


def state_not_reached(sample: Sample, _: random.Random) -> Iterator[Draft]:
    """The final state is not the asserted one, or nobody looked."""
    asserted = asserted_state(sample.checker)
    if not (asserted.reads or asserted.files):
        return
    unread, before = Draft(sample), Draft(sample)
    unread.state = None
    yield unread
    empty: Mapping[str, Any] = {}
    reads = tuple(empty if seen is None else None for seen in asserted.reads)
    files = {key: "other" if seen is None else None for key, seen in asserted.files.items()}
    before.state = FinalState(reads, files)
    yield before


CALL_MUTANTS: dict[str, Callable[[Sample, random.Random], Iterator[Draft]]] = {
    "wrong_value": wrong_value,
    "near_miss": near_miss,
    "swapped_values": swapped_values,
    "stale_value": stale_value,
    "missing_argument": missing_argument,
    "type_drift": type_drift,
    "hallucinated_parameter": hallucinated_parameter,
    "hallucinated_tool": hallucinated_tool,
    "wrong_tool": wrong_tool,
    "dropped_call": dropped_call,
    "nothing_done": nothing_done,
    "extra_call": extra_call,
    "repeated_call": repeated_call,
    "stale_observation": stale_observation,
    "state_not_reached": state_not_reached,
}
