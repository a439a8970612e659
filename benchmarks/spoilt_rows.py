"""Rows whose conversation was spoilt, as a trainer would find it wrong; nothing else in them is changed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from typing import Any

Row = dict[str, Any]
Spoiler = Callable[[Row, random.Random], Row | None]


def calls_of(row: Row) -> list[dict[str, Any]]:
    """The calls of the conversation."""
    return [call for message in row["messages"] for call in message.get("tool_calls") or ()]


def right_calls(row: Row) -> list[dict[str, Any]]:
    """Those of them that are no slips."""
    slips = {call["id"] for call in row["checker"]["calls"] if call["fails"]}
    return [call for call in calls_of(row) if call["id"] not in slips]


def shown(row: Row, call_id: str) -> dict[str, Any]:
    """The message with what came back."""
    return next(one for one in row["messages"] if one["role"] == "tool" and one["tool_call_id"] == call_id)


def expected(row: Row, call_id: str) -> dict[str, Any]:
    """What the checker says of a call."""
    return next(call for call in row["checker"]["calls"] if call["id"] == call_id)


def answers(row: Row) -> list[dict[str, Any]]:
    """The words that close turns in which something was called."""
    made = [turn for turn in row["turns"] if turn["kind"] not in ("irrelevant", "missing_function")]
    return [row["messages"][turn["messages"][1]] for turn in made]


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every text and number of some JSON with its pointer."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{place}/{key}")
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from leaves(item, f"{place}/{at}")
    elif value is not None and not isinstance(value, bool) and value != "":
        yield place, value


def put(value: Any, place: str, new: Any) -> None:
    """Overwrite what stands at a pointer."""
    *way, last = place.strip("/").split("/")
    for part in way:
        value = value[int(part)] if isinstance(value, list) else value[part]
    value[int(last) if isinstance(value, list) else last] = new


def nudged(value: Any) -> Any:
    """A value next to this one."""
    if isinstance(value, (int, float)):
        return value + 1
    digits = list(re.finditer(r"\d", value))
    if not digits:
        return f"{value[:-1]}{'x' if value[-1:] != 'x' else 'z'}"
    at = digits[-1].start()
    return f"{value[:at]}{(int(value[at]) + 1) % 10}{value[at + 1 :]}"


def one_argument(row: Row, rng: random.Random) -> tuple[dict[str, Any], str, Any] | None:
    """A call, the pointer of one of its arguments, and its value."""
    found = [(call, *leaf) for call in right_calls(row) for leaf in leaves(call["function"]["arguments"])]
    return rng.choice(found) if found else None


def cut(row: Row, call_id: str) -> None:
    """Take a call out of the conversation, and mend the spans of the turns."""
    gone = [at for at, one in enumerate(row["messages"]) if one.get("tool_call_id") == call_id]
    for at, message in enumerate(row["messages"]):
        if message.get("tool_calls"):
            message["tool_calls"] = [call for call in message["tool_calls"] if call["id"] != call_id]
            gone += [at] if not message["tool_calls"] else []
    row["messages"] = [one for at, one in enumerate(row["messages"]) if at not in gone]
    for turn in row["turns"]:
        turn["messages"] = [at - sum(one < at for one in gone) for at in turn["messages"]]
        turn["masked"] = [at - sum(one < at for one in gone) for at in turn["masked"] if at not in gone]


def said_wrong_value(row: Row, rng: random.Random) -> Row | None:
    """An argument has a value that stands elsewhere in the conversation."""
    if (chosen := one_argument(row, rng)) is None:
        return None
    call, place, value = chosen
    every = [one for other in calls_of(row) for _, one in leaves(other["function"]["arguments"])]
    others = [one for one in every if type(one) is type(value) and one != value]
    put(call["function"]["arguments"], place, rng.choice(others) if others else nudged(value))
    return row


def said_type(row: Row, rng: random.Random) -> Row | None:
    """A number becomes a text, a text a list."""
    if (chosen := one_argument(row, rng)) is None:
        return None
    call, place, value = chosen
    put(call["function"]["arguments"], place, [value] if isinstance(value, str) else str(value))
    return row


def said_other_tool(row: Row, rng: random.Random) -> Row | None:
    """The name of a call is that of another tool on offer."""
    call = rng.choice(right_calls(row))["function"]
    call["name"] = rng.choice([n for tool in row["tools"] if (n := tool["function"]["name"]) != call["name"]])
    return row


def said_dropped(row: Row, rng: random.Random) -> Row | None:
    """A call and what came back are cut out."""
    cut(row, rng.choice(right_calls(row))["id"])
    return row


def said_exchanged(row: Row, rng: random.Random) -> Row | None:
    """Two calls change places, each with what came back, although one needs the other."""
    pairs = [(expected(row, name), one) for one in row["checker"]["calls"] for name in one["after"]]
    pairs = [(first["id"], second["id"]) for first, second in pairs if not first["fails"] and not second["fails"]]
    if not pairs:
        return None
    first, second = rng.choice(pairs)
    one, two = (next(call for call in calls_of(row) if call["id"] == name) for name in (first, second))
    one["function"], two["function"] = two["function"], one["function"]
    here, there = shown(row, first), shown(row, second)
    here["content"], there["content"] = there["content"], here["content"]
    here["name"], there["name"] = there["name"], here["name"]
    return row


def said_observation(row: Row, rng: random.Random) -> Row | None:
    """One digit of what came back is another, and of every answer that tells it."""
    places = [(m, d.start()) for m in row["messages"] if m["role"] == "tool" for d in re.finditer(r"\d", m["content"])]
    if not places:
        return None
    message, at = rng.choice(places)
    text = message["content"]
    message["content"] = f"{text[:at]}{(int(text[at]) + 1) % 10}{text[at + 1 :]}"
    return row


def said_cut_observation(row: Row, rng: random.Random) -> Row | None:
    """What came back ends in the middle."""
    message = shown(row, rng.choice(right_calls(row))["id"])
    message["content"] = message["content"][: len(message["content"]) // 2]
    return row


def said_timeout(row: Row, rng: random.Random) -> Row | None:
    """What came back is an error."""
    shown(row, rng.choice(right_calls(row))["id"])["content"] = "Error: the upstream service did not answer in time"
    return row


def said_other_request(row: Row, rng: random.Random) -> Row | None:
    """The user says another value than the one that is used."""
    spoken = [item["source"]["text"] for item in row["provenance"] if item["source"]["kind"] == "user"]
    for text in rng.sample(spoken, len(spoken)):
        for message in row["messages"]:
            if message["role"] == "user" and text in message["content"]:
                message["content"] = message["content"].replace(text, str(nudged(text)))
                return row
    return None


def said_answer_value(row: Row, rng: random.Random) -> Row | None:
    """An answer tells, in the place of a number or a name, another one that really came back."""
    for message in rng.sample(answers(row), len(answers(row))):
        at = row["messages"].index(message)
        before = [one["content"] for one in row["messages"][:at] if one["role"] == "tool"]
        words = [w for w in re.findall(r"[A-Z][\w-]*\d[\w-]*|\d[\d.,:-]*\d|\b\d\b", message["content"]) if len(w) > 1]
        if not words or not before:
            continue
        word = rng.choice(words)
        seen = {one for text in before for one in re.findall(r"[A-Z][\w-]*\d[\w-]*|\d[\d.,:-]*\d", text)}
        alike = sorted(one for one in seen if one not in message["content"] and _form(one) == _form(word))
        if alike:
            message["content"] = message["content"].replace(word, rng.choice(alike), 1)
            return row
    return None


def _form(text: str) -> str:
    return re.sub(r"\d+", "0", re.sub(r"[A-Za-z]+", "a", text))


def said_invented_answer(row: Row, rng: random.Random) -> Row | None:
    """An answer tells a number that never came back."""
    found = [one for one in answers(row) if re.search(r"\d\d", one["content"])]
    if not found:
        return None
    message = rng.choice(found)
    message["content"] = re.sub(r"\d\d", lambda d: f"{(int(d.group(0)) + 37) % 90 + 10}", message["content"], count=1)
    return row


def said_not(row: Row, rng: random.Random) -> Row | None:
    """An answer says that it was not done."""
    message = rng.choice(answers(row))
    message["content"] = "Sorry, I could not do that."
    return row


def said_extra_deed(row: Row, rng: random.Random) -> Row | None:
    """An answer tells of a deed of a tool that is on offer and was not called."""
    made = {call["function"]["name"] for call in calls_of(row)}
    idle = [tool["function"] for tool in row["tools"] if tool["function"]["name"] not in made]
    idle = [
        tool for tool in idle if re.match(r"(cancel|create|add|remove|delete|book|send|update|order)_", tool["name"])
    ]
    if not idle:
        return None
    verb, *rest = rng.choice(idle)["name"].split("_")
    past = {"send": "sent"}.get(verb, f"{verb.rstrip('e')}{'led' if verb == 'cancel' else 'ed'}")
    rng.choice(answers(row))["content"] += f" I {past} the {' '.join(rest)} too."
    return row


def said_answers_exchanged(row: Row, rng: random.Random) -> Row | None:
    """Two turns are closed by each other's answers."""
    if len(answers(row)) < 2:
        return None
    one, two = rng.sample(answers(row), 2)
    if one["content"] == two["content"]:
        return None
    one["content"], two["content"] = two["content"], one["content"]
    return row


