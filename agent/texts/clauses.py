"""What one clause asks for, as an order that begins with its verb, however it is said.

An order as it stands ("Look up …"), a polite request, what somebody does ("The clerk lends …"), what is done ("The
fine is waived"), a verb in `-ing`. Some of these mostly tell and only may ask for it: those are not `sure`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from toolweave.agent.offline.english import base_form
from toolweave.agent.offline.lexicon import SMALL
from toolweave.agent.texts.phrases import (
    ACTOR,
    ASKING,
    ASKS_FOR,
    BY_DOING,
    BY_SOMETHING,
    CAUSED,
    COMES,
    DETERMINERS,
    HABIT,
    LEAD,
    LET_DO,
    LET_HAVE,
    LIGHT,
    LIST_OF,
    NO_OBJECT,
    ON_A_LIST,
    OPENER,
    PARTICIPLES,
    PASSIVE,
    PLACED,
    POINTERS,
    PREPOSITIONS,
    SEEING,
    SOMEBODY,
    URGED,
)
from toolweave.agent.texts.sentences import core
from toolweave.agent.texts.thesaurus import PARTICLES, idioms, is_phrasal
from toolweave.agent.texts.verbs import INSTRUCTING

Manner = Literal["order", "told", "passive", "gerund"]
"""How a clause says its deed."""
LONGEST_THING = 11
"""Words of what something is done to, in the passive."""
FARTHEST = 14
"""Words that stand before an order without a comma, at most."""
OPEN = frozenset("what whatever whether nothing nobody who whoever how that which when where everything there".split())
"""Words by which a clause begins that names no thing."""


NO_ORDERS = frozenset(("new", "ok"))
"""Words that names of tools open with, and no orders."""
RELATIVE = frozenset("that which who whom whose".split())
VAGUE = frozenset("get have go say keep use do let work tell see want".split())
"""Verbs of what people do all day."""


@dataclass(frozen=True, slots=True)
class Form:
    """A clause as an order."""

    text: str
    """Beginning with the verb in its base form."""
    place: int
    """Where in the clause that begins, or what it was made from."""
    manner: Manner
    sure: bool = True
    """Whether it asks for something; if not, it may as well only tell."""
    in_turn: bool = False
    """Whether it asks for something at least in a list or between words of order."""
    lead: str = ""
    """What stands before the order, where the order does not say it."""


def form_of(words: str, before: Manner | None = None) -> Form | None:
    """What a clause asks for; `None` where it can be no order.

    Args:
        words: The clause.
        before: How the clause said its deed that this one goes on with, without saying again who does it.
    """
    opener = OPENER.match(words)
    skipped = opener.end() if opener is not None else 0
    started = words[:skipped].rstrip().endswith(" by")
    found = _plain(words[skipped:], "gerund" if started else before) or _behind_lead(words[skipped:])
    return None if found is None else replace(found, place=skipped + found.place)


def form_of_part(words: str, joint: str, before: Manner | None) -> Form | None:
    """What a part of a sentence asks for; behind a mere `and` or comma it has to say to what, or by whom, it is done.

    Args:
        words: The part, and what stands behind it.
        joint: What joins it with what stands before it.
        before: How that said its deed.
    """
    found = form_of(words, before)
    weak = joint.strip(" ,").lower() in ("", "and", "but")
    if found is None or not weak:
        return found
    first, *behind = words.split(" ", 2)
    if found.manner == "order" and not found.place:
        return found if behind and (opens_object(behind[0]) or SEEING.match(words)) else None
    goes_on = found.manner == before and not found.place
    told = joint.strip() != "," and (
        opens_object(first) or ACTOR.match(words) or LEAD.match(words) or OPENER.match(words)
    )
    return found if goes_on or told else None


def _plain(words: str, before: Manner | None) -> Form | None:
    """The order in a clause that begins with it or with who carries it out."""
    asked = ASKING.match(words) or URGED.match(words)
    if asked is not None:
        rest = words[asked.end() :].rstrip("? ")
        found = _plain(rest, "gerund")
        return None if found is None else replace(found, place=asked.end() + found.place, sure=True)
    return _order(words) or _by_actor(words) or _passive(words) or _by_somebody(words) or _going_on(words, before)


def _order(words: str) -> Form | None:
    text = LIST_OF.sub("list ", LIGHT.sub("look at", words))
    text = LET_HAVE.sub(r"give \g<thing> to \g<who>", text)
    text = LET_DO.sub("", ASKS_FOR.sub("look up ", text))
    if (caused := CAUSED.match(text)) is not None and caused["thing"].strip().lower() not in DETERMINERS:
        text = f"{PARTICIPLES[caused['deed'].lower()]} {caused['thing'].strip()}{caused['rest']}"
    text = ON_A_LIST.sub(r"look up \g<thing> \g<where>", text)
    first, *behind = text.split(" ", 2) if text else [""]
    if not behind or not re.fullmatch(r"[A-Za-z][a-z-]*", first) or NO_OBJECT.match(text):
        return None
    if first.lower() in INSTRUCTING - NO_ORDERS:
        return Form(text, 0, "order")
    return None


def _by_actor(words: str) -> Form | None:
    """What a reader of the text does, or somebody on duty; surely, where it is said who."""
    actor = ACTOR.match(words)
    done = _done_by(words[actor.end() :]) if actor is not None else None
    if actor is None or done is None:
        return None
    pronoun = actor["pronoun"] is not None
    return Form(done, actor.end(), "told", sure=not pronoun, in_turn=pronoun)


def _by_somebody(words: str) -> Form | None:
    """What somebody or something does, which may as well be told only."""
    somebody = SOMEBODY.match(words)
    if somebody is None or words.split(" ", 1)[0].lower() in SMALL - {"the", "our"} or HABIT.search(words):
        return None
    done = _done_by(words[somebody.end() :])
    return None if done is None or done.split(" ", 1)[0] in VAGUE else Form(done, somebody.end(), "told", sure=False)


def _passive(words: str) -> Form | None:
    """What is done, told without who does it."""
    match = PASSIVE.match(words)
    comes = COMES.match(words) if match is None and not LEAD.match(words) else None
    if comes is not None and comes["thing"].split()[0].lower() in POINTERS:
        return Form(f"put {comes['thing'].strip()} {comes['rest']}", 0, "passive", sure=False, in_turn=True)
    if match is None or LEAD.match(words):
        return None
    thing = match.group("thing").split()
    general = thing[0].lower() in ("a", "an") and not RELATIVE.isdisjoint(thing)
    plain = thing[0].lower() not in OPEN and len(thing) <= LONGEST_THING and not general
    known = match.group("deed").lower() in PARTICIPLES and not BY_SOMETHING.match(match.group("rest"))
    return Form(_active(match), 0, "passive", sure=False, in_turn=True) if plain and known else None


def said_last(words: str) -> str:
    """What stands behind the deed of a clause, as far as that is a passive."""
    match = PASSIVE.match(words)
    return words if match is None else match.group("rest")


def _active(passive: re.Match[str]) -> str:
    """`look up recipes` for "Recipes are looked up"."""
    verb, thing, rest = PARTICIPLES[passive.group("deed").lower()], passive.group("thing"), passive.group("rest")
    particle, _, behind = rest.partition(" ")
    idiom = any(re.match(rf"{' '.join(one[1:])}\b", rest) for one in idioms() if one[0] == verb)
    if is_phrasal(f"{verb}_{particle.lower()}") and not idiom:
        verb, rest = f"{verb} {particle.lower()}", behind
    first = thing.split(" ", 1)[0]
    common = first.lower() in POINTERS or first.endswith("s")
    return f"{verb} {thing[:1].lower() + thing[1:] if common else thing} {rest}".strip()


def _going_on(words: str, before: Manner | None) -> Form | None:
    """What a clause asks for whose subject stands in the one before: "… and sends it"."""
    first = re.match(r"[A-Za-z]+", words)
    if first is None or before is None:
        return None
    if before == "passive" and (verb := PARTICIPLES.get(first.group().lower())) is not None:
        return Form(f"{verb} it{words[first.end() :]}", 0, before, sure=False, in_turn=True)
    done = _gerund(words) if before == "gerund" else _done_by(words) if before == "told" else None
    return None if done is None else Form(done, 0, before)


def _behind_lead(words: str) -> Form | None:
    """The order behind what says when, where or to what: "Once the card is there, …", "In the register you …"."""
    if not LEAD.match(words):
        return None
    for comma in re.finditer(r",\s+", words):
        rest = words[comma.end() :]
        if (found := _behind(words, comma.end(), form_of(rest))) is not None:
            return found
    spaces = [found.end() for found in re.finditer(r"\s+", words)][1:FARTHEST]
    for place in spaces:
        if (
            _is_complete(words[:place])
            and _opens_clause(words[place:])
            and (found := _behind(words, place, _plain(words[place:], None)))
        ):
            return found
    return None


def _is_complete(lead: str) -> bool:
    """Whether what stands before an order may end here: not with an article, a preposition or a relative pronoun."""
    *before, last = re.findall(r"[\w-]+", lead.lower())
    relative = last in RELATIVE and bool(before) and before[-1] not in PREPOSITIONS
    return not relative and last not in DETERMINERS | PREPOSITIONS


def _behind(words: str, place: int, found: Form | None) -> Form | None:
    """An order with what stands before it, where that says to what or with what it is done."""
    if found is None:
        return None
    lead = words[:place].strip(" ,")
    if PLACED.match(lead):
        return replace(found, text=_with(found.text, lead), place=place + found.place)
    return replace(found, place=place + found.place, lead=lead)


def _opens_clause(words: str) -> bool:
    """Whether a clause may begin here without a comma: with a thing or somebody, or with an order to do something."""
    first, *behind = words.split(" ", 2)
    if first.lower() in INSTRUCTING:
        return bool(behind) and behind[0] != "it" and opens_object(behind[0])
    return opens_object(first) or ACTOR.match(words) is not None


def _with(order: str, place: str) -> str:
    """An order with what stands before it behind it: `find Rosa in the list` for "In the list, find Rosa"."""
    plain = core(order)
    return f"{plain} {place[:1].lower()}{place[1:]}{order[len(plain) :]}"


def _done_by(words: str) -> str | None:
    """What somebody does, as an order."""
    if (begun := BY_DOING.match(words)) is not None:
        return _gerund(words[begun.end() :])
    first = re.match(r"[a-z]+(?=\s+\S)", words)
    verb = _base(first.group()) if first is not None else None
    if first is None or verb in (None, "see") or first.group().endswith(("ing", "ed")) or NO_OBJECT.match(words):
        return None
    return verb + words[first.end() :]


def _gerund(words: str) -> str | None:
    """The order in "looking up the member"."""
    first = re.match(r"[A-Za-z]+ing\b(?=\s+\S)", words)
    verb = _base(first.group()) if first is not None else None
    return None if first is None or verb in (None, "be", "have") else f"{verb}{words[first.end() :]}"


def _base(word: str) -> str | None:
    """The base form of a verb that may stand in an instruction."""
    low = word.lower()
    singular = low[:-2] if low in ("goes", "does") else low.removesuffix("s")
    found = next((one for one in (low, singular) if one in INSTRUCTING), None) or base_form(low)
    if found is None and low.endswith("ing"):
        found = next((one for one in (low[:-3], f"{low[:-3]}e") if one in INSTRUCTING), None)
    return found if found is not None and found.split()[0] in INSTRUCTING else None


def opens_object(word: str) -> bool:
    """Whether a word may open what a verb is done to: an article, a pronoun, a particle, a name, a number."""
    return word.lower() in POINTERS or word.lower() in PARTICLES or not word[:1].islower()
