"""Words that people say for one another, and how far two of them mean the same."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from importlib.resources import files

from toolweave.agent.offline.toolbox import everyday, stem
from toolweave.graph.vocabulary import DEEDS, LOOKING

SAID_FOR = 0.85
"""How far a verb means what a verb of its group means."""
SAME_STEM, NOUN_SAID_FOR, COMPOUND = 0.9, 0.75, 0.7
SHORTEST_HEAD = 4
"""Letters of a noun that others are compounds of: a work may be an artwork."""
SAME_KIND = 0.45
"""What it is worth that two verbs only do the same kind of deed."""
LOOKED = 0.7
"""The same where both only look at something: `pull up` and `search`."""
UNHEARD = 0.3
"""What a verb is worth that says little by itself or that no group knows: it speaks for no tool and against none."""
_ENDINGS = frozenset(("", *"e s es ed er or age ing ings ion ation ment al ance ence ist".split()))
PARTICLES = frozenset("up out in off back down over away on through into for at aside by along".split())
"""What makes another verb of a verb, right behind it or behind its object."""
LIGHT = frozenset("put give take make get do have bring set go let turn tell say keep use move work see".split())
"""Verbs that say little without what stands behind them."""


@lru_cache(maxsize=1)
def _groups() -> dict[str, dict[str, frozenset[str]]]:
    """Section → word → all words of its groups."""
    found: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    section = ""
    for line in files("toolweave.agent.texts").joinpath("thesaurus.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            group = frozenset(line.split())
            for word in group:
                found[section][word] = found[section].get(word, frozenset()) | group
    return dict(found)


def is_phrasal(verb: str) -> bool:
    """Whether a verb with its particle, such as `look_up`, is a verb of its own."""
    return "_" in verb and verb in _groups()["verbs"]


@lru_cache(maxsize=1)
def idioms() -> tuple[tuple[str, ...], ...]:
    """Verbs that come with more than a particle, or with a noun: `put side by side`, `give consent`."""
    split: list[tuple[str, ...]] = sorted((*verb.split("_"),) for verb in _groups()["verbs"] if "_" in verb)
    return tuple(one for one in split if not set(one[1:]) <= PARTICLES)


def known_verbs() -> frozenset[str]:
    """All verbs that manuals are known to use, those with a particle as `look_up`."""
    return frozenset(_groups()["verbs"])


@lru_cache(maxsize=1 << 16)
def same_deed(one: str, other: str) -> float:
    """How far two verbs mean the same deed, 0..1."""
    if one.replace("_", "") == other.replace("_", ""):
        return 1.0
    groups = _groups()["verbs"]
    if other in groups.get(one, frozenset()):
        return SAID_FOR
    kind = _kind(one)
    if kind is not None and kind == _kind(other) and kind != "act" and (kind == "look" or "_" not in one):
        return LOOKED if kind == "look" else SAME_KIND
    return UNHEARD if one in LIGHT or (one not in groups and one not in DEEDS and "_" not in one) else 0.0


def _kind(verb: str) -> str | None:
    """What sort of deed a verb is; people say of finding and of showing the same."""
    if "_" in verb and any(DEEDS.get(one) in LOOKING for one in _groups()["verbs"].get(verb, ())):
        return "look"
    found = DEEDS.get(verb.split("_")[0])
    return "look" if found in LOOKING else found


@lru_cache(maxsize=1 << 16)
def same_root(one: str, other: str) -> bool:
    """Whether two words are made from the same one by endings: `stored` and `storage`."""
    shared = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rests = {one[shared:], other[shared:]}
    return shared >= SHORTEST_HEAD and rests <= _ENDINGS and rests != {"", "e"}


@lru_cache(maxsize=1 << 16)
def same_noun(one: str, other: str) -> float:
    """How far two nouns mean the same thing, 0..1."""
    if one == other:
        return 1.0
    if stem(one) == stem(other) or same_root(one, other):
        return SAME_STEM
    if other in _groups()["nouns"].get(one, frozenset()) or one in everyday(other) or other in everyday(one):
        return NOUN_SAID_FOR
    shorter, longer = sorted((one, other), key=len)
    return COMPOUND if len(shorter) >= SHORTEST_HEAD and longer.endswith(shorter) else 0.0


def same_quality(one: str, other: str) -> bool:
    """Whether two words say the same of a thing, such as `vacant` and `free`."""
    return one == other or stem(one) == stem(other) or other in _groups()["qualities"].get(one, frozenset())
