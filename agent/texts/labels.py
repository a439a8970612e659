"""Values under labels, in tables and lines of their own: which of them a step means for a parameter."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from toolweave.agent.offline.fitting import Slot, fit, option_mentions, value_of
from toolweave.agent.offline.lexicon import SMALL
from toolweave.agent.offline.mentions import Mention, mentions_of
from toolweave.agent.offline.toolbox import stem
from toolweave.agent.texts.hearing import MARGIN, is_looked_for, only_best
from toolweave.agent.texts.matching import Wording
from toolweave.agent.texts.procedures import Fact
from toolweave.agent.texts.signs import takes_sign
from toolweave.agent.texts.thesaurus import SAME_STEM, same_noun
from toolweave.agent.texts.wording import spoken
from toolweave.graph.words import words

ELSEWHERE = 0.6
"""How well a mention must fit that stands outside the step."""
POINTED = 0.3
"""The same where the step sends the reader there: it may be meant as it is of the right kind."""
SPOKEN_OF = 0.5
"""What it adds that a step speaks of what stands around a value."""
NAMED = 0.85
"""How well a value fits a parameter by which things are found, where it stands under what such a thing is."""
WHOLE = 0.4
"""What it adds that a labelled value is one of the options."""
LABELLED = 0.9
"""The same for a parameter that may be left out, where the step does not send the reader there."""
_MEASURE = re.compile(r"[^\w#]?#\s*(?:%|°?[A-Za-z]+(?: [a-z]+)?)?")
_REMARK = re.compile(r"(?<=\S)\s*\([^()]*\)$")
_WEEKDAY = re.compile(r"^(?:on )?(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? (?:the )?(?=\d)", re.IGNORECASE)
_POINTS = re.compile(
    r"\b(?:in|from|of|on|per|by|to|at|see)\s(?:the|this|that|our|your)\s(?:[\w-]+\s){0,2}?"
    r"(?:table|list(?! of)|sheet|notes?"
    r"|details|particulars|lines?|rows?|slip|top|head|grid|column|panel|figures?|data)\b"
    r"|\b(?:above|below|overleaf|as (?:given|stated|listed|noted|agreed|shown)|given (?:here|there))\b",
    re.IGNORECASE,
)
"""Words that send the reader to what the text says elsewhere."""


class Labels:
    """The labelled values of one procedure.

    Args:
        facts: All of them.
        slots: The parameters of the tools that the steps mean: a value goes where it fits best of all.
    """

    def __init__(self, facts: Sequence[Fact], slots: Sequence[Slot]) -> None:
        self._facts = [(fact, max((_said_of(fact, slot) for slot in slots), default=0.0)) for fact in facts]

    def meant(self, text: str, slot: Slot, taken: Collection[str], *, needed: bool) -> Fact | None:
        """The value for a parameter of a step; one that is not `needed` has to be named, or the step points there."""
        points = _POINTS.search(text) is not None
        said, phrases = set(words(text)), Wording(text).things if points else ()
        told = [
            (fit + SPOKEN_OF * shared(words(fact.label), said), fact)
            for fact, best in self._facts
            if fact.value.lower() not in taken
            and (fit := max(_fit_of(one, slot) for one in _called(fact, phrases))) > 0.0
            and fit >= best - MARGIN
        ]
        least = POINTED if needed and points else ELSEWHERE if needed or points else LABELLED
        return only_best([one for one in told if one[0] >= least])

    def pointed_at(self, text: str, slot: Slot) -> Fact | None:
        """The value under the very name of a parameter, where a step names it too and points there."""
        if not _POINTS.search(text) or not set(slot.own) <= set(words(text)):
            return None
        return next((fact for fact, _ in self._facts if words(fact.label) == slot.own), None)


def _called(fact: Fact, phrases: Sequence[Sequence[str]]) -> Iterator[Fact]:
    """A labelled value, also under what a step calls it: `Goodwill: 10 %` for "the goodwill discount in the table"."""
    yield fact
    label = words(fact.label)
    for phrase in phrases:
        if any(same_noun(word, other) >= SAME_STEM for word in phrase for other in label):
            yield replace(fact, label=f"{fact.label} {' '.join(reversed(phrase))}")


def shared(near: Sequence[str], said: set[str]) -> float:
    """How many of the words that say something a step has too, as a share."""
    telling = [stem(word) for word in near if word and word not in SMALL]
    known = {stem(word) for word in said}
    return sum(word in known for word in telling) / len(telling) if telling else 0.0


def _fit_of(fact: Fact, slot: Slot) -> float:
    said = _said_of(fact, slot)
    if said and is_looked_for(slot) and any(same_noun(one, noun) for one in words(fact.label) for noun in slot.nouns):
        return max(said, NAMED)
    return said


def _said_of(fact: Fact, slot: Slot) -> float:
    said = fit(_mention(fact), slot)
    options = option_mentions(f'{fact.label}: "{fact.value}"', slot)
    meant = [score + WHOLE for score, option in options if option.lower() == fact.value.lower()]
    return max(said, *meant, 0.0)


def value_in(fact: Fact, slot: Slot) -> Any:
    """A labelled value as a parameter takes it; `None` where it cannot."""
    options = [option for _, option in option_mentions(f'{fact.label}: "{fact.value}"', slot)]
    chosen = next((option for option in options if option.lower() == fact.value.lower()), None)
    if takes_sign(slot) and _mention(fact).kind in ("date", "moment", "time"):
        return None
    value = value_of(_mention(fact), slot) if chosen is None else chosen
    return [value] if slot.path.endswith("[]") and value is not None else value


@lru_cache(maxsize=1024)
def _mention(fact: Fact) -> Mention:
    """A labelled value as a whole, with the words of its label before it."""
    for value in (fact.value, _REMARK.sub("", fact.value)):
        value = spoken(_WEEKDAY.sub("", value))
        plain = mentions_of(f"the {fact.label.lower()} is {value}.")
        single = [one for one in plain if one.kind in ("number", "date", "moment", "time", "address")]
        if single and _MEASURE.fullmatch(value.replace(single[-1].text, "#", 1)):
            return single[-1]
    quoted = fact.value.replace('"', "'")
    return mentions_of(f'the {fact.label.lower()} is "{quoted}".')[-1]
