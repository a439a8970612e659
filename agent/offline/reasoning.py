"""The student's thoughts before a step: what is known, what is missing, which tool gives it and why."""

from __future__ import annotations

import random
from collections.abc import Sequence

from toolweave.agent.offline.clauses import Clauses
from toolweave.agent.offline.conversation import Seen, Situation
from toolweave.agent.offline.deciding import Decision
from toolweave.agent.offline.english import gerund, joined
from toolweave.agent.offline.forms import forms, pick
from toolweave.agent.offline.lexicon import COUNTING
from toolweave.agent.offline.purpose import Purpose, purpose_of
from toolweave.agent.offline.sourcing import sources, thing
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.offline.ways import Way
from toolweave.servers.tools import Tool

# {phrase}: what is wanted, {doing} as a gerund. {before}: what comes before it. {name}: a tool. {what}: an argument.
_AGAIN = forms(
    """What was missing before is there now. | Now I have a tool for what the user asked.
    | The user says that it works now, and I do see a fitting tool. | I can take up the earlier request now."""
)
_WISHES = forms(
    """The user wants me to {phrase}. | This comes down to {doing}. | What is asked for is to {phrase}.
    | The aim is to {phrase}. | I am asked to {phrase}. | In the end I have to {phrase}. | The request is to {phrase}.
    | So I am to {phrase}."""
)
_ALSO_WISHED = forms(
    """The request also asks me to {before}, and that comes next. | Next I am to {before}. | As asked, I {before} now.
    | Another part of the request is to {before}. | Now it is time to {before}.
    | I take the next thing in turn: to {before}."""
)
_BEFORE = forms(
    """Before I can {phrase}, I have to {before}. | To {phrase}, I first need to {before}.
    | The aim is to {phrase}, and that takes something else first: I have to {before}."""
)
_FIRST = forms("First I have to {before}. | For that I need to {before}. | To get on, I {before}.")
_BESIDE_THE_GOAL = forms("Next I {before}. | There is also this to do: {before}.")
_TO_BEGIN = forms("First I {before}. | To begin with, I {before}.")
_NEEDS = forms("{name} needs {what} | For {name} I need {what} | To {phrase}, I need {what}")
_LACKS = forms(
    """{needs}, which I do not have yet. | {needs}, and nobody has told me that so far. | {needs}; it is still missing.
    | {needs}, so that comes first."""
)
_CALLS_FIRST = forms(
    """{name} can {phrase}, so I call it first. | I start with {name}. | I use {name} to {phrase} first.
    | {name} should give me that. | First I {phrase} with {name}."""
)
_CALLS = forms(
    """Everything is there, so I call {name}. | I call {name} now. | {name} does that. | I can {phrase} with {name}.
    | Now I can use {name}. | {name} is the one for that."""
)
_EACH = forms("I make one call each for {shown}. | That goes for {shown}, all in one go.")
_TOGETHER = forms(
    """The same has to be done more than once, and no call depends on another, so I make them together.
    | I need it for each of them, and I can ask for all at once.
    | These calls do not need each other, so they go out side by side."""
)
_BESIDE = forms(
    """{name} does not depend on that, so I call it at the same time. | At the same time I can use {name}.
    | I need {name} as well, and neither waits for the other."""
)
_ASKED = forms("The user wants me to {phrase}. | I am to {phrase}. | This comes down to {doing}.")
_UNKNOWN = forms(
    """{name} needs the {what}, and neither the request nor any tool gives it. I have to ask.
    | What is missing is the {what}; no tool can tell me that, so I ask the user.
    | I do not know the {what} yet, and guessing would be wrong. Only the user can say.
    | For {name} the {what} is required. The user has not said it, so I ask before I do anything."""
)
_REFUSING = forms(
    """I have gone through the tools, and none of them does what the user wants. I say so instead of guessing.
    | No tool here fits this request, so making a call would not help. I tell the user.
    | What the user asks for is outside of what my tools can do, so I should be open about it.
    | There is nothing among the tools for this, and another tool would do something else. I had better say so.
    | None of the tools can do that. The honest thing is to say it."""
)
_CLOSING = forms(
    """{name} was the last thing to do, and it went through. | {name} has answered, so the request is served.
    | What {name} gave back completes what was asked."""
)
_CLOSING_ALL = forms(
    """All {many} calls went through, so I can report. | {first} and {name} have both answered; nothing else is open.
    | From {first} to {name} everything worked, and the user can be told."""
)
_FOUND = forms(
    """{name} shows what the user wants to know. | I have the {noun} from {name}, and no more is needed.
    | That the user can be told with what {name} shows."""
)
_HAVING = forms(
    """I have {deed}, and nothing else was asked for. | Having {deed}, I can answer.
    | With that I have {deed}, as I was asked to."""
)


