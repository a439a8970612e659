"""From the sentences of a text to the deeds that it asks for, one by one; everything else is an aside, with a reason.

Asked for is what stands as an order ("Look up …", "Then you cancel …"), as what somebody on duty does ("The clerk
lends …"), or, between words of order such as "first" and "finally", as what is done ("The fine is then waived"). What
is forbidden, depends on an `if`, is optional, is only remarked, or is no work for a tool, is never a step.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from toolweave.agent.offline.english import base_form
from toolweave.agent.texts.phrases import (
    ACTOR,
    ASKS_FOR,
    BY_DOING,
    BY_SOMETHING,
    CAUSED,
    CODE,
    CONDITION,
    FORBIDS,
    FORESEEN,
    HEADED,
    IN_TURN,
    JOINT,
    LEAD,
    LET_DO,
    LIGHT,
    LIST_OF,
    NO_OBJECT,
    NOTED,
    ON_A_LIST,
    OPENER,
    OPTIONAL,
    ORDERED,
    PARTICIPLES,
    PASSIVE,
    POINTERS,
    REMARK,
    SEEING,
    SO,
    TAKEN_DOWN,
    URGED,
)
from toolweave.agent.texts.sentences import sentences_of
from toolweave.agent.texts.thesaurus import PARTICLES, is_phrasal
from toolweave.agent.texts.verbs import BY_HAND, INSTRUCTING

LONGEST_THING = 9
"""Words of what something is done to, in the passive."""
OPEN = frozenset("what whatever whether nothing nobody who whoever how that which when where everything".split())
"""Words by which a clause begins that names no thing."""
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
    end = at + len(sentence)
    if (urged := URGED.match(words)) is not None:
        at, words = at + urged.end(), words[urged.end() :]
    headed, label = HEADED.match(words), ""
    heads = listed and headed is not None and _why_not(words) is None and _order(words, passive=False) is None
    if heads and headed is not None and _order(words[headed.end() :], passive=False):
        at, words, label = at + headed.end(), words[headed.end() :], headed.group()
    if listed:
        words = NOTED.sub("record ", words)
    if (reason := _why_not(words)) is not None:
        yield Aside(sentence, at, end, reason)
        return
    if (urged := URGED.match(words)) is not None:
        at, words = at + urged.end(), words[urged.end() :]
    opener = OPENER.match(words)
    ordered = opener is not None or ORDERED.search(words) is not None
    start = opener.end() if opener is not None else 0
    if (reason := _why_not(words[start:])) is not None:
        yield Aside(sentence, at, end, reason)
        return
    passive = (listed and not sentence.startswith("(")) or opener is not None or IN_TURN.search(words) is not None
    start = _behind_lead(words, start, passive=passive)
    found = _order(words[start:], passive=passive) or _started_by(words, start, listed=listed)
    if found is None and (later := _behind_reason(words, start)) is not None:
        start, found = later, _order(words[later:], passive=False)
    if found is None:
        yield Aside(sentence, at, end, TELLS)
        return
    skipped, order = found
    said = _order(words[start:], passive=False) is None and not _started_by(words, start, listed=listed)
    start += skipped
    lead = label + words[:start]
    for one in _parts(order, at + start, end, ordered, whole=words.endswith(order)):
        yield replace(one, passive=said, lead=lead) if isinstance(one, Deed) else one
        lead = ""


def _why_not(words: str) -> str | None:
    for pattern, reason in (
        (REMARK, "a remark"), (FORESEEN, "a remark"), (FORBIDS, "it forbids"), (OPTIONAL, "optional"),
        (CONDITION, "it depends on something"),
    ):  # fmt: skip
        if pattern.match(words):
            return reason
    return "a question" if words.endswith("?") else None


def _behind_lead(words: str, start: int, *, passive: bool) -> int:
    """Behind what comes before the order: "Once the card is there, …", "In the register, …"."""
    while LEAD.match(words[start:]):
        cut = _comma(words, start, passive=passive)
        if cut is None:
            return start
        opener = OPENER.match(words[cut:])
        start = cut + (opener.end() if opener is not None else 0)
    return start


def _behind_reason(words: str, start: int) -> int | None:
    """Where an order begins that follows from what is said before it: "…, so switch it on"."""
    for found in SO.finditer(words, start):
        place = found.end()
        if found.group("so") and _why_not(words[place:]) is None and _order(words[place:], passive=False) is not None:
            return place
    return None


def _comma(words: str, start: int, *, passive: bool) -> int | None:
    """Behind the first comma that an order follows."""
    for found in re.finditer(rf"{CODE}|,\s+", words[start:]):
        place = start + found.end()
        if found.group().startswith(",") and _order(words[place:], passive=passive) is not None:
            return place
    return None


def _order(words: str, *, passive: bool) -> tuple[int, str] | None:
    """(characters skipped, the order beginning with its verb in the base form); `None` where there is none."""
    opener = OPENER.match(words)
    skipped = opener.end() if opener is not None else 0
    text = LIST_OF.sub("list ", LIGHT.sub("look at", words[skipped:]))
    text = LET_DO.sub("", ASKS_FOR.sub("look up ", text))
    if (caused := CAUSED.match(text)) is not None and caused["deed"].lower() in PARTICIPLES:
        text = f"{PARTICIPLES[caused['deed'].lower()]} {caused['thing']} {caused['rest']}".strip()
    text = ON_A_LIST.sub(r"look up \g<thing> \g<where>", text)
    first = re.match(r"[A-Za-z][a-z-]*", text)
    if first is not None and _is_order(first.group().lower(), text):
        return skipped, text
    actor = ACTOR.match(text)
    if actor is not None and actor["pronoun"] and not (skipped or passive or ORDERED.search(words)):
        actor = None
    if actor is not None and (found := _done_by(text[actor.end() :])) is not None:
        return skipped + actor.end(), found
    if passive and (match := PASSIVE.match(text)) is not None and _is_done(match):
        return skipped, _active(match)
    return None


def _is_done(passive: re.Match[str]) -> bool:
    """Whether a passive tells what somebody is to do: to a thing, and not by something."""
    thing = passive.group("thing").split()
    plain = thing[0].lower() not in OPEN and len(thing) <= LONGEST_THING
    return plain and passive.group("deed").lower() in PARTICIPLES and not BY_SOMETHING.search(passive.group("rest"))


def _active(passive: re.Match[str]) -> str:
    """`look up recipes` for "Recipes are looked up"."""
    verb, thing, rest = PARTICIPLES[passive.group("deed").lower()], passive.group("thing"), passive.group("rest")
    particle, _, behind = rest.partition(" ")
    if is_phrasal(f"{verb}_{particle.lower()}"):
        verb, rest = f"{verb} {particle.lower()}", behind
    first = thing.split(" ", 1)[0]
    common = first.lower() in POINTERS or first.endswith("s")
    return f"{verb} {thing[:1].lower() + thing[1:] if common else thing} {rest}".strip()


def _started_by(words: str, start: int, *, listed: bool) -> tuple[int, str] | None:
    """The order in "Start by looking up the member"."""
    order = _gerund(words[start:]) if listed or words[:start].rstrip().endswith(" by") else None
    return None if order is None else (0, order)


def _gerund(words: str) -> str | None:
    """The order in "looking up the member"."""
    first = re.match(r"[A-Za-z]+ing\b(?=\s+\S)", words)
    verb = _base(first.group()) if first is not None else None
    return None if first is None or verb is None else verb + words[first.end() :]


def _base(word: str) -> str | None:
    """The base form of a verb that may stand in an instruction."""
    low = word.lower()
    singular = low[:-2] if low in ("goes", "does") else low.removesuffix("s")
    found = next((one for one in (low, singular) if one in INSTRUCTING), None) or base_form(low)
    if found is None and low.endswith("ing"):
        found = next((one for one in (low[:-3], f"{low[:-3]}e") if one in INSTRUCTING), None)
    return found if found is not None and found.split()[0] in INSTRUCTING else None


def _is_order(word: str, text: str) -> bool:
    if word not in INSTRUCTING or NO_OBJECT.match(text):
        return False
    return len(text.split()) > 1


def _done_by(words: str) -> str | None:
    """What somebody does, as an order."""
    if (begun := BY_DOING.match(words)) is not None:
        return _gerund(words[begun.end() :])
    first = re.match(r"[a-z]+", words)
    verb = _base(first.group()) if first is not None else None
    if first is None or verb is None or first.group().endswith(("ing", "ed")):
        return None
    return verb + words[first.end() :]


def _parts(order: str, start: int, end: int, marked: bool, *, whole: bool) -> Iterator[Deed | Aside]:
    """The deeds of one sentence, one after the other."""
    cuts = [0, *_joints(order, told=not whole), len(order)]
    for number, (first, last) in enumerate(pairwise(cuts)):
        text = order[first:last]
        joint = JOINT.match(text) if number else None
        opening = joint.end() if joint is not None else 0
        text = re.sub(r"^(?:then|finally|also|next|you|we|she|he)\s+", "", text[opening:].strip()).strip(
            " ,;\u2013\u2014"
        )
        text = text if whole or not number else _done_by(text) or text
        place = start + first + opening if whole else start
        reason = _no_work(text)
        if reason is not None:
            yield Aside(text, place, min(end, place + len(text)), reason)
        elif text:
            yield Deed(text, place, min(end, place + len(text)), marked)


def _joints(order: str, *, told: bool) -> Iterator[int]:
    """Where another deed begins: behind "and" or "then", with a verb and what it is done to.

    Where somebody is `told` to do it, as in "the clerk looks it up and sends it", the verb has an ending.
    """
    for found in JOINT.finditer(order):
        word = (found.group("word") or "").lower()
        if found.group("joint") is None or not (word in INSTRUCTING or (told and _done_by(f"{word} x"))):
            continue
        behind = (found.group("behind") or "").strip(" ,")
        strong = re.sub(r"[\s,]", "", found.group("joint")) != "and"
        if strong or not behind or _opens_object(behind) or SEEING.match(order[found.end() :]):
            yield found.start()


def _opens_object(word: str) -> bool:
    return word.lower() in POINTERS or word.lower() in PARTICLES or not word[0].islower()


def _no_work(text: str) -> str | None:
    """Why a deed is nothing for a tool."""
    if SEEING.match(text):
        return "only to be looked at"
    if TAKEN_DOWN.match(text):
        return "only to be noted"
    first, *behind = re.findall(r"[a-z-]+", text.lower())[:FAR] or [""]
    return "done by hand" if {first, *(f"{first}_{word}" for word in behind)} & BY_HAND else None
