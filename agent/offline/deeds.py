"""One deed of a request in the forms that a sentence can take, and how one is asked for after the other."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from toolweave.agent.offline.drafting import sentence
from toolweave.agent.offline.english import capitalised, gerund, past
from toolweave.agent.offline.forms import shorter
from toolweave.agent.offline.frames import ALSO, ASKS, BESIDE, CHAINED, LAST_STEPS, STEPS, lead
from toolweave.agent.offline.lexicon import DETERMINERS, PARTICLES, POINTING, VERB_FORMS
from toolweave.graph.plan import Relation

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
TOGETHER = 0.7
"""How often two deeds share a sentence."""
_HANDED_OVER = frozenset("get see show fetch retrieve extract view display list".split())
"""Verbs of which the user wants the thing itself."""
_BROUGHT_ABOUT = frozenset("create make generate build compose draft design prepare".split())
_NOT_PASSIVE = frozenset(
    "of for through at into over to with on go look search run switch manage handle access describe".split()
)
"""Verbs, and words that end one, of which nobody says that something is `gone through`."""
_REST = re.compile(
    r"\s(?:to|for|in|on|from|with|by|into|about|under|until|at|that|so|as|back|out|off|away|against|between|through"
    r"|because|during|within|starting|early|again)\b|,"
)
_POINTED = re.compile(rf"\b{POINTING}\b|\bof\b")


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that the user wants."""

    phrase: str
    """A verb phrase: `add a table to that slide`."""
    verb: str
    """Its tool's verb, for which the phrase may have another; empty for several deeds."""
    sentences: Sequence[str] = ()
    """What is still to be said of it."""

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
        if thing and self.form in ("get", "show"):
            found["p"] = f"{rng.choice(('get', 'get me', 'show me', 'give me', 'bring up'))} {thing}"
            found["u"] = f"{rng.choice(('see', 'get', 'have', 'look at'))} {thing}"
        if thing and self.verb in _HANDED_OVER:
            found |= {"n": thing, "s": thing}
        elif thing and self.verb in _BROUGHT_ABOUT:
            found |= {"n": thing, "m": thing}
        if thing and not found.keys() & {"s", "m"} and not {*self.form.split()} & _NOT_PASSIVE:
            found["h"] = _done_to(thing, self.form)
        return found


def _done_to(thing: str, form: str) -> str:
    """The thing with what is done to it: `a table added to that slide`."""
    quoted = [match.span() for match in re.finditer(r"\"[^\"]*\"|“[^”]*”", thing)]
    pointed = [match.end() for match in _POINTED.finditer(thing)]
    for match in _REST.finditer(thing):
        at = match.start()
        if not any(start <= at < end for start, end in quoted) and match.end() not in pointed:
            return f"{thing[:at]} {past(form)}{thing[at:]}"
    return f"{thing} {past(form)}"


def asked(deeds: Sequence[Deed], in_order: bool, register: str, relation: Relation, rng: random.Random) -> list[str]:
    """The sentences that ask for all deeds; what is still to be said of them comes behind."""
    found: list[str] = []
    groups = _grouped(list(deeds), in_order, rng)
    for number, deed in enumerate(groups):
        start = lead(register, relation, rng) if number == 0 else _step(in_order, number == len(groups) - 1, rng)
        found.append(_opened(start, _asked(deed, register, bool(number), start.endswith((",", ":", "n")), rng)))
        found += [sentence(capitalised(text)) for text in dict.fromkeys(deed.sentences)]
    return found


def _step(in_order: bool, last: bool, rng: random.Random) -> str:
    return shorter(rng, (LAST_STEPS if last and rng.random() < 0.4 else STEPS) if in_order else ALSO)


def _grouped(deeds: list[Deed], in_order: bool, rng: random.Random) -> list[Deed]:
    """Deeds that share a sentence as one."""
    found: list[Deed] = []
    while deeds:
        first = deeds.pop(0)
        if deeds and _fit(first, deeds[0]) and rng.random() < TOGETHER:
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
    frames = ASKS[register]
    if started:
        frames = tuple(frame for frame in frames if not _ON_ITS_OWN.match(frame))
    if len(deed.phrase.split()) > LONG or re.search(r"[,\d\"]", deed.phrase):
        frames = tuple(frame for frame in frames if re.search(r"\{\w\}[.?]$", frame))
    plural_words = re.search(r", | and |, plus ", deed.phrase) is not None
    by_deed = [frame for frame in frames if re.search(r"\{[pu]\}" if plural_words else r"\{[pug]\}", frame)]
    by_thing = [frame for frame in frames if (gap := re.search(r"\{([nsmh])\}", frame)) and gap.group(1) in slots]
    if further and rng.random() < PLAINLY:
        by_deed = ["{p}."]
    chosen = by_thing if by_thing and not plural_words and rng.random() < BY_THING else by_deed
    return shorter(rng, chosen).format(**slots)


def _opened(start: str, text: str) -> str:
    """A sentence behind what leads up to it."""
    if not start or start.endswith((".", "!", "?")):
        text = capitalised(text)
    return f"{start} {text}".strip()
