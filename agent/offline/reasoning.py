"""The student's thoughts before a step: what is known, what is missing, which tool gives it and why."""

from __future__ import annotations

import random
from collections.abc import Sequence

from toolweave.agent.offline.clauses import Clauses
from toolweave.agent.offline.conversation import Situation
from toolweave.agent.offline.deciding import Decision
from toolweave.agent.offline.english import capitalised, gerund, joined, spaced
from toolweave.agent.offline.lexicon import UNITS
from toolweave.agent.offline.purpose import purpose_of
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.offline.ways import Filled, Way
from toolweave.agent.offline.wording import Group, label
from toolweave.graph.schema import parameters
from toolweave.servers.json_values import is_list
from toolweave.servers.tools import Tool

LONGEST_SHOWN = 60
"""Characters of a value that are still repeated."""


def thoughts(decision: Decision, box: Toolbox, situation: Situation, rng: random.Random) -> str:
    """One to five sentences that lead to the calls of a decision."""
    way = decision.way
    assert way is not None
    ready = way.ready
    told = not situation.here or decision.redirected or rng.random() < 0.25
    parts = [_now_possible(rng)] if situation.insisted and not situation.here else []
    parts += [_wish(decision, box, way, situation, rng)] if told else []
    parts += _gap(way, box, rng) if way.first is not None else []
    parts += _sources(ready, rng)
    parts.append(_step(ready, box, bool(way.first), rng))
    parts += _beside(decision, box, rng)
    return " ".join(part for part in parts if part)


def _now_possible(rng: random.Random) -> str:
    return rng.choice(
        (
            "What was missing before is there now.",
            "Now I have a tool for what the user asked.",
            "The user says that it works now, and I do see a fitting tool.",
            "I can take up the earlier request now.",
        )
    )


def _beside(decision: Decision, box: Toolbox, rng: random.Random) -> list[str]:
    """Why further calls can be made in the same step."""
    if not decision.beside:
        return []
    others = [way for way in decision.beside if way.tool.id != decision.calls[0].tool.id]
    if not others:
        shown = _apart(decision)
        return [
            rng.choice(
                (
                    *(
                        (f"I make one call each for {shown}.", f"That goes for {shown}, all in one go.")
                        if shown
                        else ()
                    ),
                    "The same has to be done more than once, and no call depends on another, so I make them together.",
                    "I need it for each of them, and I can ask for all at once.",
                    "These calls do not need each other, so they go out side by side.",
                )
            )
        ]
    also = joined(list(dict.fromkeys(box.names[way.tool.id] for way in others)))
    return [
        rng.choice(
            (
                f"{also} does not depend on that, so I call it at the same time.",
                f"At the same time I can use {also}.",
                f"I need {also} as well, and neither waits for the other.",
            )
        )
    ]


def _apart(decision: Decision) -> str:
    """The values that tell the calls of a step from each other; empty where they are long or not plain."""
    first = {item.path: item.value for item in decision.calls[0].filled}
    differing = [path for path in first if any(_given(way, path) != first[path] for way in decision.beside)]
    if len(differing) != 1:
        return ""
    values = [_given(way, differing[0]) for way in decision.calls]
    return joined([str(value) for value in values]) if all(_is_short(value) for value in values) else ""


def _given(way: Way, path: str) -> object:
    return next((item.value for item in way.filled if item.path == path), None)


def _is_short(value: object) -> bool:
    return isinstance(value, (str, int, float)) and len(str(value).split()) <= 3 and '"' not in str(value)


def asking_thoughts(tool: Tool, missing: str, box: Toolbox, rng: random.Random) -> str:
    """Before a question: what is wanted, and what only the user can tell."""
    phrase, name = box.purposes[tool.id].phrase, box.names[tool.id]
    start = rng.choice(
        (f"The user wants me to {phrase}.", f"I am to {phrase}.", f"This comes down to {gerund(phrase)}.")
    )
    rest = rng.choice(
        (
            f"{name} needs the {missing}, and neither the request nor any tool gives it. I have to ask.",
            f"What is missing is the {missing}; no tool can tell me that, so I ask the user.",
            f"I do not know the {missing} yet, and guessing would be wrong. Only the user can say.",
            f"For {name} the {missing} is required. The user has not said it, so I ask before I do anything.",
        )
    )
    return f"{start if name not in rest or rng.random() < 0.6 else ''} {rest}".strip()


def refusing_thoughts(rng: random.Random) -> str:
    """Before a refusal."""
    return rng.choice(
        (
            "I have gone through the tools, and none of them does what the user wants. I say so instead of guessing.",
            "No tool here fits this request, so making a call would not help. I tell the user.",
            "What the user asks for is outside of what my tools can do, so I should be open about it.",
            "There is nothing among the tools for this, and another tool would do something else. I had better say so.",
            "None of the tools can do that. The honest thing is to say it.",
        )
    )


