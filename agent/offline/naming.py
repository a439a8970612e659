"""Naming things by what the user knows of them: their own name, a fact, or their place in a list."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from toolweave.agent.offline.english import reworded_noun
from toolweave.agent.offline.phrase import PEOPLE
from toolweave.agent.offline.picture import ANY, Feed
from toolweave.agent.offline.saying import is_bare, is_option, spoken_date
from toolweave.agent.offline.wording import NAMING, SEEKING, Group
from toolweave.graph.words import words

LISTED = ("listed as", "shown as")
SHORT_NAME = 6
"""Words of a name that may stand before its noun: `the "Night Ferry" artwork`."""
LONGEST_KEY = 60


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
    if titled and not is_bare(name):
        return rng.choice((f"the {_quoted(name)} {noun}", f"the {noun} titled {_quoted(name)}"))
    person = noun.split()[-1] in PEOPLE and is_bare(name)
    return f"the {noun} known as {name}" if person else f"the {_quoted(name)} {noun}"


def listed(feed: Feed, banned: Sequence[str], rng: random.Random) -> str:
    """What tells an entry from others: `listed as Winter Ferry`."""
    if fact := _fact(feed, banned):
        return f"whose {fact} is {_quoted(feed.telling[0])}"
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
