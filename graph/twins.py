"""Tools that do one thing for several sources: `search_arxiv` and `search_pubmed` feed different readers of papers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from toolweave.graph.slots import OWNED, Slot
from toolweave.graph.vocabulary import IS_A, KIN

RIVAL = -4.0
"""Added to the logit of a producer whose twin bears the word that the consumer's name bears."""
MOST_COMPARED = 12
"""Producers of one parameter that are compared with each other."""


def asked_things(takes: Iterable[Slot]) -> set[str]:
    """The kinds of thing that parameters ask for: words for them are nouns of the domain and tell no twins apart."""
    found: set[str] = set()
    for slot in takes:
        found.update(slot.things)
        found.update(word for word, weight in slot.around.items() if weight >= OWNED)
    return found


def rivals(
    parameter: Slot, consumer: tuple[str, ...], producers: Sequence[tuple[str, ...]], things: Set[str]
) -> list[bool]:
    """Which producers, by the words of their names, stand back for a twin that bears a word of the consumer's name.

    Twins begin alike, and the one has a single word that the other lacks. A word for a thing that parameters ask for
    (`things`) sets nobody apart: what `get_user` needs may well come from `list_users` and `list_issues`.
    """
    asked = {*parameter.things, *(IS_A.get(word, word) for word in parameter.things), *parameter.around, *parameter.own}
    marks = {word for word in consumer[1:] if KIN.get(word, word) not in asked and KIN.get(word, word) not in things}
    marked = [name for name in producers[:MOST_COMPARED] if not marks.isdisjoint(name)] if marks else []
    if not marked:
        return [False] * len(producers)
    return [any(_stands_back(name, twin, marks, asked) for twin in marked) for name in producers]


def _stands_back(name: tuple[str, ...], twin: tuple[str, ...], marks: set[str], asked: set[str]) -> bool:
    if name[:1] != twin[:1] or abs(len(name) - len(twin)) > 1 or not marks.isdisjoint(name):
        return False
    mine, other = set(name) - set(twin), set(twin) - set(name)
    if len(other) != 1 or not other <= marks or not mine:
        return False
    return all(KIN.get(word, word) not in asked for word in mine)
