"""Saying what a call is about: the verb phrase of its tool with the things filled in that feed it."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from toolweave.agent.offline.english import plural, reworded, reworded_noun, spoken_of
from toolweave.agent.offline.picture import ANY, Feed, Pictured
from toolweave.agent.offline.purpose import phrase_without, purpose_of
from toolweave.agent.offline.saying import is_bare, is_option, spoken_date, spoken_value
from toolweave.agent.offline.wording import NAMING, SEEKING, Clause, Group, clause, label, plain_value
from toolweave.agent.roles import UserValue
from toolweave.graph.words import words

MOST_TAILS = 2
_SLOT = (
    r"\b(?:(?:an?|one|the|any|some|its|their)\s(?:(?!(?:of|to|for|in|on|from|at|with|into|onto|by|and|or|an?|the|out|off)\b)[a-z-]+\s){{0,3}}?(?P<noun>{noun})"
    r"|one of (?:our|your|the|their) (?:own )?{many})"
    r"(?=$|[^\w\s]|\s\(|\s(?:to|for|of|in|on|at|from|with|by|who|that|which|and|or|into|back|off|out|away|early|under|against|"
    r"until|is|are|per|matching|called|named|between|about|over|as|while|towards|through|via)\b)"
)
_PEOPLE = frozenset(
    "person member customer client user guest owner patient student employee teacher gardener scientist author artist "
    "contact driver doctor nurse tenant player visitor passenger subscriber volunteer supplier".split()
)


@dataclass
class Told:
    """A phrase under construction, with what is still to be said in sentences of their own."""

    phrase: str
    sentences: list[str] = field(default_factory=list[str])
    said: list[tuple[UserValue, str]] = field(default_factory=list[tuple[UserValue, str]])
    calls: set[int] = field(default_factory=set[int])
    """Indices of the calls whose values have been said."""

    def absorb(self, other: Told, sentence: str = "") -> None:
        """Take over what another phrase has said; `sentence` comes first, where the phrase itself is one."""
        self.sentences = [*([sentence] if sentence else []), *other.sentences, *self.sentences]
        self.said += other.said
        self.calls |= other.calls


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
        self.this = rng.choice(("that", "that", "the same", "this"))
        self.rows: set[tuple[str, ...]] = set()
        self.heard: dict[tuple[str, str], str] = {}
        """(parameter, value) → the words that have said it: what several calls share is said once."""

    def goal(self, number: int, *, alone: bool, known: Collection[int] = ()) -> Told:
        """What one call is for; unless `alone`, with all that its producers are about.

        The things that `known` calls find are pointed back at: they have been spoken of.
        """
        call = self.calls[number]
        tool = call.happened.tool
        purpose = purpose_of(tool)
        told = Told(phrase_without(purpose, tool, self.banned, self.rng.randrange(3)), calls={number})
        named = (
            [group for group in call.groups if _is_key(group)] if purpose.nouns.deed == "make" and call.feeds else []
        )
        self._add_values(told, named, at_most=1)
        for feed in call.feeds:
            self._fill(told, feed, number, alone or feed.call in known)
        self._add_values(told, [group for group in call.groups if group not in named], at_most=MOST_TAILS)
        if (
            purpose.extra
            and purpose.nouns.deed in ("seek", "read")
            and not self.loose
            and not spoken_of(purpose.extra, self.banned)
        ):
            told.phrase = f"{told.phrase}, {purpose.extra}"
        self.latest = number
        return told

    def _fill(self, told: Told, feed: Feed, number: int, alone: bool) -> None:
        noun = self._noun(feed, number)
        if not feed.identifies:
            self._pass_on(told, feed)
        elif feed.call is None or alone:
            self._point_back(told, noun, feed)
        elif feed.call not in told.calls:
            self._insert(told, feed, noun)

    def _pass_on(self, told: Told, feed: Feed) -> None:
        """A fact that goes from one result into the next call."""
        fact = reworded(feed.noun, self.banned, 0) if feed.noun else None
        row = f" {told_row}" if (told_row := self.row(feed)) else ""
        if fact and not fact.startswith(("what ", "how ")):
            told.sentences.append(
                self.rng.choice(
                    (f"Keep the same {fact}{row}", f"The {fact} stays the same{row}", f"Take the same {fact}{row}")
                )
            )

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
        """`a member` becomes `that member`."""
        this = self.this
        row = self.row(feed)
        match = self._slot(told.phrase, [noun, feed.noun, feed.described])
        if match is not None and not row and self._is_plain(feed, noun, told):
            it = "them" if noun.split()[-1:] and noun.split()[-1] in _PEOPLE else "it"
            told.phrase = f"{told.phrase[: match.start()]}{it}{told.phrase[match.end() :]}"
        elif match is not None:
            head = match.group("noun") or noun
            told.phrase = f"{told.phrase[: match.start()]}{this} {head}{told.phrase[match.end() :]}"
            if row:
                told.phrase = told.phrase.replace(f"{this} {head}", f"{this} {head} {row}", 1)
        elif (
            row or feed.call is None or feed.call not in self.pointed
        ) and f"{this} {noun or 'one'}" not in told.phrase:
            told.phrase = f"{told.phrase} for {this} {noun or 'one'}{f' {row}' if row else ''}"

        self.pointed.add(feed.call)

    def _is_plain(self, feed: Feed, noun: str, told: Told) -> bool:
        """Whether a mere "it" says what is meant: the very thing that was spoken of last, and nothing else here."""
        if feed.call is None or purpose_of(self.calls[feed.call].happened.tool).nouns.head not in words(noun):
            return False
        pointed = re.search(r"\b(?:it|them|that|this|same)\b", told.phrase)
        return self.loose and pointed is None and feed.call == self.latest

    def row(self, feed: Feed) -> str:
        """Which entry is meant, said once: `(I mean Winter Ferry, Harbour)`."""
        if not feed.telling or feed.telling in self.rows:
            return ""
        if feed.telling == (ANY,):
            return self.rng.choice(("(any will do)", "(the first one is fine)", "(whichever comes first)"))
        self.rows.add(feed.telling)
        shown = ", ".join(_quoted(text) for text in feed.telling)
        return f"({self.rng.choice(('I mean', 'namely', 'I mean'))} {shown})"

    def listed(self, feed: Feed) -> str:
        """Which entry is meant: `listed as Winter Ferry`."""
        fact = reworded_noun(feed.fact, self.banned) if feed.fact and words(feed.fact)[-1] not in NAMING else None
        if fact:
            return f"whose {fact} is {_quoted(feed.telling[0])}"
        return f"listed as {', '.join(_quoted(text) for text in feed.telling)}"

    def _insert(self, told: Told, feed: Feed, noun: str) -> None:
        """Put what the user knows of a producer's thing where the phrase speaks of it."""
        assert feed.call is not None
        head = purpose_of(self.calls[feed.call].happened.tool).nouns.head
        match = self._slot(told.phrase, [noun, feed.noun, feed.described, head])
        thing = self._thing(feed, noun, told)
        if thing is None:
            return
        if match is None:
            link = self.rng.choice(("for", "for", "with"))
            told.phrase = f"{told.phrase} {link} {thing}"
            return
        before, after = told.phrase[: match.start()], told.phrase[match.end() :]
        owned = re.match(r"[\u2019']s?\s((?:[a-z-]+\s?){1,3})", after)
        if owned:
            told.phrase = f"{before}the {owned.group(1).strip()} of {thing} {after[owned.end() :]}".strip()
        else:
            told.phrase = f"{before}{thing}{after}".strip()

    def _slot(self, phrase: str, nouns: Sequence[str]) -> re.Match[str] | None:
        """The first place where a phrase speaks of a thing in general: `a free plot`, `one animal`."""
        last = [item.split()[-1] for item in nouns if item]
        short = [word for noun in last for word in re.findall(r"[a-z]{4,}", phrase) if noun.endswith(word)]
        for noun in dict.fromkeys([*last, *short]):
            found = re.search(_SLOT.format(noun=re.escape(noun), many=re.escape(plural(noun))), phrase)
            if found is not None:
                return found
        return None

    def thing(self, feed: Feed, number: int, told: Told) -> str | None:
        """What an argument of a call stands for, named by what the user knows of it; `None` when that is nothing."""
        return self._thing(feed, self._noun(feed, number), told)

    def _thing(self, feed: Feed, noun: str, told: Told) -> str | None:
        """A noun phrase for the thing that a producer finds: `the member Rosa Lindgren`."""
        assert feed.call is not None
        call = self.calls[feed.call]
        told.calls.add(feed.call)
        finder = purpose_of(call.happened.tool)
        key = next((group for group in call.groups if _is_key(group, finder.nouns.name_words)), None)
        noun = noun or "one"
        text = f"the {noun}"
        if key is not None:
            shown = spoken_value(key.first.value, key.first.schema)
            told.said.append((key.first, shown))
            self._hear(key, [(key.first, shown)])
            text = self._named_by(feed, call, noun, shown, key)
        row = self.row(feed)
        if feed.telling == (ANY,) and key is None:
            text = f"the first {noun}"
        elif row and key is None and len(feed.telling) == 1:
            text = f"the {noun} {self.listed(feed)}"
        elif row:
            text = f"{text} {row}"
        text = self._with_origin(text, call, told)
        tails, rest = self._tails([group for group in call.groups if group is not key], told)
        if tails:
            text = f"{text} {' '.join(tails)}"
        told.sentences += self._rest(rest, noun if noun != "one" else "")
        return text if text != f"the {noun}" else None

    def _named_by(self, feed: Feed, call: Pictured, noun: str, shown: str, key: Group) -> str:
        """The thing by its own name, or by that of what it was found under: `the lot of the ingredient shallots`."""
        finder = purpose_of(call.happened.tool)
        found = reworded(finder.noun, self.banned, 0) if finder.noun else None
        if not found or finder.nouns.head in words(noun) or noun in found or noun == "one":
            return self._named(noun, shown, key)
        if finder.nouns.head in words(feed.described):
            return f"{self._named(found, shown, key)} as the {noun}"
        return f"the {noun} of {self._named(found, shown, key)}"

    def _named(self, noun: str, shown: str, key: Group) -> str:
        if is_bare(key.first.value) and noun.split()[-1] in _PEOPLE and len(self.calls) < 6:
            return self.rng.choice((f"{noun} {shown}", shown, f"the {noun} {shown}"))
        if set(key.own) & SEEKING and not is_bare(key.first.value):
            return self.rng.choice(
                (f"the {noun} {shown}", f"the {noun} listed under {shown}", f"the {noun} that goes by {shown}")
            )
        return self.rng.choice((f"the {noun} {shown}", f"the {noun} called {shown}"))

    def _with_origin(self, text: str, call: Pictured, told: Told) -> str:
        """`the animal Dotty` of `the owner Clara Voss`."""
        for feed in call.feeds:
            if feed.call is not None and feed.call not in told.calls:
                noun = self._noun(feed, self.calls.index(call))
                origin = self._thing(feed, noun, told)
                if origin is not None:
                    again = noun in text and noun.split()[-1] in origin.split()[:2]
                    text = origin if again else f"{text} {self.rng.choice(('of', 'of', 'from'))} {origin}"
            elif feed.call is None:
                whose = self._noun(feed, self.calls.index(call)) or "one"
                back = f"{self.this} {whose}"
                if text == f"the {whose}":
                    text = back
                elif back not in told.phrase:
                    text = f"{text} of {back}"
        return text

    def _add_values(self, told: Told, groups: Sequence[Group], at_most: int) -> None:
        """The call's own values: the first few behind the phrase, the others in a sentence."""
        tails, rest = self._tails(groups, told, at_most)
        tails = sorted(dict.fromkeys(tails), key=lambda tail: tail.startswith(","))
        if len(tails) > 1 and tails[0].startswith("with ") and tails[1].startswith("with "):
            tails[1] = f"and {tails[1].removeprefix('with ')}"
        told.phrase = " ".join([told.phrase, *(tail for tail in tails if f" {tail}" not in told.phrase)])
        told.sentences += self._rest(rest)

    def _rest(self, clauses: Sequence[Clause], noun: str = "") -> list[str]:
        """What did not fit behind the phrase: a sentence for one or two values, one list for more."""
        listed = [one for one in clauses if one.item]
        if len(listed) < 3:
            return [one.sentence for one in clauses]
        leads = ("Details", "The details", "The rest", "In detail", "Further", "And the rest")
        lead = f"{self.rng.choice(('Details', 'The details'))} of the {noun}" if noun else self.rng.choice(leads)
        alone = [one.sentence for one in clauses if not one.item]
        return [f"{lead}: {'; '.join(one.item for one in listed)}", *alone]

    def unheard(self, groups: Sequence[Group], told: Told) -> list[Group]:
        """The values that have not been said for a parameter of that name; the others are noted as said."""
        left: list[Group] = []
        for group in groups:
            keys = [(group.name, plain_value(item.value)) for item in group.items]
            if all(key in self.heard for key in keys):
                told.said += [(item, self.heard[key]) for item, key in zip(group.items, keys, strict=True)]
            else:
                left.append(group)
        return left

    def _hear(self, group: Group, said: Sequence[tuple[UserValue, str]]) -> None:
        self.heard |= {(group.name, plain_value(item.value)): text for item, text in said}

    def _tails(self, groups: Sequence[Group], told: Told, at_most: int = MOST_TAILS) -> tuple[list[str], list[Clause]]:
        tails: list[str] = []
        rest: list[Clause] = []
        order = sorted(self.unheard(groups, told), key=lambda group: (not _is_key(group), self.rng.random()))
        for group in order:
            said = clause(group, self.banned, self.rng)
            told.said += said.said
            self._hear(group, said.said)
            if self._beside_noun(told, group, said):
                continue
            short = len(said.tail) <= 70 and "; " not in said.tail
            if said.tail and short and len(tails) < at_most and (not tails or self.rng.random() < 0.7):
                tails.append(said.tail)
            else:
                rest.append(said)
        return tails, rest

    def _beside_noun(self, told: Told, group: Group, said: Clause) -> bool:
        """Put a text right behind the noun that the phrase has for it: `work out the sum "2 + 2"`."""
        named = label(group, self.banned)
        match = self._slot(told.phrase, [named]) if named and isinstance(group.first.value, str) else None
        if match is None or match.group("noun") is None or len(said.said) != 1 or told.phrase[match.end() :].strip():
            return False
        dated = spoken_date(str(group.first.value)[:10]) is not None
        told.phrase = f"{told.phrase[: match.start()] if dated else told.phrase[: match.end()] + ' '}{said.said[0][1]}"
        return True


def _is_key(group: Group, about: Sequence[str] = ()) -> bool:
    """Whether the value names the thing that is looked for, not something else such as `station_name`."""
    value = group.first.value
    if (
        not isinstance(value, str)
        or len(group.items) > 1
        or is_option(value, group.first.schema)
        or spoken_date(value[:10])
    ):
        return False
    other = set(group.own) - SEEKING - NAMING - set(about)
    return bool(set(group.own) & (SEEKING | NAMING)) and not other and len(value) <= 60


def _quoted(text: str) -> str:
    return text if is_bare(text) or re.match(r"\d", text) else f'"{text}"'
