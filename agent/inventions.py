"""What people write, made up anew each time: names, titles, notes, reasons, places.

`inventions.txt` has the ways to word every meaning; names of people, companies, streets and the like are Faker's.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from unicodedata import combining, normalize

from faker.factory import Factory
from faker.generator import Generator

from toolweave.agent.ways import ways_in

_HOMES = "en_US en_GB en_IN en_KE en_NG da_DK de_DE es_ES fi_FI fr_FR it_IT nl_NL pl_PL pt_BR sv_SE".split()
"""Where people's names come from; their letters are written without marks."""
_OTHERS = tuple(f"faker.providers.{kind}" for kind in "address color company date_time internet person".split())
_NAMES = frozenset(("first_name", "last_name"))
_PLAIN = re.compile(r"[A-Z][a-z]+(?:-[A-Z][a-z]+)?")
MOST_DRAWN = 12
"""Names that are drawn until one can be written in plain letters."""
_SLOT = re.compile(r"<(\w+)>|\{\{(\w+)\}\}")
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiou])")


def meaning_of(words: Iterable[str]) -> str | None:
    """What a text is by the first of the words that says so; `None` where none does."""
    return next((_headings()[word] for word in words if word in _headings()), None)


def invented(meaning: str, rng: random.Random) -> str:
    """A text of a meaning, which is the first word of a heading."""
    home = rng.choice(_HOMES)

    def worded(heading: str) -> str:
        return _SLOT.sub(filled, rng.choice(_ways()[heading]))

    def filled(slot: re.Match[str]) -> str:
        name, fakers = slot.groups()
        if name is None:
            return _name(fakers, home, rng) if fakers in _NAMES else _faked(fakers, "en_US", rng)
        text = worded(f"<{name.lower()}>")
        return text[:1].upper() + text[1:] if name[0].isupper() else text

    return _ARTICLE.sub(r"\1n ", worded(meaning))


@lru_cache(maxsize=1)
def _headings() -> Mapping[str, str]:
    """Word of a heading → the first one there."""
    return {word: heading.split()[0] for heading in _sections() for word in heading.split()}


@lru_cache(maxsize=1)
def _ways() -> Mapping[str, Sequence[str]]:
    """First word of a heading → what stands below it."""
    return {heading.split()[0]: below for heading, below in _sections().items()}


def _sections() -> Mapping[str, Sequence[str]]:
    return ways_in("toolweave.agent", "inventions")


def _name(kind: str, home: str, rng: random.Random) -> str:
    """A first or last name in plain letters, from elsewhere where the home has too few of them."""
    drawn = (_unmarked(_faked(kind, place, rng)) for place in (*[home] * MOST_DRAWN, *["en_US"] * MOST_DRAWN))
    return next((name for name in drawn if _PLAIN.fullmatch(name)), "Robin")


def _unmarked(text: str) -> str:
    return "".join(sign for sign in normalize("NFKD", text) if not combining(sign))


def _faked(kind: str, home: str, rng: random.Random) -> str:
    faker = _faker(home)
    faker.random = rng
    return str(faker.format(kind))


@lru_cache(maxsize=len(_HOMES))
def _faker(home: str) -> Generator:
    providers = [*_OTHERS] if home == "en_US" else ["faker.providers.person"]
    return Factory.create(home, providers=providers, use_weighting=False)
