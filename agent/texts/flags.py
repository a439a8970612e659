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
_LEFT_OUT = re.compile(r"\b(?:(?:leave|leaves|leaving) out|except(?: for)?) (?P<what>.+)", re.IGNORECASE)
_DENYING = frozenset("not no without never nobody nothing".split())
FEW, MOST = 3, 0.6
"""How many words of a long meaning have to be said, and which share of it."""
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
    for clause in re.split(r"[.;:]\s", text):
        said = re.findall(r"[a-z']+", clause.lower())
        if (yes := _side(said, own, sides)) is not None:
            return yes
        if out is not None and _leaves_out(clause, said, _telling(out["what"])):
            return True
    return None


def _side(said: Sequence[str], own: Sequence[str], sides: re.Match[str] | None) -> bool | None:
    """Yes or no, as the words of a parameter, or most of what one side of it means, are said."""
    meanings = [(own, True), *([(_telling(sides["yes"]), True), (_telling(sides["no"]), False)] if sides else [])]
    for meant, yes in meanings:
        places = [at for at in (_place(one, said) for one in meant) if at is not None]
        enough = len(places) == len(meant) or (len(places) >= FEW and len(places) >= MOST * len(meant))
        if places and enough:
            return yes != any(_is_denied(said, at) for at in places)
    return None


def _leaves_out(clause: str, said: Sequence[str], what: Sequence[str]) -> bool:
    """Whether a clause denies what a parameter leaves out, or leaves it out in as many words."""
    if any(_is_denied(said, at) and _same(word, one) for word in what for at, one in enumerate(said)):
        return True
    own = _LEFT_OUT.search(clause)
    told = _telling(own["what"]) if own is not None else []
    return bool(told) and any(_same(word, one) for word in what for one in told)


def _place(word: str, said: Sequence[str]) -> int | None:
    return next((at for at, one in enumerate(said) if _same(word, one)), None)


def _telling(text: str) -> list[str]:
    return [word for word in words(text) if word not in SMALL and word not in ("only", "true", "false")]


def _is_denied(said: Sequence[str], at: int) -> bool:
    return any(word in _DENYING or word.endswith("n't") for word in said[max(0, at - _FAR) : at])


def _same(one: str, other: str) -> bool:
    """Whether two words say the same, in whatever form: `leased` and `let`."""
    deeds = [base_form(word) or word for word in (one, other)]
    return same_quality(one, singular(other)) or same_deed(*deeds) >= SAID_FOR