def said_unasked(row: Row, _: random.Random) -> Row | None:
    """The assistant does not ask, and the user gives the missing value unasked."""
    for turn in row["turns"]:
        if turn["kind"] == "missing_parameter":
            row["messages"][turn["messages"][0] + 1]["content"] = "All right."
            return row
    return None


def said_other_thought(row: Row, rng: random.Random) -> Row | None:
    """A thought takes a value that nobody has said or seen."""
    thinking = [one for one in row["messages"] if re.search(r"\d", one.get("reasoning_content") or "")]
    if not thinking:
        return None
    message = rng.choice(thinking)
    message["reasoning_content"] = re.sub(r"\d+", lambda d: str(int(d.group(0)) + 1907), message["reasoning_content"])
    return row


def said_requests_exchanged(row: Row, rng: random.Random) -> Row | None:
    """Two turns are opened by each other's requests."""
    opening = [row["messages"][turn["messages"][0]] for turn in row["turns"]]
    if len(opening) < 2:
        return None
    one, two = rng.sample(opening, 2)
    one["content"], two["content"] = two["content"], one["content"]
    return row


def said_other_name(row: Row, rng: random.Random) -> Row | None:
    """An answer tells another name than the one that came back; that one came back too."""
    names = re.compile(r"[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})+")
    texts = "\n".join(one["content"] for one in row["messages"] if one["role"] == "tool")
    for message in rng.sample(answers(row), len(answers(row))):
        told = [name for name in names.findall(message["content"]) if name in texts]
        others = sorted({name for name in names.findall(texts) if name not in message["content"]})
        if told and others:
            message["content"] = message["content"].replace(rng.choice(told), rng.choice(others), 1)
            return row
    return None


