"""Gates that need no server: shape, schema, grounding, leaks and answers.

They run on a row as it stands in the file: `verify` applies the same ones to a dataset that somebody may have edited.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from toolweave.agent.compare import equal_values
from toolweave.agent.compose import CODE_CASE
from toolweave.agent.grounding import given_away, seen_text, unsupported
from toolweave.agent.outcomes import reads_as_error, reads_as_failure, reads_as_nothing
from toolweave.agent.patterns import argument_leaves, get
from toolweave.agent.relative import rule_for
from toolweave.agent.schemas import property_schema, schema_errors
from toolweave.agent.spoken import reads_as
from toolweave.agent.whole_words import spoken_of
from toolweave.graph.schema import only_value
from toolweave.pipeline.gates.hygiene import hygiene
from toolweave.pipeline.gates.kinds import REFUSED, kinds
from toolweave.pipeline.gates.verdict import Rejection
from toolweave.pipeline.sample import Provenance, Sample, called, tool_messages
from toolweave.servers.json_values import as_object

Gate = Callable[[Sample], Iterator[str]]


NO_OTHERS: Mapping[str, Gate] = {}


def static_rejection(sample: Sample, others: Mapping[str, Gate] = NO_OTHERS) -> Rejection | None:
    """The first reason to reject a row; `None` when every static gate passes it, and then every other one."""
    for name, gate in (*GATES.items(), *others.items()):
        try:
            reason = next(gate(sample), None)
        except Exception as error:  # boundary: a row may hold anything, and a gate that cannot decide rejects
            reason = f"cannot decide: {type(error).__name__}: {error}"
        if reason is not None:
            return Rejection(name, reason)
    return None


def shape(sample: Sample) -> Iterator[str]:
    """Calls of the conversation and of the checker are the same, each answered, each turn closed by an answer.

    In which order they may be made, the checker says, and judging by it finds out.
    """
    in_messages = [(call_id, arguments) for call_id, _, arguments in called(sample.messages)]
    in_checker = {call.id: call.arguments for call in sample.checker.calls}
    if sorted(call_id for call_id, _ in in_messages) != sorted(call.id for call in sample.checker.calls):
        yield "the calls of the conversation are not those of the checker"
    elif any(not equal_values(arguments, in_checker[call_id]) for call_id, arguments in in_messages):
        yield "a call's arguments are not those of the checker"
    if list(tool_messages(sample.messages)) != [call_id for call_id, _ in in_messages]:
        yield "calls and observations do not pair up"
    yield from _turn_shape(sample)


def _turn_shape(sample: Sample) -> Iterator[str]:
    start = 0
    for turn in sample.turns:
        first, last = turn.messages
        if first != start or not first < last < len(sample.messages):
            yield "the turns do not cover the conversation"
            return
        opening, closing = sample.messages[first], sample.messages[last]
        if opening["role"] != "user" or closing["role"] != "assistant" or not closing.get("content"):
            yield "a turn is not opened by the user and closed by an answer"
        start = last + 1
    if start != len(sample.messages):
        yield "the turns do not cover the conversation"


def schema(sample: Sample) -> Iterator[str]:
    """Every call names an offered tool and fits its input schema."""
    offered = {tool["function"]["name"]: as_object(tool["function"].get("parameters")) for tool in sample.tools}
    for call_id, name, arguments in called(sample.messages):
        if name not in offered:
            yield f"{call_id} calls {name!r}, which is not offered"
            continue
        for error in schema_errors(offered[name], arguments):
            yield f"{call_id} ({name}): {error}"


def grounding(sample: Sample) -> Iterator[str]:
    """Every argument leaf has a source, and the source really says it."""
    sources = {(item.call, item.argument): item for item in sample.provenance}
    seen: set[tuple[str, str]] = set()
    for call in sample.checker.calls:
        for place, value in argument_leaves(call.arguments):
            if (item := sources.get((call.id, place))) is None:
                yield f"{call.id} {place}: no recorded source"
            elif reason := _unsourced(sample, item, value):
                yield f"{call.id} {place}: {reason}"
            seen.add((call.id, place))
    if stray := sorted(set(sources) - seen):
        yield f"{stray[0][0]} {stray[0][1]}: a source without an argument"


def _unsourced(sample: Sample, item: Provenance, value: Any) -> str | None:
    kind = item.source.get("kind")
    if kind == "user":
        return _unheard(sample, item) or _misread(item, value)
    if kind == "derived":
        return _unheard(sample, item) or _does_not_follow(sample, item, value)
    if kind == "output":
        return _not_returned(sample, item, value)
    if kind in ("default", "const", "enum"):
        return None if _fixed_by_schema(sample, item, value, str(kind)) else f"the schema has no such {kind}"
    return f"unknown kind of source {kind!r}"


def _unheard(sample: Sample, item: Provenance) -> str | None:
    """Why the user has not said the recorded words by then."""
    turn, text = item.source.get("turn"), item.source.get("text")
    if not isinstance(turn, int) or not 0 <= turn < len(sample.turns) or not isinstance(text, str):
        return "the user's words are not recorded"
    first, last = sample.turns[turn].messages
    before = sample.messages[first : min(last + 1, _message_of(sample, item.call))]
    spoken = [str(message["content"]) for message in before if message["role"] == "user"]
    if not spoken:
        return "the user says it only later"
    if not any(text in words for words in spoken):
        return "the user's message does not hold the recorded words"
    return None


def _misread(item: Provenance, value: Any) -> str | None:
    text = str(item.source["text"])
    return None if reads_as(text, value) else f"the words {text!r} do not say {value!r}"


def _does_not_follow(sample: Sample, item: Provenance, value: Any) -> str | None:
    """Why a value is not what the words make of an earlier call's argument, by the recorded rule."""
    order = {call.id: number for number, call in enumerate(sample.checker.calls)}
    origin, place = str(item.source.get("call")), str(item.source.get("argument"))
    if order.get(origin, len(order)) >= order[item.call]:
        return "what it is counted from does not come before it"
    try:
        before = get(sample.checker.calls[order[origin]].arguments, place)
    except KeyError:
        return f"{origin} has no {place}"
    text = str(item.source["text"])
    rule = rule_for(text, before, value)
    return (
        None
        if rule is not None and rule == item.source.get("rule")
        else f"{text!r} does not make {value!r} of {before!r}"
    )


