"""Saying what a call is about: the verb phrase of its tool with the things filled in that feed it."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Sequence

from toolweave.agent.offline.english import reworded, reworded_noun
from toolweave.agent.offline.heard import Heard
from toolweave.agent.offline.lexicon import ENTERING
from toolweave.agent.offline.naming import entry, is_key, named
from toolweave.agent.offline.phrase import CONTAINERS, DOCUMENTS, FOLDERS, PEOPLE, Told
from toolweave.agent.offline.picture import ANY, Feed, Pictured
from toolweave.agent.offline.purpose import Purpose, purpose_of, spoken_phrase
from toolweave.agent.offline.saying import is_bare, is_option, spoken_value
from toolweave.agent.offline.wording import FILES, PLACES, Group, plain_value
from toolweave.agent.whole_words import spoken_of
from toolweave.graph.words import words

_FILE = re.compile(r"(?:in )?[\w/-]+\.[a-z]{2,5}")


class Describer:
    """Describes the calls of one turn; every draw comes from `rng`."""

    def __init__(
        self, calls: Sequence[Pictured], banned: Sequence[str], rng: random.Random, *, loose: bool = False
    ) -> None:
        self.calls = calls
        self.loose = loose
        """Whether things are pointed back at in few words."""
        self.pointed: set[int | None] = set()
        """The calls whose things have been pointed back at."""
        self.latest: int | None = None
        """The call that was spoken of last."""
        self.banned = banned
        self.rng = rng
        self.values = Heard(banned, rng)
        self.this = rng.choice(("that", "that", "the same", "this"))
        self.rows: set[tuple[str, ...]] = set()
        self.things: dict[tuple[str, str], str] = {}
        """(parameter, value) → what the call that was said first with it is about."""

    def goal(self, number: int, known: Collection[int] = ()) -> Told:
        """What one call is for, with all that its producers are about.

        The things that `known` calls find are pointed back at: they have been spoken of.
        """
        call = self.calls[number]
        tool = call.happened.tool
        purpose = purpose_of(tool)
        about = [feed.noun.rpartition(" ")[2] for feed in call.feeds if feed.identifies]
        about += [word for group in call.groups for word in group.own]
        told = Told(spoken_phrase(purpose, tool, self.banned, self.rng, about), purpose.verb, calls={number})
        self._decide(told, call.groups)
        makes = purpose.nouns.deed == "make" and call.feeds
        first = [group for group in call.groups if makes and is_key(group)]
        self._say_same(told, call.groups, purpose)
        self.values.add(told, first, at_most=1)
        for feed in call.feeds:
            self._fill(told, feed, number, feed.call in known)
        self.values.add(told, [group for group in call.groups if group not in first])
        self.latest = number
        return told

    def _decide(self, told: Told, groups: Sequence[Group]) -> None:
        """Where the phrase leaves a choice that a value makes, say what was chosen: of "rows or columns" the rows."""
        for group in groups:
            if is_option(group.first.value, group.first.schema) and len(group.items) == 1:
                shown = spoken_value(group.first.value, group.first.schema)
                if not spoken_of(shown, self.banned) and told.decide(shown):
                    told.said.append((group.first, shown))
                    self.values.hear(group, [(group.first, shown)])

    def _say_same(self, told: Told, groups: Sequence[Group], purpose: Purpose) -> None:
        """`a document` becomes the file that is meant, or `that document` where an earlier call has named it."""
        for group in sorted(groups, key=lambda group: -len(set(group.own) & set(words(told.phrase)))):
            key = group.name, plain_value(group.first.value)
            heard = self.things.get(key) if key in self.values.heard else None
            match = told.slot([heard] if heard else _file_nouns(group, told.phrase))
            made = purpose.nouns.deed == "make" and purpose.verb not in ENTERING
            makes = match is not None and made and match.group("noun") in purpose.noun.split()
            if match is not None and (not makes or told.within(match)):
                thing = self._again(told, match) if heard else self._by_value(told, group)
                kind = f"the {match.group('bare')} " if thing and match.group("bare") else ""
                told.put(match, f"{kind}{thing}" or match.group(0))
            if purpose.noun and isinstance(group.first.value, str):
                self.things.setdefault(key, purpose.noun)

    def _again(self, told: Told, match: re.Match[str]) -> str:
        if told.points:
            return ""
        return "it" if self.loose and not told.owns(match) else f"{self.this} {match.group('noun') or 'one'}"

    def _by_value(self, told: Told, group: Group) -> str:
        """The value itself, where it can stand for the thing."""
        if len(group.items) > 1 or not self.values.unheard([group], told):
            return ""
        said = [(group.first, spoken_value(group.first.value, group.first.schema))]
        told.said += said
        self.values.hear(group, said)
        return said[0][1]

    def _fill(self, told: Told, feed: Feed, number: int, known: bool) -> None:
        noun = self._noun(feed, number)
        if not feed.identifies:
            self._pass_on(told, feed, known)
        elif feed.call is None or known:
            self._point_back(told, noun, feed)
        elif feed.call not in told.calls:
            self._insert(told, feed, noun)

    def _pass_on(self, told: Told, feed: Feed, known: bool) -> None:
        """A fact that goes from one result into the next call."""
        fact = reworded(feed.noun, self.banned, 0) if feed.noun else None
        giver = purpose_of(self.calls[feed.call].happened.tool).noun if feed.call is not None else ""
        noun = (reworded_noun(giver, self.banned) if giver else None) or "one"
        unsaid = feed.call is not None and feed.call not in told.calls and not known
        entry = (self._thing(feed, noun, told) if unsaid else None) or self._entry(feed, noun)
        if fact and not fact.startswith(("what ", "how ")):
            told.sentences.append(f"The {fact} is that of {entry}" if entry else f"Take the {fact} from there")

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

    def _point_back(self, told: Told, noun: str, feed: Feed) -> None:
        """`a member` becomes `that member`; a thing that has no place in the phrase is named where that is needed."""
        match = told.slot([noun, feed.noun, feed.described])
        head = (match.group("noun") if match else None) or noun or "one"
        thing = self._entry(feed, head) or f"{self.this} {head}"
        plain = thing.startswith(self.this)
        if match is not None:
            if plain and not told.owns(match) and self._is_plain(feed, noun, told):
                told.put_pronoun(match, head.split()[-1] in PEOPLE)
            else:
                told.put(match, thing)
        elif not told.put_owner(head, thing) and (not plain or (feed.call not in self.pointed and not told.points)):
            told.phrase = f"{told.phrase} {'in' if head.split()[-1] in CONTAINERS else 'for'} {thing}"
        self.pointed.add(feed.call)

    def _is_plain(self, feed: Feed, noun: str, told: Told) -> bool:
        """Whether a mere "it" says what is meant: the very thing that was spoken of last, and nothing else here."""
        if feed.call is None or purpose_of(self.calls[feed.call].happened.tool).nouns.head not in words(noun):
            return False
        return self.loose and not told.points and feed.call == self.latest

    def _entry(self, feed: Feed, noun: str) -> str:
        """Which entry is meant, said once; empty where nothing need be."""
        if not feed.telling or feed.telling in self.rows:
            return ""
        if feed.ordinal or feed.telling != (ANY,):
            self.rows.add(feed.telling)
        return entry(feed, noun, self.banned, self.rng)

    def _insert(self, told: Told, feed: Feed, noun: str) -> None:
        """Put what the user knows of a producer's thing where the phrase speaks of it."""
        assert feed.call is not None
        head = purpose_of(self.calls[feed.call].happened.tool).nouns.head
        thing = self._thing(feed, noun, told)
        if thing is None:
            told.calls.discard(feed.call)
            return
        match = told.slot([noun, feed.noun, feed.described, *([head] if not noun or head in words(noun) else [])])
        if match is not None:
            told.put(match, thing)
        elif not told.put_owner(noun or head, thing):
            told.phrase = (
                f"{told.phrase} {'in' if noun.split()[-1:] and noun.split()[-1] in CONTAINERS else 'for'} {thing}"
            )

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
            text = f"{text}, {which}," if key is not None else which
        text = self._with_origin(text, call, told)
        tails, rest = self.values.tails([group for group in call.groups if group is not key], told)
        if text == f"the {noun}" and len(tails) == 1 and set(noun.split()) & DOCUMENTS and _FILE.fullmatch(tails[0]):
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
            if feed.call is not None and feed.call not in told.calls:
                noun = self._noun(feed, self.calls.index(call))
                origin = self._thing(feed, noun, told)
                if origin is not None:
                    again = noun in text and noun.split()[-1] in origin.split()[:2]
                    text = (
                        origin
                        if again
                        else f"{text} {'in' if _FILE.fullmatch(origin) else self._within(noun)} {origin}"
                    )
            elif feed.call is None:
                whose = self._noun(feed, self.calls.index(call)) or "one"
                back = f"{self.this} {whose}"
                if text == f"the {whose}":
                    text = back
                elif feed.call not in self.pointed and not told.points:
                    text = f"{text} of {back}"
        return text

    def _within(self, noun: str) -> str:
        """What joins a thing to another one that it belongs to."""
        return self.rng.choice(("in", "of", "from")) if noun.split()[-1] in CONTAINERS else "of"


def _file_nouns(group: Group, phrase: str) -> list[str]:
    """What a phrase may call the file that a value names."""
    if not set(group.own) & (FILES | PLACES):
        return []
    kinds = DOCUMENTS & set(phrase.split())
    kinds = kinds - FOLDERS if _FILE.fullmatch(str(group.first.value)) else kinds & FOLDERS
    return [*(word for word in group.own if word not in FILES | PLACES), *sorted(kinds)]