def _wish(decision: Decision, box: Toolbox, way: Way, situation: Situation, rng: random.Random) -> str:
    """What the request comes down to; what comes before it, where something does."""
    if decision.goal is None:
        return ""
    phrase, tool = box.purposes[decision.goal.id].phrase, way.ready.tool
    if decision.redirected and tool.id != decision.goal.id:
        before = box.purposes[tool.id].phrase
        if Clauses(box, situation.request, situation.mentions).speak_of(tool):
            return rng.choice(
                (
                    f"The request also asks me to {before}, and that comes next.",
                    f"Next I am to {before}.",
                    f"As asked, I {before} now.",
                    f"Another part of the request is to {before}.",
                    f"Now it is time to {before}.",
                    f"I take the next thing in turn: to {before}.",
                )
            )
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
    missing = thing(step.wanted, step.tool)
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
                f"{does} {missing}, which I do not have yet.",
                f"{does} {missing}, and nobody has told me that so far.",
                f"{does} {missing}; it is still missing.",
                f"{does} {missing}, so that comes first.",
            )
        )
    ]


def thing(path: str, tool: Tool) -> str:
    """What a parameter stands for, with its article: `the ID of the member`."""
    name = path.replace("[]", "").rpartition(".")[2]
    said = spaced(name)
    if said in ("id", "key", "code", "number"):
        noun = purpose_of(tool).noun
        return f"the {said} of the {noun}" if noun else f"the {said}"
    found = said.split()
    if len(found) > 1 and found[-1] in ("id", "key", "code", "number", "uuid"):
        last = "ID" if found[-1] in ("id", "uuid") else found[-1]
        return f"the {last} of the {' '.join(found[:-1])}"
    return f"the {said}"


def _sources(ready: Way, rng: random.Random) -> list[str]:
    """Where the arguments come from."""
    shown = [
        item
        for item in ready.filled
        if item.source in ("result", "earlier") and not isinstance(item.value, (dict, list))
    ]
    said = [item for item in ready.filled if item.source == "request" and not isinstance(item.value, bool)]
    parts: list[str] = []
    if shown:
        parts.append(_from_result(shown[0], ready, rng))
    if said:
        parts.append(_from_request(said, ready.tool, rng))
    return parts


def _from_result(item: Filled, ready: Way, rng: random.Random) -> str:
    what, value = thing(item.path, ready.tool), item.value
    assert item.candidate is not None
    why = item.candidate.why
    if why == "used":
        known = (f"From before, {what} is {value}.", f"{capitalised(what)} stays {value}.")
        named = (f"I have worked with {value} before, which is what this is about.", f"It is about {value} again.")
        return rng.choice(known + named if isinstance(value, str) else known)
    when = "earlier" if item.source == "earlier" else "just now"
    base = rng.choice(
        (
            f"The result gives {value} as {what}",
            f"{capitalised(what)} is {value}, as the result shows",
            f"I can take {value} from what came back {when}",
            f"{value} came back {when} as {what}",
        )
    )
    if why == "matches":
        return f"{base}; that entry fits the request."
    if why == "first" and rng.random() < 0.5:
        return f"{base}; it is the first that fits."
    return f"{base}."


def _from_request(said: Sequence[Filled], tool: Tool, rng: random.Random) -> str:
    named = [(_called(item.path, tool), _short(item.value)) for item in said[:3]]
    first, value = named[0]
    many = first.endswith("s") and not first.endswith("ss")
    texts = [f"{shown} for the {what}" for what, shown in named]
    forms = [
        f"The user gives {joined(texts)}.",
        f"From the request I take {joined(texts)}.",
        f"I was told {joined([f'the {what}, {shown}' for what, shown in named])}."
        if len(named) == 1
        else f"The request settles the rest: {joined(texts)}.",
        f"The {joined([what for what, _ in named])} {'is' if len(named) == 1 and not many else 'are'} in the request: "
        f"{joined([shown for _, shown in named])}.",
    ]
    if len(named) == 1:
        forms.append(f"The {first} {'are' if many else 'is'} to be {value}.")
    return rng.choice(forms)


def _called(path: str, tool: Tool) -> str:
    """What a person calls a parameter: from its description where its name says little."""
    found = next((one for one in parameters(tool) if one.path in (path, f"{path}[]")), None)
    name = path.replace("[]", "").rpartition(".")[2]
    if spaced(name).split()[-1:] and spaced(name).split()[-1] in UNITS:
        return spaced(name)
    return label(Group((), name, found.description if found is not None else ""), ()) or spaced(name)


def _short(value: object) -> str:
    text = joined([str(item) for item in value]) if is_list(value) else str(value)
    if len(text) > LONGEST_SHOWN:
        return "the given text"
    return f'"{text}"' if len(text.split()) > 3 and '"' not in text and not is_list(value) else text


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
