"""Saying what a call is about: the verb phrase of its tool with the things filled in that feed it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from toolweave.agent.offline.english import plural, reworded, reworded_noun
from toolweave.agent.offline.lexicon import ENTERING
from toolweave.agent.offline.naming import is_key
from toolweave.agent.offline.phrase import CONTAINERS, DOCUMENTS, FOLDERS, PEOPLE, Told
from toolweave.agent.offline.phrasing import spoken_phrase
from toolweave.agent.offline.picture import Feed
from toolweave.agent.offline.purpose import Purpose, purpose_of
from toolweave.agent.offline.saying import is_option, spoken_value
from toolweave.agent.offline.things import Things
from toolweave.agent.offline.wording import ACTS, FILE, FILES, PLACES, Group, plain_value
from toolweave.agent.whole_words import spoken_of
from toolweave.graph.words import words
from toolweave.servers.tools import Tool

UNSAID = 0.6
"""How often a thing that goes without saying is not said."""
PASSED_ON = ("The {} is that of {}", "Use the {} of {}", "Take the {} of {}", "It needs the {} of {}")
"""How a fact is passed on from one thing to another."""
ONE = 0.5
"""How often somebody who looks for things by a name speaks of the one that has it."""


class Describer(Things):
    """Describes the calls of one turn; every draw comes from `rng`."""

    def goal(self, number: int, known: Collection[int] = ()) -> Told:
        """What one call is for, with all that its producers are about.

        The things that `known` calls find are pointed back at: they have been spoken of.
        """
        call, self.known = self.calls[number], {*known}
        tool = call.happened.tool
        purpose = purpose_of(tool)
        about = [feed.noun.rpartition(" ")[2] for feed in call.feeds if feed.identifies]
        own = [word for group in call.groups for word in group.own]
        told = Told(
            spoken_phrase(purpose, tool, self.banned, self.rng, about, own), purpose.verb, purpose.noun, calls={number}
        )
        self._decide(told, call.groups)
        makes = purpose.nouns.deed == "make" and call.feeds
        first = [group for group in call.groups if makes and is_key(group)]
        self._say_same(told, call.groups, purpose)
        self.values.add(told, first, at_most=1)
        for feed in call.feeds:
            self._fill(told, feed, number, feed.call in known)
        self._become(told, call.groups, purpose)
        if told.implied:
            told.point_out()
        if self.brief and self.rng.random() < UNSAID:
            told.shorten(purpose.object, words(tool.name))
        told.phrase = re.sub(r" with wording(?= |$)", "", told.phrase)
        self._name_one(told, call.groups, purpose)
        told.turn_round(self.rng)
        self.values.add(told, [group for group in call.groups if group not in first])
        self.latest, self.spoken = number, told.phrase
        return told

    def _name_one(self, told: Told, groups: Sequence[Group], purpose: Purpose) -> None:
        """Now and then `the owner Ada` for `owners named Ada`."""
        many = plural(purpose.noun)
        key = next(
            (group for group in self.values.unheard(groups, told) if is_key(group, purpose.nouns.name_words)), None
        )
        if (
            key is not None
            and told.phrase.endswith(f" {many}")
            and purpose.nouns.deed == "seek"
            and self.rng.random() < ONE
        ):
            told.phrase = f"{told.phrase.removesuffix(many)}the {purpose.noun} {self._by_value(told, key)}"

    def _decide(self, told: Told, groups: Sequence[Group]) -> None:
        """Where the phrase leaves a choice that a value makes, say what was chosen: of "rows or columns" the rows."""
        for group, shown in self._options(groups):
            if told.decide(shown, acts=bool({*group.own} & ACTS)):
                self._said(told, group, shown)

    def _become(self, told: Told, groups: Sequence[Group], purpose: Purpose) -> None:
        """Of a tool that opens or closes something, say which: have it `closed`."""
        for group, shown in self._options(groups) if purpose.other else ():
            if told.become(shown, purpose.verb, purpose.other):
                self._said(told, group, shown)

    def _options(self, groups: Sequence[Group]) -> list[tuple[Group, str]]:
        """Values that were chosen among a few, as they may be said."""
        found = [
            (group, spoken_value(group.first.value, group.first.schema))
            for group in groups
            if is_option(group.first.value, group.first.schema) and len(group.items) == 1
        ]
        return [(group, shown) for group, shown in found if not spoken_of(shown, self.banned)]

    def _said(self, told: Told, group: Group, shown: str) -> None:
        told.said.append((group.first, shown))
        self.values.hear(group, [(group.first, shown)])

    def _say_same(self, told: Told, groups: Sequence[Group], purpose: Purpose) -> None:
        """`a document` becomes the file that is meant, or `that document` where an earlier call has named it."""
        for group in sorted(groups, key=lambda group: -len(set(group.own) & set(words(told.phrase)))):
            key = group.name, plain_value(group.first.value)
            heard = self.things.get(key) if key in self.values.heard else None
            match = told.slot([heard] if heard else _file_nouns(group, told.phrase))
            makes = match is not None and _makes(group.first.tool, match.group("noun") or "")
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
            self._point_back(told, noun, feed, self.calls[number].happened.tool)
        elif feed.call not in told.calls:
            self._insert(told, feed, noun, number)

    def _pass_on(self, told: Told, feed: Feed, known: bool) -> None:
        """A fact that goes from one result into the next call."""
        fact = reworded(feed.noun, self.banned, 0) if feed.noun else None
        giver = purpose_of(self.calls[feed.call].happened.tool).noun if feed.call is not None else ""
        noun = (reworded_noun(giver, self.banned) if giver else None) or "one"
        unsaid = feed.call is not None and feed.call not in told.calls and not known
        entry = (self._thing(feed, noun, told) if unsaid else None) or self._entry(feed, noun)
        if fact:
            ways = PASSED_ON if entry else ("Take the {} from there",)
            told.sentences.append(self.rng.choice(ways).format(fact, entry))

    def _point_back(self, told: Told, noun: str, feed: Feed, tool: Tool) -> None:
        """`a member` becomes `that member`; a thing that has no place in the phrase is named where that is needed.

        What has been spoken of goes without saying, unless the tool has its name from it.
        """
        match = told.slot([feed.noun, noun, feed.described])
        head = (match.group("noun") if match else None) or noun or "one"
        thing = self._entry(feed, head) or f"{self.this} {head}"
        plain = thing.startswith(self.this)
        implied = self.brief and plain and not {*words(head)} & {*words(tool.name)} and self.rng.random() < UNSAID
        if implied and (match is None or told.leave_out(match)):
            told.implied = purpose_of(tool).nouns.deed not in ("make", "seek")
        elif match is not None:
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
        said = {*words(noun)} & {*words(self.spoken)}
        return self.loose and not told.points and feed.call == self.latest and bool(said)

    def _insert(self, told: Told, feed: Feed, noun: str, number: int) -> None:
        """Put what the user knows of a producer's thing where the phrase speaks of it."""
        assert feed.call is not None
        head = purpose_of(self.calls[feed.call].happened.tool).nouns.head
        thing = self._thing(feed, noun, told)
        if thing is None:
            told.calls.discard(feed.call)
            return
        match = told.slot([feed.noun, noun, feed.described, *([head] if not noun or head in words(noun) else [])])
        made = FILE.fullmatch(thing) and _makes(self.calls[number].happened.tool, noun)
        if match is not None and (told.within(match) or not made):
            told.put(match, thing)
        elif not told.put_owner(noun or head, thing) and not told.put_within(noun, thing):
            told.phrase = (
                f"{told.phrase} {'in' if noun.split()[-1:] and noun.split()[-1] in CONTAINERS else 'for'} {thing}"
            )


def _makes(tool: Tool, noun: str) -> bool:
    """Whether a tool makes what a noun names, and does not only open it."""
    purpose = purpose_of(tool)
    return purpose.nouns.deed == "make" and purpose.verb not in ENTERING and noun in purpose.noun.split()


def _file_nouns(group: Group, phrase: str) -> list[str]:
    """What a phrase may call the file that a value names."""
    if not set(group.own) & (FILES | PLACES):
        return []
    kinds = DOCUMENTS & set(phrase.split())
    kinds = kinds - FOLDERS if FILE.fullmatch(str(group.first.value)) else kinds & FOLDERS
    return [*(word for word in group.own if word not in FILES | PLACES), *sorted(kinds)]