def _not_returned(sample: Sample, item: Provenance, value: Any) -> str | None:
    order = [call.id for call in sample.checker.calls]
    producer = item.source.get("call")
    if producer not in order or order.index(producer) >= order.index(item.call):
        return "its producing call does not come before it"
    taken = next(call for call in sample.checker.calls if call.id == item.call).taken.get(item.argument)
    if taken is None or (taken.call, taken.place) != (producer, item.source.get("place")):
        return "the checker names another origin"
    shown = tool_messages(sample.messages).get(producer, "")
    return None if _shows(shown, value) else f"{producer} did not return {value!r}"


def _shows(text: str, value: Any) -> bool:
    return str(value).lower() in text.lower() or str(value) in text.replace("\\", "")


def _fixed_by_schema(sample: Sample, item: Provenance, value: Any, kind: str) -> bool:
    name = next(name for call_id, name, _ in called(sample.messages) if call_id == item.call)
    offered = {tool["function"]["name"]: as_object(tool["function"].get("parameters")) for tool in sample.tools}
    leaf = property_schema(offered.get(name, {}), item.argument)
    if kind == "enum":
        return only_value(leaf) == (kind, value)
    return kind in leaf and equal_values(leaf[kind], value)


def _message_of(sample: Sample, call_id: str) -> int:
    """Index of the message in which a call is made; 0 when it is made in none."""
    for index, message in enumerate(sample.messages):
        if any(call["id"] == call_id for call in message.get("tool_calls") or ()):
            return index
    return 0


def leak(sample: Sample) -> Iterator[str]:
    """Requests name no tool and no parameter; reasoning uses only what was said and seen by then."""
    yield from _leaks_of_requests(sample)
    descriptions = [str(tool["function"].get("description", "")) for tool in sample.tools]
    shown = "\n".join((*descriptions, *(tool["function"]["name"] for tool in sample.tools)))
    for index, message in enumerate(sample.messages):
        reasoning = message.get("reasoning_content")
        if message["role"] != "assistant" or not reasoning:
            continue
        seen = seen_text(sample.messages[: index + 1])
        for word in (*given_away(reasoning, "\0", [shown, seen]), *unsupported(reasoning, f"{shown}\n{seen}")):
            yield f"the reasoning of message {index} mentions {word!r}"


def _leaks_of_requests(sample: Sample) -> Iterator[str]:
    tools = [tool["function"]["name"] for tool in sample.tools] + [call.tool for call in sample.checker.calls]
    for index, turn in enumerate(sample.turns):
        first, last = turn.messages
        words = tools + _parameter_names(sample, {name for _, name, _ in called(sample.messages[first : last + 1])})
        spoken = (message for message in sample.messages[first : last + 1] if message["role"] == "user")
        text = "\n".join(str(message["content"]) for message in spoken)
        said = (str(p.source["text"]) for p in sample.provenance if p.source.get("turn") == index)
        for wording in sorted(said, key=len, reverse=True):
            text = text.replace(wording, " … ")
        if turn.kind in REFUSED:
            text = _QUOTED.sub(" … ", text)
        for word in spoken_of(text, dict.fromkeys(words)):
            yield f"the request of turn {index} says {word!r}"
        for match in CODE_CASE.finditer(text):
            yield f"the request of turn {index} says {match.group(0)!r}"


_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”")
"""Values of a wish that no call was made for: nothing records where they were said."""


def _parameter_names(sample: Sample, tools: set[str]) -> list[str]:
    """Names of the parameters of these tools."""
    functions = [tool["function"] for tool in sample.tools if tool["function"]["name"] in tools]
    return [name for one in functions for name in as_object(as_object(one.get("parameters")).get("properties"))]


def answer(sample: Sample) -> Iterator[str]:
    """Closing answers state only what was seen, and are never an error text."""
    for turn in sample.turns:
        last = turn.messages[1]
        text = str(sample.messages[last].get("content") or "")
        if strays := unsupported(text, seen_text(sample.messages[:last])):
            yield f"the answer of message {last} states {strays[0]!r}, which nothing supports"
        reads_badly = reads_as_error if turn.kind in REFUSED else reads_as_failure
        if reads_badly(text):
            yield f"the answer of message {last} reads like an error"
    yield from _bad_observations(sample)


def _bad_observations(sample: Sample) -> Iterator[str]:
    """Observations of calls that were to work, and did not."""
    failing = {call.id for call in sample.checker.calls if call.fails}
    for call_id, observation in tool_messages(sample.messages).items():
        if call_id not in failing and _went_wrong(observation):
            yield f"the observation of {call_id} reads like an error"


def _went_wrong(observation: str) -> bool:
    return reads_as_failure(observation) or reads_as_nothing(observation)


GATES: dict[str, Gate] = {
    "shape": shape,
    "schema": schema,
    "grounding": grounding,
    "leak": leak,
    "answer": answer,
    "kind": kinds,
    "hygiene": hygiene,
}
