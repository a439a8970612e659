"""One deed of a request in the forms that a sentence can take, and how one is asked for after the other."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from toolweave.agent.offline.drafting import sentence
from toolweave.agent.offline.english import capitalised, gerund, past, plural
from toolweave.agent.offline.forms import shorter
from toolweave.agent.offline.frames import ALSO, ASKS, BESIDE, CHAINED, LAST_STEPS, ONCE, STEPS, lead
from toolweave.agent.offline.lexicon import DETERMINERS, MONTHS, PARTICLES, POINTING, VERB_FORMS
from toolweave.graph.plan import Relation
from toolweave.graph.vocabulary import DEEDS, LOOKING
from toolweave.graph.words import singular

LONG = 8
"""Words of a deed behind which nothing more is said in its sentence."""
_ON_ITS_OWN = re.compile(
    r"need|want|got to|have to|looking|time to|it's time|my job|here's|guess|you know|funny|what I|I was told|[^{]*:"
)
"""Ways to ask that open a sentence, and follow nothing in it."""
LONGEST_TWO = 26
"""Words of two deeds that still share a sentence."""
BY_THING = 0.45
"""How often a request names the thing that is wanted, not what is to be done, where it can."""
PLAINLY = 0.7
"""How often a further deed is merely named."""
FRONTED = 0.5
"""How often a request opens with the file or the day that it is for, where nothing else leads up to it."""
_PLACE = re.compile(rf"(?<! and)(?<! then) (in [\w./-]+\.[a-z]{{2,5}}|on \d{{1,2}} (?:{'|'.join(MONTHS)}) \d{{4}})$")
AFTER = 0.2
"""How often a deed that comes first is said in a clause that leads up to the next one."""
TOGETHER = 0.7
"""How often two deeds share a sentence."""
_HANDED_OVER = frozenset("get see show fetch retrieve extract view display list".split())
"""Verbs of which the user wants the thing itself."""
_LOOKED_FOR = frozenset("find list search get show".split())
"""Verbs of which the user asks what there is."""
_MANY = re.compile(
    r"(?:all (?:of )?(?:the )?|the )?(?P<what>(?:(?!(?:of|the|for|an?|every)\b)[a-z-]+ ){0,3}?(?P<many>[a-z]+s))"
    r"(?=$| (?!of\b))"
)
_ABOUT = re.compile(r"(?:the )?(?:information|details|facts) (?:about|of|on) ")
SHOWN = 0.3
"""How often what is listed or fetched is to be shown, given or brought up."""
_BROUGHT_ABOUT = frozenset("create make generate build compose draft design prepare".split())
_NOT_PASSIVE = frozenset(
    "of for through at into over to with on go look search run switch manage handle access describe let have make "
    "help ask".split()
)
"""Verbs, and words that end one, of which nobody says that something is `gone through`."""
_REST = re.compile(
    r"\s(?:to|for|in|on|from|with|without|per|by|into|about|under|until|at|so|as|back|out|off|away|against|between"
    r"|through|because|during|within|starting|early|again|that(?= (?:is|are|was|has|have|can|may)\b))\b|[,:](?=\s)"
)
_POINTED = re.compile(rf"\b{POINTING}\b|\bof\b|\d\d:\d\d (?:[a-z]+ ){{1,3}}with\b")


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that the user wants."""

    phrase: str
    """A verb phrase: `add a table to that slide`."""
    verb: str
    """Its tool's verb, for which the phrase may have another; empty for several deeds."""
    sentences: Sequence[str] = ()
    """What is still to be said of it."""
    after: str = ""
    """What comes first, as a clause that leads up to it: `once you have cut it,`."""

    @property
    def form(self) -> str:
        """The verb that the phrase opens with, with its particle."""
        first, _, rest = self.phrase.partition(" ")
        known = [form for forms in VERB_FORMS.values() for form in forms if self.phrase.startswith(f"{form} ")]
        particle = rest.split(" ", 1)[0]
        return max([first, *known, f"{first} {particle}" if particle in PARTICLES else ""], key=len)

    @property
    def thing(self) -> str:
        """What follows the verb, where it is a thing; else empty."""
        rest = self.phrase.removeprefix(self.form).strip() if self.verb else ""
        first = rest.split(" ", 1)[0].lower()
        return rest if first in DETERMINERS or first in ("information", "details") else ""

    def slots(self, rng: random.Random) -> dict[str, str]:
        """Its forms, by the names of the gaps that they fill."""
        found = {"p": self.phrase, "u": self.phrase, "g": gerund(self.phrase)}
        thing = self.thing
        if thing and (self.form in ("get", "show") or (self.verb in _HANDED_OVER and rng.random() < SHOWN)):
            found["p"] = f"{rng.choice(('get', 'get me', 'show me', 'give me', 'bring up'))} {thing}"
            found["u"] = f"{rng.choice(('see', 'get', 'look at'))} {thing}"
        if thing and self.verb in _HANDED_OVER:
            found |= {"n": thing, "s": thing}
        elif thing and self.verb in _BROUGHT_ABOUT:
            found |= {"n": thing, "m": thing}
        looks = DEEDS.get(self.verb) in LOOKING
        if thing and not looks and not found.keys() & {"s", "m"} and not {*self.form.split()} & _NOT_PASSIVE:
            thing, done = _done_to(thing, self.form)
            found["h"] = f"{thing} {done}"
            found |= {"a": thing, "b": done} if not thing.startswith(("a ", "an ")) else {}
        asked = self.phrase.removeprefix(self.form).strip() if self.verb in _LOOKED_FOR else ""
        many = _MANY.match(asked)
        if many is not None and plural(singular(many.group("many"))) == many.group("many"):
            found["w"] = asked[many.start("what") :]
        known = _ABOUT.match(thing or asked)
        if known is not None:
            found.pop("w", "")
            found["k"] = (thing or asked)[known.end() :]
        return found


