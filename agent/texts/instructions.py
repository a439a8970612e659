"""From the sentences of a text to the deeds that it asks for, one by one; everything else is an aside, with a reason.

Asked for is what stands as an order ("Look up …", "Then you cancel …"), as what somebody on duty does ("The clerk
lends …"), or, between words of order such as "first" and "finally", as what is done ("The fine is then waived"). What
is forbidden, depends on an `if`, is optional, is only remarked, or is no work for a tool, is never a step.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from toolweave.agent.texts.clauses import Form, form_of, form_of_part, said_last
from toolweave.agent.texts.phrases import (
    ASKING,
    BY_SELF,
    CONDITION,
    FORBIDS,
    FORESEEN,
    HANGS_ON,
    IF,
    IN_TURN,
    JOINT,
    NOTED,
    OPENER,
    OPTIONAL,
    ORDERED,
    REASONS,
    REMARK,
    SEEING,
    SUBORDINATE,
    TAKEN_DOWN,
    URGED,
)
from toolweave.agent.texts.sentences import sentences_of
from toolweave.agent.texts.verbs import BY_HAND

FAR = 6
"""Words of a deed among which the particle of its verb is looked for."""
TELLS = "it asks for nothing"
"""Why a plain statement is no step."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a text asks to do."""

    text: str
    """In the words of the text, beginning with the verb."""
    start: int
    """Where it begins in the text of its block."""
    end: int
    marked: bool = False
    """Whether it stands with a word of order, such as "first" or "finally"."""
    passive: bool = False
    """Whether the text only says that it is done."""
    lead: str = ""
    """What the sentence says before it."""


@dataclass(frozen=True, slots=True)
class Aside:
    """A sentence that is no step."""

    text: str
    start: int
    end: int
    reason: str
    perhaps: str = ""
    """What it may ask for all the same, as an order; the tools decide."""
    likely: bool = False
    """Whether it would ask for it in a list."""


def read_instructions(text: str, *, listed: bool) -> Iterator[Deed | Aside]:
    """What a text asks for, in order, and what it says beside.

    Args:
        text: Of an item of a list, or of a paragraph.
        listed: Whether it is an item of a list, which may be an order in the passive.
    """
    for start, sentence in sentences_of(text):
        yield from _read(sentence, start, listed)


def _read(sentence: str, at: int, listed: bool) -> Iterator[Deed | Aside]:
    words = sentence.rstrip(".!;: ")
    if listed:
        words = NOTED.sub("record ", words)
    opener = OPENER.match(words)
    opened = opener.end() if opener is not None else 0
    asked = URGED.match(words) or URGED.match(words[opened:])
    reason = None if asked else _why_not(words) or _why_not(words[opened:])
    if reason is not None:
        yield Aside(sentence, at, at + len(sentence), reason)
        return
    in_list = listed and not sentence.startswith("(")
    turn = _Turn(in_list or opener is not None or IN_TURN.search(words) is not None, ORDERED.search(words) is not None)
    parts = list(_parts(words.rstrip("?"), in_list))
    if all(part.form is None for part in parts):
        yield Aside(sentence, at, at + len(sentence), TELLS)
        return
    for part in parts:
        yield _read_part(part, at, turn, listed=in_list)


@dataclass(frozen=True, slots=True)
class _Turn:
    """What a sentence says of order."""

    in_turn: bool
    """Whether a passive in it asks for something."""
    marked: bool
    """Whether it has words of order."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a sentence, with what it asks for."""

    text: str
    start: int
    form: Form | None
    reason: str = TELLS


def _parts(words: str, listed: bool) -> Iterator[_Part]:
    """The parts of a sentence that ask for something each, what stands before them, and what depends on something."""
    start, form, label = 0, form_of(words, "gerund" if listed else None), ""
    for joint in JOINT.finditer(words):
        place = joint.end()
        if joint.group("code") or (form is not None and joint.start() < start + form.place):
            continue
        if HANGS_ON.match(words[place:]) and joint.group().strip() != ",":
            yield _part(words, start, joint.start(), form, label)
            yield _Part(words[place:], place, None, "it depends on something")
            return
        manner = form.manner if form is not None else None
        following = form_of_part(words[place:], joint.group(), manner)
        if following is None or _why_not(words[place:]):
            continue
        if not following.sure and SUBORDINATE.search(said_last(words[start : joint.start()])):
            continue
        told = (form is None or not form.sure) and REASONS.search(joint.group()) is not None
        heads = form is None and joint.group().startswith(":")
        label = words[start : joint.end()] if heads or told else ""
        if not label:
            yield _part(words, start, joint.start(), form, "")
        start, form = place, following
    yield _part(words, start, len(words), form, label)


def _part(words: str, start: int, end: int, form: Form | None, label: str) -> _Part:
    """A part of a sentence; what it asks for is read again, now that its end is known."""
    text = words[start:end].strip(" ,")
    again = None if form is None else form_of(text, form.manner)
    lead = None if again is None else replace(again, lead=f"{label}{again.lead}")
    return _Part(text, start, lead)


def _read_part(part: _Part, at: int, turn: _Turn, *, listed: bool) -> Deed | Aside:
    form, start = part.form, at + part.start
    end = start + len(part.text)
    if form is None:
        return Aside(part.text, start, end, part.reason)
    if IF.search(form.text):
        return Aside(part.text, start, end, "it depends on something")
    if (reason := _no_work(form.text)) is not None:
        return Aside(form.text, start, end, reason)
    in_turn = turn.in_turn or (form.manner == "told" and turn.marked)
    if form.sure or (form.in_turn and in_turn):
        return Deed(
            form.text, start + form.place, end, turn.marked or turn.in_turn, form.manner == "passive", form.lead
        )
    return Aside(part.text, start, end, TELLS, form.text, form.in_turn or listed)


def _why_not(words: str) -> str | None:
    for pattern, reason in (
        (REMARK, "a remark"), (FORESEEN, "a remark"), (FORBIDS, "it forbids"), (OPTIONAL, "optional"),
        (CONDITION, "it depends on something"),
    ):  # fmt: skip
        if pattern.match(words):
            return reason
    return "a question" if words.endswith("?") and not ASKING.search(words) else None


def _no_work(text: str) -> str | None:
    """Why a deed is nothing for a tool."""
    if SEEING.match(text):
        return "only to be looked at"
    if TAKEN_DOWN.match(text):
        return "only to be noted"
    if BY_SELF.search(text):
        return "done by others"
    first, *behind = re.findall(r"[a-z-]+", text.lower())[:FAR] or [""]
    return "done by hand" if {first, *(f"{first}_{word}" for word in behind)} & BY_HAND else None
