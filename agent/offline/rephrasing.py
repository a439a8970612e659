"""Saying the same in other words: general English that keeps what is meant, and leaves quotations alone."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from toolweave.agent.offline.english import articles
from toolweave.agent.offline.lexicon import OTHERWISE
from toolweave.agent.whole_words import spoken_of
from toolweave.graph.words import singular

OFTEN = 0.6
"""How often other words are taken where there are some."""
_EVERY = r"\ball (?P<kind>(?:(?!the\b|of\b)[a-z-]+ ){0,3}?)(?P<many>[a-z]+s)\b(?! [a-z]+s\b)"
_KEPT = r"\bthe (?P<place>[a-z]+) of (?P<things>[a-z]+s)(?= for\b| with\b|$)"
_OTHER = "|".join(rf"\b{re.escape(text)}\b(?!,)" for text in sorted(OTHERWISE, key=lambda one: (-len(one), one)))
_PIECE = r"\"[^\"]*\"|“[^”]*”|"
"""Quotations are pieces too, so that nothing is found in them."""


def rephrased(text: str, banned: Sequence[str], rng: random.Random) -> str:
    """The text with some of its words put otherwise; none of the `banned` ones gets into it."""

    def otherwise(match: re.Match[str]) -> str:
        ways = [way for way in _ways(match) if not spoken_of(way, banned)]
        return rng.choice(ways) if ways and rng.random() < OFTEN else match.group(0)

    for pattern in (_EVERY, _KEPT, _OTHER):
        text = re.sub(_PIECE + pattern, otherwise, text)
    return articles(text)


def _ways(match: re.Match[str]) -> Sequence[str]:
    """What may as well be said: `every page` for `all pages`, `the patient register` for `the register of patients`."""
    if (things := match.groupdict().get("things")) is not None:
        return (f"the {singular(things)} {match.group('place')}",) if singular(things) != things else ()
    many = match.groupdict().get("many")
    if many is None:
        return OTHERWISE.get(match.group(0), ())
    kind, one = match.group("kind"), singular(many)
    whole = (f"all the {kind}{many}", f"the {kind}{many}", f"all of the {kind}{many}")
    return (*whole, f"every {kind}{one}") if one != many else ()
