"""A phrase under construction: where it speaks of things in general, and what is put there."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from toolweave.agent.offline.english import base_form, plural
from toolweave.agent.roles import UserValue
from toolweave.graph.words import words

_JOINS = "of|to|for|in|on|from|at|with|into|onto|by|and|or|an?|the|out|off"
_SLOT = (
    rf"\b(?:(?:an?|one|the|any|some|its|their)\s(?:(?!(?:{_JOINS})\b)[A-Za-z-]+\s){{{{0,3}}}}?(?P<noun>{{noun}})"
    r"|(?<=from )(?P<bare>{noun})|{noun} contents|one of (?:our|your|the|their) (?:own )?{many})"
    r"(?=$|[^\w\s]|\s\(|\s(?:to|for|of|in|on|at|from|with|by|who|that|which|and|or|into|back|off|out|away|early|under|against|"
    r"until|is|are|per|matching|called|named|between|about|over|as|while|towards|through|via|without)\b)"
)
_IN = re.compile(r"\b(?:to|in|into|of|from|for|on|as) $")
_BEHIND = re.compile(r"(?:\s(?:done|made|held|[a-z]{3,}ed))?\s(?:in|of|to|for|from|on|at|by|with)\s$")
"""What joins a thing to the object that stands before it."""
_SOME = re.compile(r"^([a-z]+(?: (?:in|out|off|up|down|back))?) (?:an?|one)(?= [a-z])")
_POINTS = re.compile(r"\b(?:it|them|that|this|same)\b")
_LISTED = (
    r"\b(?:(?:[a-z]+(?:, or |, | or ))*{option}(?:(?:, or |, | or )[a-z]+)+|(?:[a-z]+(?:, or |, | or ))+{option})"
    r"(?=$|,|\s(?:of|to|for|in|into|on|from|at|with)\b)"
)
"""An option among others: `rows or columns`."""
_OWNING = re.compile(r"\bthe ([a-z]+(?: [a-z]+)?) of $")
_OWNED = re.compile(r"\bthe ([a-z]+) ([a-z]+(?: [a-z]+)?)$")
"""What belongs to a thing, in the words of a name: `the slide text`."""
DOCUMENTS = frozenset(
    "document workbook file folder directory presentation deck spreadsheet repository database".split()
)
"""Nouns of what a path or the name of a file stands for."""
FOLDERS = frozenset("folder directory repository".split())
"""Those of them whose names have no ending."""
CONTAINERS = DOCUMENTS | frozenset(
    "sheet tab page table list project board calendar book archive catalogue collection register pharmacy "
    "inventory".split()
)
"""Nouns of things that others lie in."""
PEOPLE = frozenset(
    "animal pet person member customer client user guest owner patient student employee teacher gardener scientist "
    "author artist contact driver doctor nurse tenant player visitor passenger subscriber volunteer supplier".split()
)


_WHERE = re.compile(
    r"(?<! back)(?<! off)(?<! out) (?:to|for|from|in|on|of) the (?:[A-Za-z]+ )?[a-z]+(?:['\u2019]s [a-z]+)?$"
)
_OF_LIVING = re.compile(rf"\bthe ([a-z]+(?: [a-z]+)?) of ((?:that|this|the same) (?:{'|'.join(sorted(PEOPLE))}))(?!\S)")
TURNED = 0.6
"""How often something is said to be somebody's."""


_OBJECT = re.compile(
    r"[a-z]+(?: (?:up|down|in|out|on|off))? (?P<thing>.+?)(?P<rest>(?: (?:for|to|in|on|from|with) .*)?)$"
)


