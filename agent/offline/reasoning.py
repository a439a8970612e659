"""The student's thoughts before a step: what is known, what is missing, which tool gives it and why."""

from __future__ import annotations

import random
from collections.abc import Sequence

from toolweave.agent.offline.deciding import Decision
from toolweave.agent.offline.english import capitalised, gerund, joined, spaced
from toolweave.agent.offline.purpose import purpose_of
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.offline.ways import Filled, Way
from toolweave.servers.json_values import is_list


def thoughts(decision: Decision, box: Toolbox, seen_before: int, rng: random.Random) -> str:
    """One to four sentences that lead to the call of a decision."""
    way = decision.way
    assert way is not None
    ready = way.ready
    told = seen_before == 0 or decision.redirected or rng.random() < 0.25
    parts = [_wish(decision, box, way, rng)] if told else []
    parts += _gap(way, box, rng) if way.first is not None else []
    parts += _sources(ready, rng)
    parts.append(_step(ready, box, bool(way.first), rng))
    return " ".join(part for part in parts if part)


def _wish(decision: Decision, box: Toolbox, way: Way, rng: random.Random) -> str:
    """What the request comes down to; what comes before it, where something does."""
    if decision.goal is None:
        return ""
    phrase, tool = box.purposes[decision.goal.id].phrase, way.ready.tool
    if decision.redirected and tool.id != decision.goal.id:
        before = box.purposes[tool.id].phrase
        return rng.choice(
            (
                f"Before I can {phrase}, I have to {before}.",
                f"The aim is to {phrase}, and that takes something else first: I have to {before}.",
                f"To {phrase}, I first need to {before}.",
            )
        )
    return rng.choice(
        (
            f"The user wants me to {phrase}.",
            f"This comes down to {gerund(phrase)}.",
            f"What is asked for is to {phrase}.",
            f"The aim is to {phrase}.",
            f"I am asked to {phrase}.",
            f"In the end I have to {phrase}.",
            f"The request is to {phrase}.",
            f"So I am to {phrase}.",
        )
    )


def _gap(way: Way, box: Toolbox, rng: random.Random) -> list[str]:
    """What the next tools on the way still lack."""
    step = way
    while step.first is not None and step.first.first is not None:
        step = step.first
    assert step.first is not None
    thing = _thing(step.wanted, step)
    does = rng.choice(
        (
            f"{box.names[step.tool.id]} needs",
            f"For {box.names[step.tool.id]} I need",
            f"To {purpose_of(step.tool).phrase}, I need",
        )
    )
    return [
        rng.choice(
            (
                f"{does} {thing}, which I do not have yet.",
                f"{does} {thing}, and nobody has told me that so far.",
                f"{does} {thing}; it is still missing.",
                f"{does} {thing}, so that comes first.",
            )
        )
    ]


def _thing(path: str, way: Way) -> str:
    name = path.replace("[]", "").rpartition(".")[2]
    said = spaced(name)
    if said in ("id", "key", "code", "number"):
        noun = purpose_of(way.tool).noun
        return f"the {said} of the {noun}" if noun else f"the {said}"
    found = said.split()
    if len(found) > 1 and found[-1] in ("id", "key", "code", "number", "uuid"):
        last = "ID" if found[-1] in ("id", "uuid") else found[-1]
        return f"the {last} of the {' '.join(found[:-1])}"
    return f"the {said}"


def _sources(ready: Way, rng: random.Random) -> list[str]:
    """Where the arguments come from."""
    shown = [item for item in ready.filled if item.source in ("result", "earlier")]
    said = [item for item in ready.filled if item.source == "request" and not isinstance(item.value, bool)]
    parts: list[str] = []
    if shown:
        parts.append(_from_result(shown[0], ready, rng))
    if said:
        parts.append(_from_request(said, rng))
    return parts


def _from_result(item: Filled, ready: Way, rng: random.Random) -> str:
    thing, value = _thing(item.path, ready), item.value
    assert item.candidate is not None
    why = item.candidate.why
    if why == "used":
        return rng.choice(
            (
                f"I have worked with {value} before, which is what this is about.",
                f"It is about {value} again.",
                f"From before, {thing} is {value}.",
            )
        )
    when = "earlier" if item.source == "earlier" else "just now"
    base = rng.choice(
        (
            f"The result gives {value} as {thing}",
            f"{capitalised(thing)} is {value}, as the result shows",
            f"I can take {value} from what came back {when}",
            f"{value} came back {when} as {thing}",
        )
    )
    if why == "matches":
        return f"{base}; that entry fits the request."
    if why == "first" and rng.random() < 0.5:
        return f"{base}; it is the first that fits."
    return f"{base}."


def _from_request(said: Sequence[Filled], rng: random.Random) -> str:
    texts = [
        f"{_short(item.value)} for the {spaced(item.path.replace('[]', '').rpartition('.')[2])}" for item in said[:3]
    ]
    return rng.choice(
        (
            f"The user gives {joined(texts)}.",
            f"From the request I take {joined(texts)}.",
            f"The request says {joined(texts)}.",
            f"I was told {joined(texts)}.",
        )
    )


def _short(value: object) -> str:
    text = joined([str(item) for item in value]) if is_list(value) else str(value)
    return text if len(text) <= 60 else "the given text"


def _step(ready: Way, box: Toolbox, on_the_way: bool, rng: random.Random) -> str:
    name, purpose = box.names[ready.tool.id], purpose_of(ready.tool)
    if on_the_way:
        return rng.choice(
            (
                f"{name} can {purpose.phrase}, so I call it first.",
                f"I start with {name}.",
                f"I use {name} to {purpose.phrase} first.",
                f"{name} should give me that.",
                f"First I {purpose.phrase} with {name}.",
            )
        )
    return rng.choice(
        (
            f"Everything is there, so I call {name}.",
            f"I call {name} now.",
            f"{name} does that.",
            f"I can {purpose.phrase} with {name}.",
            f"Now I can use {name}.",
            f"{name} is the one for that.",
        )
    )


def closing_thoughts(rng: random.Random) -> str:
    """Before the answer: nothing is left to do."""
    return rng.choice(
        (
            "The result is there, so I can tell the user what it says.",
            "Nothing is left to do; I sum up what came back.",
            "That was all that was asked. I report the outcome.",
            "The last call went through, so I can answer.",
            "I have what the user wanted to know or to have done, and report it.",
            "This settles the request. I answer with the main facts.",
        )
    )
