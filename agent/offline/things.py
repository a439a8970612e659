"""What the things of a turn are called: by their own names, by what they were found under, by what they belong to."""

from __future__ import annotations

import random
from collections.abc import Sequence

from toolweave.agent.offline.english import reworded, reworded_noun
from toolweave.agent.offline.entries import ANY
from toolweave.agent.offline.heard import Heard
from toolweave.agent.offline.naming import entry, in_full, is_key, named
from toolweave.agent.offline.phrase import CONTAINERS, DOCUMENTS, PEOPLE, Told
from toolweave.agent.offline.picture import Feed, Pictured
from toolweave.agent.offline.purpose import purpose_of
from toolweave.agent.offline.saying import is_bare, spoken_value
from toolweave.agent.offline.wording import FILE, Group
from toolweave.graph.words import words


class Things:
    """The things that the calls of one turn are about; what has been said of them is remembered."""

    def __init__(
        self,
        calls: Sequence[Pictured],
        banned: Sequence[str],
        rng: random.Random,
        *,
        loose: bool = False,
        brief: bool = True,
    ) -> None:
        self.calls = calls
        self.brief = brief
        """Whether what goes without saying may be left out."""
        self.loose = loose
        """Whether things are pointed back at in few words."""
        self.pointed: set[int | None] = set()
        """The calls whose things have been pointed back at."""
        self.latest: int | None = None
        """The call that was spoken of last."""
        self.spoken = ""
        """The words for it."""
        self.banned = banned
        self.rng = rng
        self.values = Heard(banned, rng)
        self.this = rng.choice(("that", "that", "the same", "this"))
        self.known: set[int] = set()
        """The calls whose things have been spoken of."""
        self.rows: set[tuple[str, ...]] = set()
        self.things: dict[tuple[str, str], str] = {}
        """(parameter, value) → what the call that was said first with it is about."""

    def _noun(self, feed: Feed, number: int) -> str:
        """What to call the thing that an argument stands for."""
        options = [feed.noun, feed.described]
        if feed.call is not None:
            options.append(purpose_of(self.calls[feed.call].happened.tool).noun)
        if not feed.noun:
            own = purpose_of(self.calls[number].happened.tool)
            options += [own.nouns.subject[0] if own.nouns.subject else "", own.noun]
        for option in options:
            if option and (kept := reworded_noun(option, self.banned)):
                return kept
        return ""

    def _entry(self, feed: Feed, noun: str) -> str:
        """Which entry is meant, said once; empty where nothing need be."""
        if not feed.telling or feed.telling in self.rows:
            return ""
        if feed.ordinal or feed.telling != (ANY,):
            self.rows.add(feed.telling)
        return entry(feed, noun, self.banned, self.rng)

    def thing(self, feed: Feed, number: int, told: Told) -> str | None:
        """What an argument of a call stands for, named by what the user knows of it; `None` when that is nothing."""
        return self._thing(feed, self._noun(feed, number), told)

    def _thing(self, feed: Feed, noun: str, told: Told) -> str | None:
        """A noun phrase for the thing that a producer finds: `the member Rosa Lindgren`."""
        assert feed.call is not None
        call = self.calls[feed.call]
        told.calls.add(feed.call)
        finder = purpose_of(call.happened.tool)
        key = next((group for group in call.groups if is_key(group, finder.nouns.name_words)), None)
        noun = noun or "one"
        text = f"the {noun}"
        if key is not None:
            shown = spoken_value(key.first.value, key.first.schema)
            told.said.append((key.first, shown))
            self.values.hear(key, [(key.first, shown)])
            text = self._named_by(feed, call, noun, shown, key)
        which = self._entry(feed, noun)
        if which and key is not None and text.startswith(f"the {noun} of "):
            text = f"{which}{text.removeprefix(f'the {noun}')}"
        elif which:
            named_so = "whichever comes first" if feed.telling == (ANY,) else f"namely {in_full(feed)}"
            text = f"{text}, {named_so}," if key is not None else which
        text = self._with_origin(text, call, told)
        tails, rest = self.values.tails([group for group in call.groups if group is not key], told)
        if text == f"the {noun}" and len(tails) == 1 and set(noun.split()) & DOCUMENTS and FILE.fullmatch(tails[0]):
            text, tails = tails[0].removeprefix("in "), []
        if tails:
            text = f"{text} {' '.join(tails)}"
        told.sentences += self.values.rest(rest, noun if noun != "one" else "")
        return text if text != f"the {noun}" else None

    def _named_by(self, feed: Feed, call: Pictured, noun: str, shown: str, key: Group) -> str:
        """The thing by its own name, or by that of what it was found under: `the lot of the ingredient shallots`."""
        finder = purpose_of(call.happened.tool)
        found = reworded(finder.noun, self.banned, 0) if finder.noun else None
        if not found or finder.nouns.head in words(noun) or noun in found or noun == "one":
            return named(noun, shown, key, self.rng)
        if finder.nouns.head in words(feed.described):
            return f"{named(found, shown, key, self.rng)} as the {noun}"
        if is_bare(key.first.value) and found.split()[-1] in PEOPLE and self.rng.random() < 0.6:
            return f"{shown}'s {noun}"
        return f"the {noun} of {named(found, shown, key, self.rng)}"

    def _with_origin(self, text: str, call: Pictured, told: Told) -> str:
        """`the animal Dotty` of `the owner Clara Voss`."""
        for feed in call.feeds:
            if feed.call is not None and feed.call not in {*told.calls, *self.known}:
                noun = self._noun(feed, self.calls.index(call))
                origin = self._thing(feed, noun, told)
                if origin is not None:
                    again = noun in text and noun.split()[-1] in origin.split()[:2]
                    text = origin if again else f"{text} {self._within(noun, origin)} {origin}"
            elif feed.call in self.known:
                which = self._entry(feed, self._noun(feed, self.calls.index(call)) or "one")
                text = f"{text} of {which}" if which else text
            elif feed.call is None:
                whose = self._noun(feed, self.calls.index(call)) or "one"
                back = f"{self.this} {whose}"
                if text == f"the {whose}":
                    text = back
                elif feed.call not in self.pointed and not told.points:
                    text = f"{text} of {back}"
        return text

    def _within(self, noun: str, origin: str) -> str:
        """What joins a thing to another one that it belongs to."""
        ways = ("in", "of", "from") if noun.split()[-1] in CONTAINERS else ("of",)
        if FILE.fullmatch(origin):
            ways = ("in",) if noun.split()[-1] in DOCUMENTS else ("in", "of", "from")
        return self.rng.choice(ways)
