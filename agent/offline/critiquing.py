"""The critiquing role: words a finding as a hint, specific about what is wrong and silent about what is right."""

from __future__ import annotations

import random
import re
from typing import Any

from toolweave.agent.offline.conversation import Seen, read_situation
from toolweave.agent.offline.english import capitalised, gerund, spaced, spoken_of
from toolweave.agent.offline.guidance import (
    AGAIN,
    ANOTHER_ENTRY,
    CLOSE,
    DEED_WORDS,
    FAULTS,
    FEWER,
    FIRST,
    NOT_THIS,
    ONLY_SEEN,
    ORDINALS,
    PARAMETER,
    REFUSE,
    TOGETHER,
)
from toolweave.agent.offline.purpose import purpose_of
from toolweave.agent.offline.wording import plain_value
from toolweave.agent.patterns import argument_leaves, get
from toolweave.agent.roles import Critique, CritiqueAsk, Happened
from toolweave.graph.fields import leaves
from toolweave.servers.tools import Tool

_LEADS = {
    "missing_prerequisite": ("Not yet: ", "That comes too early: ", "One thing is missing: "),
    "wrong_order": ("The order is not right: ", "That comes too early: ", "Before that, "),
    "wrong_tool": ("", "For now, ", "At this point, "),
    "not_together": ("One call alone is not enough: ", "That leaves something out: ", "More can be done at once: "),
    "stopped_early": ("It is too early to answer: ", "The request is not served yet: ", "That is not the end: "),
}


def criticise(ask: CritiqueAsk) -> Critique:
    """A hint for the next attempt."""
    rng = random.Random(ask.seed)
    if ask.mistake in ("wrong_value", "wrong_source") and ask.tool is not None and ask.pointer:
        hint = _of_value(ask, ask.tool, ask.pointer, rng)
        return Critique(hint=(_masked(hint, ask.expected[0]) if ask.expected else hint)[:600])
    if ask.mistake == "extra_call" and len(ask.step.calls) > 1:
        return Critique(hint=f"{capitalised(FEWER)}; leave out what the request does not speak of.")
    if ask.mistake == "extra_call":
        return Critique(hint=f"{capitalised(CLOSE)}, so nothing more has to be looked up or changed; close the turn.")
    if ask.mistake == "did_not_refuse":
        return Critique(hint=f"{capitalised(REFUSE)}; make no call, and tell the user so.")
    if ask.mistake == "did_not_ask" and ask.tool is not None and ask.pointer:
        return Critique(hint=_unsaid(ask.tool, ask.pointer)[:600])
    if ask.mistake in ("unsupported_answer", "leak"):
        return Critique(hint=f"{capitalised(ONLY_SEEN)} and what the request says, nothing else.")
    if not ask.expected:
        return Critique(hint=f"{capitalised(CLOSE)}; close the turn.")
    return Critique(hint=_of_tool(ask, rng)[:600])


def _of_tool(ask: CritiqueAsk, rng: random.Random) -> str:
    """What kind of thing is missing; only when that was said before, what its tool is described to do."""
    expected, frame = _due(ask), TOGETHER if ask.mistake == "not_together" else FIRST
    purpose = purpose_of(expected.tool)
    coarse = f"{DEED_WORDS[purpose.nouns.deed]} the {purpose.noun}" if purpose.noun else purpose.phrase
    wanted = [coarse, purpose.phrase, f"{DEED_WORDS[purpose.nouns.deed]} something"]
    if any(f"has to {coarse}" in hint for hint in ask.earlier):
        wanted = [purpose.phrase, coarse, wanted[2]]
    if _done_before(ask, expected):
        wanted = [f"{text}{AGAIN}" for text in wanted]
    lead = rng.choice(_LEADS.get(ask.mistake, ("",)))
    hints = [capitalised(f"{lead}{frame.format(purpose=text)}.") for text in wanted]
    if ask.mistake == "wrong_tool" and (proposed := _proposed(ask)) is not None:
        hints = [f"{hint} {capitalised(NOT_THIS.format(purpose=proposed))}." for hint in hints]
    return next((hint for hint in hints if not _given_away(hint, expected)), _masked(hints[0], expected))