def said_other_unit(row: Row, _: random.Random) -> Row | None:
    """An answer tells a number in another unit."""
    units = {"kg": "g", "euros": "dollars", "EUR": "USD", "minutes": "hours", "km": "m", "days": "weeks", "mm": "cm"}
    for message in answers(row):
        for unit, other in units.items():
            if re.search(rf"\d {unit}\b", message["content"]):
                message["content"] = re.sub(rf"(\d) {unit}\b", rf"\1 {other}", message["content"], count=1)
                return row
    return None


def said_half_answer(row: Row, rng: random.Random) -> Row | None:
    """An answer ends in the middle."""
    message = rng.choice(answers(row))
    message["content"] = message["content"][: len(message["content"]) // 2]
    return row


def said_negated(row: Row, _: random.Random) -> Row | None:
    """An answer says that something is not so."""
    for message in answers(row):
        if re.search(r"\b(is|are|was|were|has been|have been)\b", message["content"]):
            message["content"] = re.sub(r"\b(is|are|was|were|has|have)\b", r"\1 not", message["content"], count=1)
            return row
    return None


def said_thought_of_another(row: Row, rng: random.Random) -> Row | None:
    """A thought speaks of calling another tool than the one that is called."""
    steps = [one for one in row["messages"] if one.get("tool_calls") and one.get("reasoning_content")]
    for message in rng.sample(steps, len(steps)):
        name = message["tool_calls"][0]["function"]["name"]
        others = [n for tool in row["tools"] if (n := tool["function"]["name"]) != name]
        if name in message["reasoning_content"] and others:
            message["reasoning_content"] = message["reasoning_content"].replace(name, rng.choice(others))
            return row
    return None


def said_unmasked(row: Row, _: random.Random) -> Row | None:
    """A call that fails is to be learnt."""
    masked = [turn for turn in row["turns"] if turn["masked"]]
    for turn in masked:
        turn["masked"] = []
    return row if masked else None


def said_on_offer(row: Row, _: random.Random) -> Row | None:
    """A tool that was missing when the assistant refused is on offer all along."""
    held = [turn for turn in row["turns"] if turn["withheld"]]
    for turn in held:
        turn["withheld"] = []
    return row if held else None


def said_more(row: Row, rng: random.Random) -> Row | None:
    """The user wants one thing more, which nobody does."""
    made = [turn for turn in row["turns"] if turn["kind"] not in ("irrelevant", "missing_function")]
    message = row["messages"][rng.choice(made)["messages"][0]]
    message["content"] += " And please send me a printed copy of it by courier."
    return row
