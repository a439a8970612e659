"""What a reply must satisfy beyond its shape, role by role; a check raises `BadReply`, worded for the model."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any

from toolweave.agent.endpoint.replies import BadReply
from toolweave.agent.grounding import seen_text, unsupported
from toolweave.agent.patterns import argument_leaves
from toolweave.agent.reviewing import JudgeAsk, Judgement, RefineAsk, Refinement
from toolweave.agent.roles import Critique, CritiqueAsk, ProposedCall, Query, Step, StepAsk, UserAsk, Value, ValueAsk
from toolweave.agent.spoken import reads_as
from toolweave.agent.whole_words import alone
from toolweave.servers.json_values import canonical
from toolweave.servers.schemas import first_problem

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_QUOTES = re.compile("[\"“”'`]")
MOST_TOLD = 5
"""Problems of one reply that a model is told."""
_SHORT = 160
"""Characters of a message that only insists."""
_FORESEEN = re.compile(
    r"make_this_call|\b(?:(?:on|by) (?:purpose|mistake)|deliberately|intentionally|mistakenly"
    r"|(?:will|would|should|may|might|could) (?:probably |likely )?(?:fail|be (?:refused|rejected)|return an error))\b",
    re.IGNORECASE,
)
_LEFT_OUT = ("not_together", "did_not_ask", "did_not_refuse")
"""Mistakes whose tool is one that the step did without."""
_CODE_NAME = re.compile(r"[a-z][A-Z]|[_\d.:/-]")


def complain(problems: Iterable[str]) -> None:
    """Refuse a reply with problems; a few of them are told."""
    if found := list(islice(problems, MOST_TOLD)):
        raise BadReply("; ".join(found))


def check_said(reply: Query, ask: UserAsk) -> None:
    """The simulated user says every value that was asked for, shows where, and repeats nothing when insisting."""
    said = sorted((item.call, item.pointer) for item in reply.said)
    if said != sorted((item.call, item.pointer) for item in ask.values):
        raise BadReply("said: must hold one entry for each value under say_these, and no other")
    for item in reply.said:
        if item.text not in reply.text:
            raise BadReply(f"said: {item.text[:80]!r} is not a piece of the text")
    if ask.purpose == "insist" and len(reply.text) > _SHORT:
        raise BadReply("text: say it in one short sentence")


def check_step(reply: Step, ask: StepAsk) -> None:
    """A step either calls or answers, and is reasoned either way; a slip is made as it is asked for, unsuspecting."""
    answered = bool(reply.answer and reply.answer.strip())
    if not reply.reasoning.strip():
        raise BadReply("reasoning: must not be blank")
    if bool(reply.calls) == answered:
        raise BadReply("give either calls or an answer: not both, and not neither")
    if ask.slip is not None:
        _check_slip(reply, ask.slip)


def check_judgement(reply: Judgement, ask: JudgeAsk) -> None:
    """Every question has one opinion, and every opinion a question."""
    if sorted(opinion.criterion for opinion in reply.opinions) != sorted(ask.questions):
        raise BadReply(f"opinions: must hold one entry for each of {', '.join(ask.questions)}, and no other")


def check_refinement(reply: Refinement, ask: RefineAsk) -> None:
    """Only words are changed, and what must stay is there; each message is reworded once."""
    numbers = [one.number for one in reply.messages]
    if len(set(numbers)) < len(numbers):
        raise BadReply("messages: must hold one entry for each message that is reworded")
    for one in reply.messages:
        message = ask.messages[one.number] if one.number < len(ask.messages) else {}
        for name, text in (("content", one.content), ("reasoning_content", one.reasoning_content)):
            if text is not None and not (message.get(name) and message.get("role") in ("user", "assistant")):
                raise BadReply(f"messages: message {one.number} has no {name} that may be reworded")
        if one.content is not None and (
            gone := [text for text in ask.keep.get(one.number, ()) if text not in one.content]
        ):
            raise BadReply(f"messages: message {one.number} must hold {gone[0]!r} word for word")


def _check_slip(reply: Step, slip: ProposedCall) -> None:
    made = canonical([call.model_dump(mode="json") for call in reply.calls])
    if made != canonical([slip.model_dump(mode="json")]):
        raise BadReply("calls: must hold exactly the call under make_this_call")
    if foreseen := _FORESEEN.search(reply.reasoning):
        raise BadReply(f"reasoning: {foreseen.group(0)!r} shows a doubt; write as if the call were right")


def check_hint(reply: Critique, ask: CritiqueAsk) -> None:
    """A hint gives away no right value, nothing unseen, and no name of a tool that the step did not call."""
    for value in gold_values(ask):
        if tells(reply.hint, value):
            raise BadReply("the hint gives a correct value away; describe where it comes from instead")
    if unseen := unsupported(_QUOTES.sub("", reply.hint), _known(ask)):
        raise BadReply(f"the hint says {unseen[0]}, which the assistant has not seen")
    about = [ask.tool.name] if ask.tool else []
    called = {call.name.rsplit("/", 1)[-1] for call in ask.step.calls}
    called.update(about if ask.mistake not in _LEFT_OUT else [])
    for name in dict.fromkeys([item.tool.name for item in ask.expected] + about):
        if name not in called and _CODE_NAME.search(name) and _mentions(reply.hint, name):
            raise BadReply("the hint names the right tool; describe what it is for instead")


def _known(ask: CritiqueAsk) -> str:
    """Everything that the assistant has seen and written."""
    thoughts = [str(message.get("reasoning_content") or "") for message in ask.messages]
    shown = ask.tool if ask.mistake != "did_not_refuse" else None  # that tool is not on offer
    tool = canonical([shown.name, shown.description, shown.input_schema]) if shown else ""
    return "\n".join([seen_text(ask.messages), *thoughts, canonical(ask.step.model_dump(mode="json")), tool])


def check_value(reply: Value, ask: ValueAsk) -> None:
    """An invented value fits its schema; a schema that is broken cannot forbid anything."""
    if reply.value is None:
        return
    try:
        problem = first_problem(ask.schema, reply.value)
    except Exception:  # boundary: a server's schema can break the validator in any way (references, patterns, types)
        return
    if problem is not None:
        raise BadReply(f"value: {problem[:200]}")


def gold_values(ask: CritiqueAsk) -> list[Any]:
    """Argument values of the right calls; yes/no, nothing and single characters give nothing away."""
    leaves = [leaf for call in ask.expected for _, leaf in argument_leaves(call.arguments)]
    return [leaf for leaf in leaves if isinstance(leaf, (int, float, str)) and not _is_trivial(leaf)]


def tells(text: str, value: float | str) -> bool:
    """Whether a text says a value, as it is or as people write it."""
    if isinstance(value, str):
        return _mentions(text, value) or reads_as(text, value)
    numbers = (float(item.replace(",", "")) for item in _NUMBER.findall(text))
    return any(abs(number - value) < 1e-9 for number in numbers)


def _is_trivial(value: object) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and len(value.strip()) < 2)


def _mentions(text: str, words: str) -> bool:
    flat = " ".join(words.lower().split())
    return re.search(alone(flat), " ".join(text.lower().split())) is not None
