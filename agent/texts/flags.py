"""What a text says to a yes-or-no parameter, by what the parameter's name and description say."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolweave.agent.offline.english import base_form
from toolweave.agent.offline.fitting import Slot
from toolweave.agent.offline.lexicon import SMALL
from toolweave.agent.texts.thesaurus import SAID_FOR, same_deed, same_quality
from toolweave.graph.words import singular, words

_SIDES = re.compile(r"true: (?P<yes>[^;]+); false: (?P<no>[^;]+)", re.IGNORECASE)
_LEFT_OUT = re.compile(r"\b(?:leave|leaves|leaving) out (?P<what>.+)", re.IGNORECASE)
_DENYING = frozenset("not no without never nobody nothing".split())
_FAR = 3
"""Words between a denial and what it denies, at most."""
_UNSAID = frozenset("include dry force overwrite recursive".split())


def said_to(text: str, slot: Slot) -> bool | None:
    """What a text says to a yes-or-no parameter, by its name and description; `None` where it says nothing.

    "Not let" says yes where a description has "leave out plots that are leased".
    """
    own = [word for word in slot.own if word not in SMALL and word != "only"]
    if not own or own[0] in _UNSAID:
        return None
    sides, out = _SIDES.search(slot.parameter.description), _LEFT_OUT.search(slot.parameter.description)
    meanings = [(own, True), *([(_telling(sides["yes"]), True), (_telling(sides["no"]), False)] if sides else [])]
    for clause in re.split(r"[.;:]\s", text):
        said = re.findall(r"[a-z']+", clause.lower())
        for meant, yes in meanings:
            places = [next((at for at, word in enumerate(said) if _same(one, word)), None) for one in meant]
            if meant and None not in places:
                return yes != any(_is_denied(said, at) for at in places if at is not None)
        for word in _telling(out["what"]) if out is not None else ():
            if any(_is_denied(said, at) and _same(word, one) for at, one in enumerate(said)):
                return True
    return None


def _telling(text: str) -> list[str]:
    return [word for word in words(text) if word not in SMALL and word not in ("only", "true", "false")]


def _is_denied(said: Sequence[str], at: int) -> bool:
    return any(word in _DENYING or word.endswith("n't") for word in said[max(0, at - _FAR) : at])


def _same(one: str, other: str) -> bool:
    """Whether two words say the same, in whatever form: `leased` and `let`."""
    deeds = [base_form(word) or word for word in (one, other)]
    return same_quality(one, singular(other)) or same_deed(*deeds) >= SAID_FOR