def _due(ask: CritiqueAsk) -> Happened:
    """The call that a hint is about: the one that is left out of the step, or the next one."""
    if ask.mistake == "not_together" and ask.tool is not None:
        left = [call for call in ask.expected if call.tool.id == ask.tool.id]
        return left[-1] if left else ask.expected[0]
    return ask.expected[0]


def _done_before(ask: CritiqueAsk, expected: Happened) -> bool:
    """Whether the same tool was called before, in the turn or in the step itself."""
    names = [call.name for call in read_situation(ask.messages).here if not call.failed]
    names += [call.name for call in ask.step.calls] if ask.mistake == "not_together" else []
    return any(name.endswith(expected.tool.name) for name in names)


def _masked(hint: str, expected: Happened) -> str:
    """The hint without the words that give something away."""
    for word in _given_away(hint, expected):
        hint = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "such", hint, flags=re.IGNORECASE)
    return hint


def _given_away(hint: str, expected: Happened) -> list[str]:
    """Values of the right call, and its tool's name, that a hint holds."""
    leaf_values = [value for _, value in argument_leaves(expected.arguments) if not isinstance(value, bool)]
    values = [str(value) for value in leaf_values if value is not None and value != ""]
    return spoken_of(hint, [*values, *([expected.tool.name] if re.search(r"\W|_|[A-Z]", expected.tool.name) else [])])


def _proposed(ask: CritiqueAsk) -> str | None:
    """What the wrong call would have done."""
    if ask.tool is not None:
        return gerund(purpose_of(ask.tool).phrase)
    name = next((call.name for call in ask.step.calls), None)
    if name is None:
        return None
    return gerund(purpose_of(Tool("", name)).phrase)


def _unsaid(tool: Tool, pointer: str) -> str:
    """That a value has to be asked for, by what it is called."""
    about = gerund(purpose_of(tool).phrase)
    return f"{capitalised(PARAMETER.format(purpose=about, label=_label(pointer), fault=FAULTS['unsaid']))}."


def _label(pointer: str) -> str:
    return spaced(next((part for part in reversed(pointer.split("/")) if part and not part.isdigit()), "value"))


def _of_value(ask: CritiqueAsk, tool: Tool, pointer: str, rng: random.Random) -> str:
    about = gerund(purpose_of(tool).phrase)
    expected = next((call for call in ask.expected if call.tool.id == tool.id), None)
    fault = _fault(ask, expected, tool, pointer)
    hint = PARAMETER.format(purpose=about, label=_label(pointer), fault=fault)
    return capitalised(f"{rng.choice(('look again: ', 'one value is off: ', ''))}{hint}.")


def _fault(ask: CritiqueAsk, expected: Happened | None, tool: Tool, pointer: str) -> str:
    """What is wrong with one argument, without saying what would be right."""
    wanted = _at(expected.arguments, pointer) if expected is not None else None
    given = _at(_proposed_arguments(ask, tool), pointer)
    if wanted is None:
        return FAULTS["unasked"]
    source = _source(ask, wanted) if ask.mistake == "wrong_source" else None
    if source is None:
        return FAULTS["missing" if given is None else "other"]
    text = FAULTS["source"].format(ordinal=ORDINALS[min(source.number, len(ORDINALS) - 1)])
    shown = given is not None and any(plain_value(leaf.value) == plain_value(given) for leaf in leaves(source.value))
    return f"{text}; {ANOTHER_ENTRY}" if shown else text


def _proposed_arguments(ask: CritiqueAsk, tool: Tool) -> dict[str, Any]:
    """The arguments of the faulty call."""
    calls = [call for call in ask.step.calls if call.name.endswith(tool.name)] or list(ask.step.calls)
    return calls[0].arguments if calls else {}


def _source(ask: CritiqueAsk, wanted: Any) -> Seen | None:
    """The latest result that shows the right value."""
    for call in reversed(read_situation(ask.messages).calls):
        if any(plain_value(leaf.value) == plain_value(wanted) for leaf in leaves(call.value)):
            return call
    return None


def _at(arguments: dict[str, Any], pointer: str) -> Any:
    try:
        return get(arguments, pointer)
    except KeyError:
        return None
