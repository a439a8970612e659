"""The critiquing role: words a finding as a hint, specific about what is wrong and silent about what is right."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from toolweave.agent.offline.blaming import faults_of
from toolweave.agent.offline.conversation import read_situation
from toolweave.agent.offline.english import capitalised, gerund
from toolweave.agent.offline.following import pointer_label
from toolweave.agent.offline.guidance import (
    AGAIN,
    CLOSE,
    DEED_WORDS,
    FAULTS,
    FEWER,
    FIRST,
    NOT_THIS,
    ONE_BY_ONE,
    ONLY_SEEN,
    PARAMETER,
    REFUSE,
    TOGETHER,
)
from toolweave.agent.offline.purpose import Purpose, purpose_of
from toolweave.agent.patterns import argument_leaves
from toolweave.agent.roles import Critique, CritiqueAsk, Happened
from toolweave.agent.whole_words import spoken_of, whole
from toolweave.graph.nouns import tool_nouns
from toolweave.servers.tools import Tool

LONGEST = 600
MOST_TOGETHER = 4

_LEADS = {
    "missing_prerequisite": ("Not yet: ", "That comes too early: ", "One thing is missing: "),
    "wrong_order": ("The order is not right: ", "That comes too early: ", "Before that, "),
    "wrong_tool": ("", "For now, ", "At this point, "),
    "not_together": ("One call alone is not enough: ", "That leaves something out: ", "More can be done at once: "),
    "stopped_early": ("It is too early to answer: ", "The request is not served yet: ", "That is not the end: "),
}


def criticise(ask: CritiqueAsk) -> Critique:
    """A hint for the next attempt."""
    hint = _worded(ask, random.Random(ask.seed))
    return Critique(hint=_masked(hint, ask.expected)[:LONGEST])


def _worded(ask: CritiqueAsk, rng: random.Random) -> str:
    if ask.mistake in ("wrong_value", "wrong_source") and ask.tool is not None and ask.pointer:
        return _of_values(ask, ask.tool, ask.pointer, rng)
    if ask.mistake == "wrong_order" and ask.tool is not None and ask.expected[:1]:
        due = ask.expected[0].tool.id == ask.tool.id
        faults = faults_of(ask, ask.tool) if due else []
        if len(ask.step.calls) > 1 and not faults:
            return f"The order is not right: {ONE_BY_ONE}."
        if faults:
            return f"{rng.choice(_LEADS['wrong_order'])}{_of_argument(ask.tool, '; '.join(faults), capital=False)}"
    if ask.mistake == "extra_call" and len(ask.step.calls) > 1:
        return f"{capitalised(FEWER)}; leave out what the request does not speak of."
    if ask.mistake == "extra_call":
        return f"{capitalised(CLOSE)}, so nothing more has to be looked up or changed; close the turn."
    if ask.mistake == "did_not_refuse":
        return f"{capitalised(REFUSE)}; make no call, and tell the user so."
    if ask.mistake == "did_not_ask" and ask.tool is not None and ask.pointer:
        return _of_argument(ask.tool, FAULTS["unsaid"].format(label=pointer_label(ask.pointer)))
    if ask.mistake in ("unsupported_answer", "leak"):
        return f"{capitalised(ONLY_SEEN)} and what the request says, nothing else."
    return _of_tool(ask, rng) if ask.expected else f"{capitalised(CLOSE)}; close the turn."


def _of_values(ask: CritiqueAsk, tool: Tool, pointer: str, rng: random.Random) -> str:
    """Every wrong value of a call."""
    faults = faults_of(ask, tool, pointer)
    leads = ("look again: ", "one value is off: ", "") if len(faults) == 1 else ("look again: ", "not quite: ", "")
    return capitalised(f"{rng.choice(leads)}{_of_argument(tool, '; '.join(faults), capital=False)}")


def _of_argument(tool: Tool, faults: str, *, capital: bool = True) -> str:
    told = f"{PARAMETER.format(purpose=gerund(purpose_of(tool).phrase), faults=faults)}."
    return capitalised(told) if capital else told


def _of_tool(ask: CritiqueAsk, rng: random.Random) -> str:
    """What kind of thing is missing."""
    due, frame = _due(ask), TOGETHER if ask.mistake == "not_together" else FIRST
    made = [call.name for call in read_situation(ask.messages).here if not call.failed]
    told = [_wanted(ask, call, made) for call in due]
    lead = rng.choice(_LEADS.get(ask.mistake, ("",)))
    hints = [capitalised(f"{lead}{frame.format(purpose=told[0])}.")]
    hints += [capitalised(f"{frame.format(purpose=text)}.") for text in told[1:]]
    if ask.mistake == "wrong_tool" and (proposed := _proposed(ask)) is not None:
        hints.append(f"{capitalised(NOT_THIS.format(purpose=gerund(proposed.phrase)))}.")
    return " ".join(hints)


def _wanted(ask: CritiqueAsk, call: Happened, made: Sequence[str]) -> str:
    """What a call does, as vaguely as will do and without a word that gives it away.

    `made` holds the names of the calls that the turn has made.
    """
    purpose = purpose_of(call.tool)
    deed = DEED_WORDS[purpose.nouns.deed]
    coarse = f"{deed} the {purpose.noun}" if purpose.noun else purpose.phrase
    wanted = [coarse, purpose.phrase, f"{deed} something"]
    proposed = _proposed(ask)
    known = [*(tool_nouns(Tool("", name)) for name in made), *([proposed.nouns] if proposed is not None else [])]
    alike = any((one.deed, one.head) == (purpose.nouns.deed, purpose.nouns.head) for one in known)
    if alike or any(f"has to {coarse}" in hint for hint in ask.earlier):
        wanted = [purpose.phrase, coarse, wanted[2]]
    names = [*made, *(call.name for call in ask.step.calls if ask.mistake == "not_together")]
    if any(name.endswith(call.tool.name) for name in names):
        wanted = [f"{text}{AGAIN}" for text in wanted]
    return next((text for text in wanted if not _given_away(text, [call])), wanted[0])


def _due(ask: CritiqueAsk) -> list[Happened]:
    """The calls that a hint is about: those that are left out of the step, or the next one."""
    if ask.mistake != "not_together":
        made = [call.name for call in ask.step.calls]
        return [
            *(one for one in ask.expected if not any(name.endswith(one.tool.name) for name in made)),
            *ask.expected,
        ][:1]
    return list({call.tool.id: call for call in reversed(ask.expected)}.values())[::-1][:MOST_TOGETHER]


def _masked(hint: str, expected: Sequence[Happened]) -> str:
    """The hint without the words that give something away."""
    for word in _given_away(hint, expected):
        hint = whole(word).sub("such", hint)
    return hint


def _given_away(hint: str, expected: Sequence[Happened]) -> list[str]:
    """Values of the right calls, and their tools' names, that a hint holds."""
    found = [value for call in expected for _, value in argument_leaves(call.arguments) if not isinstance(value, bool)]
    values = [str(value) for value in found if value is not None and value != ""]
    names = [call.tool.name for call in expected if re.search(r"\W|_|[A-Z]", call.tool.name)]
    return spoken_of(hint, [*values, *names])


def _proposed(ask: CritiqueAsk) -> Purpose | None:
    """What the wrong call would have done."""
    if ask.tool is not None:
        return purpose_of(ask.tool)
    names = [call.name for call in ask.step.calls]
    wrong = [name for name in names if not any(name.endswith(call.tool.name) for call in ask.expected)]
    return purpose_of(Tool("", (wrong or names)[0])) if names else None
