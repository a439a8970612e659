"""A phrase under construction: where it speaks of things in general, and what is put there."""

from __future__ import annotations

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
    r"until|is|are|per|matching|called|named|between|about|over|as|while|towards|through|via)\b)"
)
_IN = re.compile(r"\b(?:to|in|into|of|from|for|on|as) $")
_POINTS = re.compile(r"\b(?:it|them|that|this|same)\b")
_LISTED = (
    r"\b(?:(?:[a-z]+(?:, or |, | or ))*{option}(?:(?:, or |, | or )[a-z]+)+|(?:[a-z]+(?:, or |, | or ))+{option})"
    r"(?=$|,|\s(?:of|to|for|in|on|from|at|with)\b)"
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
    "sheet tab page table list project board calendar book archive catalogue collection register".split()
)
"""Nouns of things that others lie in."""
PEOPLE = frozenset(
    "animal pet person member customer client user guest owner patient student employee teacher gardener scientist "
    "author artist contact driver doctor nurse tenant player visitor passenger subscriber volunteer supplier".split()
)


@dataclass
class Told:
    """What has been said, with what is still to be said in sentences of their own."""

    phrase: str
    verb: str = ""
    """Of the tool that it speaks of."""
    sentences: list[str] = field(default_factory=list[str])
    said: list[tuple[UserValue, str]] = field(default_factory=list[tuple[UserValue, str]])
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

    def put_owner(self, noun: str, thing: str) -> bool:
        """Make `the slide text` at the end `the text of` a thing; whether the phrase ends so."""
        found = _OWNED.search(self.phrase)
        if found is None or found.group(1) != noun.split()[-1]:
            return False
        self.phrase = f"{self.phrase[: found.start()]}the {found.group(2)} of {thing}"
        return True

    def decide(self, option: str) -> bool:
        """Put an option in the place of the list of options that it stands in; a whole deed replaces the phrase's."""
        verb, _, thing = option.partition(" ")
        listed = _LISTED.format(option=re.escape(option))
        found = re.search(listed, self.phrase, re.IGNORECASE)
        if found is not None:
            self.phrase = f"{self.phrase[: found.start()]}{option}{self.phrase[found.end() :]}"
        elif thing and base_form(verb) == verb and set(words(option)) & set(words(self.phrase)):
            self.phrase = option
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