def _done_to(thing: str, form: str) -> tuple[str, str]:
    """The thing and what is done to it: `a table` and `added to that slide`."""
    quoted = [match.span() for match in re.finditer(r"\"[^\"]*\"|“[^”]*”", thing)]
    pointed = [match.end() for match in _POINTED.finditer(thing)]
    for match in _REST.finditer(thing):
        at = match.start()
        if not any(start <= at < end for start, end in quoted) and match.end() not in pointed:
            return thing[:at], f"{past(form)}{thing[at:]}"
    return thing, past(form)


def asked(
    deeds: Sequence[Deed], in_order: bool, register: str, relation: Relation | Literal[""], rng: random.Random
) -> list[str]:
    """The sentences that ask for all deeds; what is still to be said of them comes behind."""
    found: list[str] = []
    groups = _grouped(list(deeds), in_order, rng)
    for number, deed in enumerate(groups):
        start = lead(register, relation, rng) if number == 0 else _step(in_order, number == len(groups) - 1, rng)
        if deed.after:
            start = _opened("" if number else start, deed.after)
        if not start and deed.verb and (place := _PLACE.search(deed.phrase)) and rng.random() < FRONTED:
            start, deed = f"{capitalised(place.group(1))},", replace(deed, phrase=deed.phrase[: place.start()])
        found.append(_opened(start, _asked(deed, register, bool(number), start.endswith((",", ":", "n", " but")), rng)))
        found += [sentence(capitalised(text)) for text in dict.fromkeys(deed.sentences)]
    return found


def _step(in_order: bool, last: bool, rng: random.Random) -> str:
    return shorter(rng, (LAST_STEPS if last and rng.random() < 0.4 else STEPS) if in_order else ALSO)


def _grouped(deeds: list[Deed], in_order: bool, rng: random.Random) -> list[Deed]:
    """Deeds that share a sentence as one."""
    found: list[Deed] = []
    while deeds:
        first = deeds.pop(0)
        if first.sentences:
            found.append(first)
            continue
        if in_order and deeds and _fit(first, deeds[0]) and rng.random() < AFTER:
            clause = rng.choice(ONCE).format(d=past(first.phrase), g=gerund(first.phrase))
            first = replace(deeds.pop(0), after=clause)
        elif (
            len(deeds) > 1
            and in_order
            and len(" ".join(one.phrase for one in (first, *deeds[:2])).split()) <= LONGEST_TWO
        ):
            second, third = deeds.pop(0), deeds.pop(0)
            phrase = f"{first.phrase}, {second.phrase} and {rng.choice(('', 'then ', 'finally '))}{third.phrase}"
            first = Deed(phrase, "", (*first.sentences, *second.sentences, *third.sentences))
        elif deeds and _fit(first, deeds[0]) and rng.random() < TOGETHER:
            second = deeds.pop(0)
            phrase = rng.choice(CHAINED if in_order else BESIDE).format(first.phrase, second.phrase)
            first = Deed(phrase, "", (*first.sentences, *second.sentences))
        found.append(first)
    return found


def _fit(one: Deed, other: Deed) -> bool:
    """Whether two deeds are short enough for one sentence."""
    return len(f"{one.phrase} {other.phrase}".split()) <= LONGEST_TWO and " and " not in one.phrase


def _asked(deed: Deed, register: str, further: bool, started: bool, rng: random.Random) -> str:
    """One sentence that asks for a deed, without a capital."""
    slots = deed.slots(rng)
    frames = tuple(frame for frame in ASKS[register] if not deed.after or "{p}" in frame)
    if started:
        frames = tuple(frame for frame in frames if not _ON_ITS_OWN.match(frame) and "please" not in frame)
    if len(deed.phrase.split()) > LONG or re.search(r"[,\d\"]", deed.phrase):
        frames = tuple(frame for frame in frames if re.search(r"\{\w\}[.?]$", frame))
    plural_words = re.search(r", | and |, plus ", deed.phrase) is not None
    by_deed = [frame for frame in frames if re.search(r"\{[pu]\}" if plural_words else r"\{[pug]\}", frame)]
    by_thing = [frame for frame in frames if (gap := re.search(r"\{([nsmhawk])\}", frame)) and gap.group(1) in slots]
    if further and rng.random() < PLAINLY:
        by_deed = ["{p}."]
    chosen = by_thing if by_thing and not plural_words and rng.random() < BY_THING else by_deed
    return shorter(rng, chosen).format(**slots)


def _opened(start: str, text: str) -> str:
    """A sentence behind what leads up to it."""
    if not start or start.endswith((".", "!", "?")):
        text = capitalised(text)
    return f"{start} {text}".strip()