def thoughts(decision: Decision, box: Toolbox, situation: Situation, rng: random.Random) -> str:
    """One to five sentences that lead to the calls of a decision."""
    way = decision.way
    assert way is not None
    told = not situation.here or decision.redirected or rng.random() < 0.25
    parts = [pick(rng, _AGAIN)] if situation.insisted and not situation.here else []
    parts += [_wish(decision, box, way, situation, rng)] if told else []
    parts += [_gap(way, box, rng)] if way.first is not None else []
    parts += sources(way.ready, situation, rng)
    name, phrase = box.names[way.ready.tool.id], purpose_of(way.ready.tool).phrase
    parts.append(pick(rng, _CALLS_FIRST if way.first is not None else _CALLS, name=name, phrase=phrase))
    parts += _beside(decision, box, rng)
    return " ".join(part for part in parts if part)


def _wish(decision: Decision, box: Toolbox, way: Way, situation: Situation, rng: random.Random) -> str:
    """What the request comes down to; what comes before it, where something does."""
    if decision.goal is None:
        return ""
    phrase, tool = box.purposes[decision.goal.id].phrase, way.ready.tool
    if not decision.redirected or tool.id == decision.goal.id:
        return pick(rng, _WISHES, phrase=phrase, doing=gerund(phrase))
    if Clauses(box, situation.request, situation.mentions).speak_of(tool):
        ways = _ALSO_WISHED
    elif box.leads_to(tool, decision.goal):
        ways = _FIRST if situation.here else _BEFORE
    else:
        ways = _BESIDE_THE_GOAL if situation.here else _TO_BEGIN
    return pick(rng, ways, phrase=phrase, before=box.purposes[tool.id].phrase)


def _gap(way: Way, box: Toolbox, rng: random.Random) -> str:
    """What the next tool on the way still lacks."""
    step = way
    while step.first is not None and step.first.first is not None:
        step = step.first
    what, name = thing(step.wanted, step.tool), box.names[step.tool.id]
    needs = pick(rng, _NEEDS, name=name, what=what, phrase=purpose_of(step.tool).phrase)
    return pick(rng, _LACKS, needs=needs)


def _beside(decision: Decision, box: Toolbox, rng: random.Random) -> list[str]:
    """Why further calls can be made in the same step."""
    if not decision.beside:
        return []
    others = [way for way in decision.beside if way.tool.id != decision.calls[0].tool.id]
    if others:
        also = joined(list(dict.fromkeys(box.names[way.tool.id] for way in others)))
        return [pick(rng, _BESIDE, name=also)]
    shown = _apart(decision)
    return [pick(rng, (*_EACH, *_TOGETHER) if shown else _TOGETHER, shown=shown)]


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
    start = pick(rng, _ASKED, phrase=phrase, doing=gerund(phrase))
    rest = pick(rng, _UNKNOWN, name=name, what=missing)
    return f"{start if name not in rest or rng.random() < 0.6 else ''} {rest}".strip()


def refusing_thoughts(rng: random.Random) -> str:
    """Before a refusal."""
    return pick(rng, _REFUSING)


def closing_thoughts(purpose: Purpose | None, made: Sequence[Seen], rng: random.Random) -> str:
    """Before the answer: what the turn's calls have come to."""
    names = list(dict.fromkeys(seen.name for seen in made if not seen.failed))
    if not names:
        return "There is nothing that I could do about it, and I say so."
    ways = [*_CLOSING, *(_CLOSING_ALL if len(names) > 1 else ())]
    if purpose is not None and purpose.shows:
        ways += _FOUND if purpose.noun else _FOUND[:1]
    elif purpose is not None and purpose.report:
        ways += _HAVING
    deed, noun = (purpose.report, purpose.noun) if purpose is not None else ("", "")
    many = COUNTING[min(len(made), len(COUNTING) - 1)]
    return pick(rng, ways, name=names[-1], first=names[0], many=many, deed=deed, noun=noun)
