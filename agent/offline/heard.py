"""Which values of a request have been said, with which words, and where the others go."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from toolweave.agent.offline.english import plural, reworded_noun, spaced, with_article
from toolweave.agent.offline.lexicon import SYNONYMS
from toolweave.agent.offline.naming import is_key
from toolweave.agent.offline.phrase import CONTAINERS, Told
from toolweave.agent.offline.saying import is_option, spoken_date
from toolweave.agent.offline.telling import Clause, clause
from toolweave.agent.offline.wording import INDEXES, SEEKING, Group, label, measures, plain_value
from toolweave.agent.roles import UserValue
from toolweave.agent.whole_words import spoken_of
from toolweave.graph.words import singular, words

MOST_TAILS = 2
_HOW_MANY = frozenset("count number amount quantity many how num".split())
_SEVERAL = re.compile(r"([a-z]+(?: in| out)?) ((?:[a-z-]+ )?(?!(?:as|is)\b)[a-z]+s)\b")
_NAMED = ("called ", "named ", "by the name of ")
_ENDING = ("until ", "through ", "to ")


class Heard:
    """The values of one turn's calls; what several calls share is said once."""

    def __init__(self, banned: Sequence[str], rng: random.Random) -> None:
        self.banned = banned
        self.rng = rng
        self.heard: dict[tuple[str, str], str] = {}
        """(parameter, value) → the words that have said it."""

    def add(self, told: Told, groups: Sequence[Group], at_most: int = MOST_TAILS) -> None:
        """The call's own values: the first few behind the phrase, the others in a sentence."""
        tails, rest = self.tails(groups, told, at_most, own=True)
        tails = sorted(dict.fromkeys(tails), key=lambda tail: [tail.startswith(last) for last in (":", ",", _ENDING)])
        if {"from", "to"} <= {tail.split(" ", 1)[0] for tail in tails}:
            told.phrase = re.sub(r" between [a-z]+$", "", told.phrase)
        if len(tails) > 1 and tails[0].startswith("with ") and tails[1].startswith("with "):
            second = tails[1].removeprefix("with ")
            run_on = tails[0].split()[-1][:1].isupper() and second[:1].isupper()
            tails[1] = f"and {'with ' if run_on else ''}{second}"
        tails = [self._of_its_kind(told, tail) for tail in tails]
        told.phrase = " ".join([told.phrase, *(tail for tail in tails if f" {tail}" not in told.phrase)])
        told.phrase = told.phrase.replace(" :", ":")
        told.sentences += self.rest(rest)

    def _of_its_kind(self, told: Told, tail: str) -> str:
        """`for a crop called "leeks"` where only something else has been spoken of, such as the catalogue."""
        place = CONTAINERS.intersection(told.phrase.split())
        if not tail.startswith(_NAMED) or not place or {*words(told.noun)} & {*words(told.phrase)}:
            return tail
        kind = reworded_noun(told.noun, self.banned)
        return f"for {with_article(kind)} {tail}" if kind else tail

    def rest(self, clauses: Sequence[Clause], noun: str = "") -> list[str]:
        """What did not fit behind the phrase: a sentence for one or two values, one list for more."""
        listed = [one for one in clauses if one.item]
        if len(listed) < 3:
            return [one.sentence for one in clauses]
        leads = ("Details", "The details", "The rest", "In detail", "And the rest", "For the rest", "To be exact")
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

    def hear(self, group: Group, said: Sequence[tuple[UserValue, str]]) -> None:
        """Note with which words a value has been said."""
        self.heard |= {(group.name, plain_value(item.value)): text for item, text in said}

    def tails(
        self, groups: Sequence[Group], told: Told, at_most: int = MOST_TAILS, *, own: bool = False
    ) -> tuple[list[str], list[Clause]]:
        """What stands behind a phrase or a noun, and what does not fit there; `own` values are the phrase's own."""
        tails: list[str] = []
        rest: list[Clause] = []
        order = sorted(self.unheard(groups, told), key=lambda group: (not is_key(group), self.rng.random()))
        for group in order:
            said = clause(group, self.banned, self.rng)
            told.said += said.said
            self.hear(group, said.said)
            if own and self._beside_noun(told, group, said):
                continue
            short = len(said.tail) <= 70 and "; " not in said.tail
            always = spoken_date(str(group.first.value)[:10]) is not None or said.tail.startswith(("from ", "to "))
            room = always or (len(tails) < at_most and (not tails or self.rng.random() < 0.7))
            shut = any(tail[0] == ":" for tail in tails)
            if said.tail and short and room and said.tail[0] not in (":" * shut if own else ",:"):
                tails.append(said.tail)
            else:
                rest.append(said)
        return tails, rest

    def _beside_noun(self, told: Told, group: Group, said: Clause) -> bool:
        """Put a text right behind the noun that the phrase has for it: `work out the sum "2 + 2"`."""
        if len(said.said) == 1 and self._in_place(told, group, said.said[0][1]):
            return True
        plain = label(group, self.banned)
        dated = spoken_date(str(group.first.value)[:10]) is not None
        nouns = ["day", "date", "point in time"] if dated else [plain or "", *SYNONYMS.get(group.name, ())]
        nouns += sorted(SEEKING) if set(group.own) & SEEKING else []
        match = told.slot(nouns) if isinstance(group.first.value, str) else None
        if match is None or match.group("noun") is None or len(said.said) != 1 or told.owns(match):
            return False
        shown, stands_in = said.said[0][1], plain != spaced(group.name)
        alone = dated or (stands_in and (not shown[:1].isalpha() or re.search(r"\d", shown) or {*group.own} <= SEEKING))
        noun = re.sub(r"^(?:an?|one|any|some)\s", "the ", match.group(0))
        option = is_option(group.first.value, group.first.schema)
        told.put(match, shown if alone else f"{noun} ({shown})" if option else f"{noun} {shown}")
        return True

    def _in_place(self, told: Told, group: Group, shown: str) -> bool:
        """Say a value where the phrase only says what kind of value it is: `fill page 2`, `convert 18:00`."""
        last = group.own[-1]
        counted = last in INDEXES and not spoken_of(group.own[0], self.banned)
        match = told.slot([group.own[0]]) if counted and len(group.own) > 1 else None
        if match is not None and match.group("noun") and not told.owns(match):
            told.put(match, f"{match.group('noun')} {shown}")
            return True
        if counted and len(group.own) > 1 and told.put_owner(group.own[0], f"{group.own[0]} {shown}"):
            return True
        several = _SEVERAL.match(told.phrase)
        if several is not None and {*group.own} <= _HOW_MANY and isinstance(group.first.value, int):
            things = several.group(2) if shown != "1" else singular(several.group(2))
            told.phrase = f"{several.group(1)} {shown} {things}{told.phrase[several.end() :]}"
            return True
        kind = plural(last) if measures(group) else "(?!)"
        kind = "text|wording|words" if group.own == ("text",) else kind
        found = re.search(rf"(?:^\w+|\bwith) (?:{kind})$|^\w+ (?:{kind})\b", told.phrase)
        if found is not None:
            told.phrase = f"{found.group(0).rpartition(' ')[0]} {shown}".join(told.phrase.split(found.group(0), 1))
        return found is not None