@dataclass
class Told:
    """What has been said, with what is still to be said in sentences of their own."""

    phrase: str
    verb: str = ""
    """Of the tool that it speaks of."""
    noun: str = ""
    """The kind of thing that the tool is about."""
    sentences: list[str] = field(default_factory=list[str])
    said: list[tuple[UserValue, str]] = field(default_factory=list[tuple[UserValue, str]])
    implied: bool = False
    """Whether it leaves out a thing that goes without saying."""
    calls: set[int] = field(default_factory=set[int])
    """Indices of the calls whose values have been said."""

    @property
    def points(self) -> bool:
        """Whether the phrase points back at something."""
        return _POINTS.search(self.phrase) is not None

    def slot(self, nouns: Sequence[str]) -> re.Match[str] | None:
        """The first place where the phrase speaks of a thing in general: `a free plot`, `a worksheet` of sheets."""
        last = [item.split()[-1] for item in nouns if item]
        spoken = re.findall(r"[a-z]{4,}", self.phrase)
        for noun in dict.fromkeys(last):
            alike = [word for word in spoken if noun.endswith(word) or (len(noun) > 3 and word.endswith(noun))]
            tried = [
                _SLOT.format(noun=re.escape(one), many=re.escape(plural(one)))
                for one in {noun: 0, **dict.fromkeys(alike)}
            ]
            found = [match for pattern in tried if (match := re.search(pattern, self.phrase)) is not None]
            if found:
                return min(found, key=lambda match: match.start())
        return None

    def owns(self, match: re.Match[str]) -> bool:
        """Whether what stands at a place has something: `a member's account`."""
        return re.match(r"['\u2019]", self.phrase[match.end() :]) is not None

    def within(self, match: re.Match[str]) -> bool:
        """Whether a preposition stands before a place."""
        return _IN.search(self.phrase[: match.start()]) is not None

    def put(self, match: re.Match[str], thing: str) -> None:
        """Say a thing in its place; `a member's account` becomes `the account of` a thing of several words."""
        before, after = self.phrase[: match.start()], self.phrase[match.end() :]
        owned = re.match(rf"[\u2019']s?\s((?:(?!(?:{_JOINS})\b)[a-z-]+\s?){{1,3}})", after) if " " in thing else None
        if owned is not None:
            self.phrase = f"{before}the {owned.group(1).strip()} of {thing} {after[owned.end() :]}".strip()
        else:
            self.phrase = f"{before}{thing}{after}".strip()

    def leave_out(self, match: re.Match[str]) -> bool:
        """Say nothing of a thing that a place behind the object speaks of: `a treatment done in a visit`."""
        found = _BEHIND.search(self.phrase[: match.start()])
        if found is None or found.start() < len(" ".join(self.phrase.split()[:2])) or self.owns(match):
            return False
        self.phrase = f"{self.phrase[: found.start()]}{self.phrase[match.end() :]}"
        return True

    def point_out(self) -> None:
        """Say `the` of what something is done with: all know which one is meant."""
        self.phrase = _SOME.sub(r"\1 the", self.phrase, count=1)

    def put_owner(self, noun: str, thing: str) -> bool:
        """Make `the slide text` at the end `the text of` a thing; whether the phrase ends so."""
        found = _OWNED.search(self.phrase)
        if found is None or found.group(1) != noun.split()[-1] or " ".join(found.groups()) == self.noun:
            return False
        self.phrase = f"{self.phrase[: found.start()]}the {found.group(2)} of {thing}"
        return True

    def shorten(self, spelt: str, kept: Sequence[str]) -> None:
        """Leave out where it all happens, in the words of a description: `add a slide to the deck`.

        It stays where the tool has its name from it: from one of the `kept` words.
        """
        found = _WHERE.search(self.phrase)
        told = found is not None and spelt.endswith(found.group(0)) and not {*words(found.group(0))} & {*kept}
        if found is not None and told and len(self.phrase[: found.start()].split()) > 2:
            self.phrase = self.phrase[: found.start()]

    def turn_round(self, rng: random.Random) -> None:
        """`that animal's card` for `the card of that animal`, as is said of what lives."""
        found = _OF_LIVING.search(self.phrase)
        if found is not None and rng.random() < TURNED:
            self.phrase = (
                f"{self.phrase[: found.start()]}{found.group(2)}'s {found.group(1)}{self.phrase[found.end() :]}"
            )

    def put_within(self, noun: str, thing: str) -> bool:
        """Say what a thing belongs to where the phrase speaks of that: `a member` of `the card of the member Ada`."""
        whole = r"(?:the same|the|that|this) (?P<noun>[a-z]+)(?: .+)?|.+['\u2019]s (?P<own>[a-z]+)"
        found = re.match(rf"the {re.escape(noun)} of (?P<whole>{whole})$", thing)
        match = self.slot([found.group("noun") or found.group("own")]) if found else None
        if found is None or match is None or self.owns(match):
            return False
        self.put(match, found.group("whole"))
        return True

    def become(self, option: str, *deeds: str) -> bool:
        """Say that something is to be `closed`, where an option is the outcome of one of two deeds; whether it is."""
        deed = base_form(option)
        if deed not in deeds:
            return False
        if option == deed:
            return self.phrase.split(" ", 1)[0] == option
        found = _OBJECT.match(self.phrase)
        self.phrase = f"have {found.group('thing')} {option}{found.group('rest')}" if found else self.phrase
        return found is not None

    def decide(self, option: str, *, acts: bool = False) -> bool:
        """Put an option in the place of the list of options that it stands in; a whole deed replaces the phrase's.

        An option that says how to act takes the place of the phrase's verb.
        """
        verb, _, thing = option.partition(" ")
        listed = _LISTED.format(option=re.escape(option))
        found = re.search(listed, self.phrase, re.IGNORECASE)
        if found is not None:
            self.phrase = f"{self.phrase[: found.start()]}{option}{self.phrase[found.end() :]}"
        elif thing and base_form(verb) == verb and set(words(option)) & set(words(self.phrase)):
            self.phrase = option
        elif acts and not thing and base_form(verb) == verb and " " in self.phrase:
            self.phrase = f"{option} {self.phrase.partition(' ')[2]}"
        else:
            return False
        return True

    def put_pronoun(self, match: re.Match[str], person: bool) -> None:
        """Say `it` or `them` in a thing's place; `the card of a member` becomes `their card`."""
        owned = _OWNING.search(self.phrase[: match.start()])
        if owned is None:
            self.put(match, "them" if person else "it")
        else:
            whose = "their" if person else "its"
            self.phrase = f"{self.phrase[: owned.start()]}{whose} {owned.group(1)}{self.phrase[match.end() :]}"
