"""Naming things by what the user knows of them: their own name, a fact, or their place in a list."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from toolweave.agent.offline.english import reworded_noun
from toolweave.agent.offline.entries import ANY
from toolweave.agent.offline.phrase import PEOPLE
from toolweave.agent.offline.picture import Feed
from toolweave.agent.offline.saying import is_bare, is_option, spoken_date
from toolweave.agent.offline.wording import NAMING, SEEKING, Group
from toolweave.graph.words import words

LISTED = ("listed as", "shown as")
KNOWN = ("known as", "known as", *LISTED)
SHORT_NAME = 6
"""Words of a name that may stand before its noun: `the "Night Ferry" artwork`."""
LONGEST_KEY = 60
BEHIND = 0.2
"""How often a name stands behind its noun where it could stand before it."""
_ARTICLE = re.compile(r"(?:the|an?) ", re.IGNORECASE)


def entry(feed: Feed, noun: str, banned: Sequence[str], rng: random.Random) -> str:
    """Which entry is meant: `the second tab`, `the "Blue" jar`, `any jar`."""
    if feed.ordinal:
        return f"the {feed.ordinal} {noun}"
    if feed.telling == (ANY,):
        return rng.choice((f"the first {noun}", f"any {noun}", f"whichever {noun} comes first"))
    if (
        _fact(feed, banned) is None
        and noun != "one"
        and (told := _by_its_own(feed.telling, noun, words(feed.fact)[-1:] == ("title",), rng))
    ):
        return told
    return f"the {noun} {listed(feed, banned, rng)}"


def _by_its_own(telling: Sequence[str], noun: str, titled: bool, rng: random.Random) -> str:
    """An entry by its name or its hour, as nobody says of a number, a day, or several names; then empty."""
    hours = [text for text in telling if re.fullmatch(r"\d{1,2}:\d{2}", text)]
    names = [text for text in telling if text not in hours]
    if hours and len(names) <= 1 and all(is_bare(name) and name[:1].isupper() for name in names):
        return " ".join([f"the {hours[0]} {noun}", *(f"with {name}" for name in names)])
    name = names[0]
    if hours or len(names) > 1 or name[:1].isdigit() or len(name.split()) > SHORT_NAME:
        return ""
    person = noun.split()[-1] in PEOPLE and is_bare(name)
    known = "titled" if titled and not is_bare(name) and noun != "title" else rng.choice(KNOWN if person else LISTED)
    behind = person or _ARTICLE.match(name) or (not is_bare(name) and rng.random() < BEHIND)
    return f"the {noun} {known} {_quoted(name)}" if behind else f"the {_quoted(name)} {noun}"


def listed(feed: Feed, banned: Sequence[str], rng: random.Random) -> str:
    """What tells an entry from others: `listed as Winter Ferry`, `whose size is 12 and whose price is 40`."""
    named = [
        (reworded_noun(fact, banned) if fact else None, text)
        for fact, text in zip(feed.facts, feed.telling, strict=False)
    ]
    if named and all(fact and words(fact)[-1] not in NAMING for fact, _ in named):
        return " and ".join(f"whose {fact} is {_quoted(text)}" for fact, text in named)
    return f"{rng.choice(LISTED)} {in_full(feed)}"


def in_full(feed: Feed) -> str:
    """All that tells an entry, as a list."""
    return ", ".join(_quoted(text) for text in feed.telling)


def _fact(feed: Feed, banned: Sequence[str]) -> str | None:
    """What a request calls the one fact that tells an entry; `None` where that is merely its name."""
    return reworded_noun(feed.fact, banned) if feed.fact and words(feed.fact)[-1] not in NAMING else None


def named(noun: str, shown: str, key: Group, rng: random.Random) -> str:
    """A thing by its name: `the member Rosa Lindgren`."""
    bare = is_bare(key.first.value)
    if bare and noun.split()[-1] in PEOPLE:
        return rng.choice((shown, f"the {noun} {shown}"))
    return rng.choice((f"the {noun} {shown}", f"the {noun} called {shown}"))


def is_key(group: Group, about: Sequence[str] = ()) -> bool:
    """Whether the value names the thing that is looked for, not something else such as `station_name`."""
    value = group.first.value
    if not isinstance(value, str) or len(group.items) > 1:
        return False
    if is_option(value, group.first.schema) or spoken_date(value[:10]):
        return False
    other = set(group.own) - SEEKING - NAMING - set(about)
    return bool(set(group.own) & (SEEKING | NAMING)) and not other and len(value) <= LONGEST_KEY


def _quoted(text: str) -> str:
    return text if (is_bare(text) and not text.startswith("The ")) or re.match(r"\d", text) else f'"{text}"'
