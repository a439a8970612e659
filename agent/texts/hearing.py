"""What the words of one step say for the parameters of a tool.

The same reading as the offline student's: every mention goes to the parameter that it fits best. Beyond it go
identifiers by the letters that they begin with, measures in other units, stretches of days, options and flags, and what
is looked for without being set apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

from toolweave.agent.offline.conversation import Situation
from toolweave.agent.offline.english import base_form, plural
from toolweave.agent.offline.fitting import Slot, fit, is_dated, option_mentions, options_of, value_of
from toolweave.agent.offline.following import Follower
from toolweave.agent.offline.guidance import read_guidance
from toolweave.agent.offline.lexicon import COUNTING, SMALL, UNITS
from toolweave.agent.offline.listening import Listener
from toolweave.agent.offline.mentions import Mention, iso_date, mentions_of
from toolweave.agent.offline.phrase import PEOPLE
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.offline.wording import NAMING, REMARKS, SEEKING
from toolweave.agent.texts.flags import said_to
from toolweave.agent.texts.matching import NO_THINGS, TOLD, Wording
from toolweave.agent.texts.numerals import FACTORS, RANGE
from toolweave.agent.texts.procedures import Step
from toolweave.agent.texts.signs import SignKinds, can_be, is_sign, takes_sign
from toolweave.agent.texts.thesaurus import LOOKED, PARTICLES, same_deed, same_noun
from toolweave.agent.texts.wording import spoken
from toolweave.graph.words import singular, words
from toolweave.servers.tools import Tool

T = TypeVar("T")
MARGIN = 0.12
"""How much better than any other."""
OPTION = 0.24
"""How surely an option must be meant."""
LEFT = 0.3
"""How well a mention of the step must fit that nothing else takes."""
_STARTS = frozenset("start from begin since arrival checkin".split())
_ENDS = frozenset("end until to due till return departure checkout".split())
_OBJECT_ENDS = re.compile(
    r"[,.;:(]|\s(?:so|because|and|which|that|who|is|are|was|were|has|have|by|before|after|until|for when)\s"
)
_NO_VALUES = frozenset(
    "much many right now today tomorrow still left currently usual earliest first last next new old same way there "
    "here mr mrs ms dr side together carefully quickly above below following details full".split()
)
"""Words that no value consists of."""
_GAP = 3
"""Words at most between two words of a value, plus one."""
LIMITS = frozenset("limit max maximum top count size".split())
HOW_MANY = re.compile(
    r"\b(?:first|last|latest|top|newest|most recent|up to|at most|no more than|only|the)\s+(?P<before>\d+)\b"
    r"|\b(?P<after>\d+)(?:\s(?:of (?:them|these|those)|[a-z]+s))?\s"
    r"(?:at most|at the most|(?:is|are|will be|would be) enough)",
    re.IGNORECASE,
)
"""How many entries are wanted."""
_COPULA = re.compile(r"\b(is|are) (?:(?:still|now|currently|already|only|just) )?(?:an? )?")
_MARKED = re.compile(r"[\"\u201c]([^\"\u201c\u201d]+)[\"\u201d]")
_MOMENT = re.compile(r"(?<=\d{4})\sat\s(?=\d{1,2}:\d\d)")


class _Listener(Listener):
    """Hears a step; no parameter takes what it cannot be."""

    def fit(self, mention: Mention, slot: Slot, tool: Tool) -> float:
        """As for a request, where the value may be meant at all."""
        value = value_of(mention, slot)
        fits = can_be(value, slot, self._named) and not self._is_for_another(value, slot, tool)
        return super().fit(mention, slot, tool) if fits else 0.0

    @cached_property
    def _named(self) -> frozenset[str]:
        return frozenset(one.text for one in self.mentions if one.kind == "name")

    def _is_for_another(self, value: Any, slot: Slot, tool: Tool) -> bool:
        """Whether a file has not the ending that a parameter asks for, or has the one that another asks for."""
        if not (ending := _ending(value)):
            return False
        endings = {_ending(one.text) for one in self.mentions}
        told = {one.path: words(f"{one.path} {one.description}") for one in self.box.parameters[tool.id]}
        asked = {path: endings.intersection(said) for path, said in told.items()}
        return ending not in asked[slot.path] and any(
            wanted and (path == slot.path or ending in wanted) for path, wanted in asked.items()
        )


class Hearing:
    """What the words of single steps say for the parameters of tools.

    Args:
        box: All tools.
        kinds: What the letters of identifiers stand for.
    """

    def __init__(self, box: Toolbox, kinds: SignKinds) -> None:
        self._box = box
        self._kinds = kinds
        self._graph = box.graph({})

    def said(self, step: Step, text: str, tool: Tool) -> dict[str, Any]:
        """Values by parameter.

        Args:
            step: What is read.
            text: Its words, with values set apart and names in full.
            tool: What it is taken to mean.
        """
        slots = slots_of(self._box, tool)
        text = _uncounted(_unmarked(_hours_apart(_without_capitals(text, slots), slots), slots), slots)
        follower = Follower(self._box, read_guidance(()), (), text)
        listener = _Listener(self._box, self._graph, Situation(text, "", ()), follower)
        by_path = {slot.path: slot for slot in slots}
        found = {path: item.value for path, item in listener.said(tool, slots, frozenset()).items()}
        signs = self._kinds.among(text, tool.server, slots)
        placed = {
            path
            for path, value in found.items()
            if isinstance(value, str) and is_sign(value)
            if takes_sign(by_path[path]) or value in signs.values() or self._kinds.knows(value, tool.server)
        }
        found = {path: value for path, value in found.items() if path not in placed}
        found |= signs | {slot.path: day for slot in slots if (day := of_range(text, slot)) is not None}
        for slot in slots:
            if slot.path not in found and (chosen := _chosen(text, slot)) is not None:
                found[slot.path] = chosen
        taken = {str(value).lower() for value in found.values()}
        left = [
            one
            for one in listener.mentions
            if one.text.lower() not in taken and not (is_sign(one.text) and self._kinds.knows(one.text, tool.server))
        ]
        found |= _measured(left, slots, found)
        found |= _what_is_left(left, [slot for slot in slots if slot.path not in found], found)
        wording = Wording(step.text)
        looks = (
            self._seeks(tool)
            and not wording.points_back
            and any(same_deed(verb, "find") >= LOOKED for verb in wording.verbs)
        )
        if looks and not any(is_looked_for(by_path[path]) for path in found):
            found |= self._bare(
                step, tool, [slot for slot in slots if set(slot.own) <= SEEKING | NAMING and "string" in slot.kinds]
            )
        return found

    def _seeks(self, tool: Tool) -> bool:
        return self._box.purposes[tool.id].nouns.deed == "seek"

    def _bare(self, step: Step, tool: Tool, slots: Sequence[Slot]) -> dict[str, str]:
        """What is looked for, where nothing sets it apart: `runner beans` of "look up runner beans in the list"."""
        slot = next(iter(sorted(slots, key=lambda one: not one.parameter.required)), None)
        known = {
            word
            for one in slots_of(self._box, tool)
            for told in (*options_of(one), one.parameter.description)
            for word in words(told)
        }
        text = _masked(spoken(step.text.partition(" ")[2]))
        told = re.findall(r"[A-Za-z\u2026][\w'-]*", _OBJECT_ENDS.split(text)[0])
        unknown = [
            number
            for number, word in enumerate(told)
            if singular(word.lower()) not in known and not self._is_known(tool, word)
        ]
        if slot is None or not unknown:
            return {}
        first = last = unknown[0]
        for number in unknown[1:]:
            if number - last > _GAP or "\u2026" in told[last:number]:
                break
            last = number
        return {slot.path: " ".join(told[first : last + 1])}

    def _is_known(self, tool: Tool, word: str) -> bool:
        """Whether a word says what a tool does and to what, or nothing at all, so that it is no value."""
        low = word.lower()
        noun = (words(word) or (low,))[-1]
        plain = noun in TOLD or low in SMALL | PARTICLES | NO_THINGS or low in _NO_VALUES or not word[0].isalpha()
        own = self._box.purposes[tool.id].nouns
        return (
            plain
            or self._box.says(tool, noun)
            or any(same_noun(noun, one) for one in (own.head, *own.name_words))
            or base_form(low) is not None
            or low in PEOPLE
        )


def slots_of(box: Toolbox, tool: Tool) -> list[Slot]:
    """The parameters of a tool, each with the nouns that its tool is about."""
    purpose = box.purposes[tool.id]
    described = [word for word in words(purpose.object) if word not in SMALL]
    read = tuple(dict.fromkeys([purpose.nouns.head, *purpose.nouns.name_words, *described]))
    return [Slot(parameter, read) for parameter in box.parameters[tool.id]]


def _ending(value: Any) -> str:
    """That of the name of a file: `csv`; empty for anything else."""
    found = re.search(r"\w\.([a-z]{2,5})$", value) if isinstance(value, str) else None
    return found[1] if found else ""


def _unmarked(text: str, slots: Sequence[Slot]) -> str:
    """The text with options as plain words, which are no other values, even where they are set apart."""
    options = {option.lower() for slot in slots for option in options_of(slot)}
    return _MARKED.sub(lambda found: found[1] if found[1].lower() in options else found[0], text)


def _without_capitals(text: str, slots: Sequence[Slot]) -> str:
    """The text with abbreviations that parameters are about in small letters, so that they are no names: a CSV file."""
    about = {word for slot in slots for word in words(f"{slot.path} {slot.parameter.description}")}
    return re.sub(
        r"(?<![\w\"])[A-Z]{2,5}(?![\w\"])",
        lambda found: found[0].lower() if found[0].lower() in about else found[0],
        text,
    )


def _uncounted(text: str, slots: Sequence[Slot]) -> str:
    """The text without how many there are of what follows: `three bullet points, namely …`."""
    for slot in slots:
        if slot.path.endswith("[]") and slot.own:
            things = " ".join([*slot.own[:-1], f"{slot.own[-1]}s?"])
            text = re.sub(rf"\b(?:\d+|{'|'.join(COUNTING[2:])}) (?={things}\b)", "", text, flags=re.IGNORECASE)
    return text


def _hours_apart(text: str, slots: Sequence[Slot]) -> str:
    """The text with a day and an hour as two values, where a tool takes them apart."""
    if any({"hour", "time"} & set(slot.own) and not is_dated(slot) for slot in slots):
        return _MOMENT.sub(", ", text)
    return text


def _masked(text: str) -> str:
    """A text with a sign in place of its values, but for names."""
    for one in reversed(mentions_of(text)):
        if one.kind != "name":
            text = f"{text[: one.start]}\u2026{text[one.end :]}"
    return text


def of_range(text: str, slot: Slot) -> str | None:
    """The first or the last day of a stretch of days, where a parameter takes one of them."""
    match = RANGE.search(text)
    side = "start" if set(slot.own) & _STARTS else "end" if set(slot.own) & _ENDS else ""
    return iso_date(match[side]) if match is not None and side and "string" in slot.kinds else None


def _measured(mentions: Sequence[Mention], slots: Sequence[Slot], found: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers whose unit a parameter's name has, or can be turned into it: a year, where months are wanted."""
    more: dict[str, Any] = {}
    for mention in mentions:
        if mention.kind == "time":
            hours = [
                slot
                for slot in slots
                if "hour" in slot.own and slot.kinds == frozenset({"integer"}) and slot.path not in found
            ]
            more |= {slot.path: int(mention.text.partition(":")[0]) for slot in hours[:1]}
        if mention.kind != "number":
            continue
        said = [singular(word) for word in mention.after[:2]]
        for slot in slots:
            unit = (
                singular(UNITS.get(slot.path.rpartition("_")[2], (slot.own[-1] if slot.own else "",))[0].split()[-1])
                if slot.own
                else ""
            )
            if slot.path in found or slot.path in more or not slot.kinds & {"integer", "number"} or not unit:
                continue
            factor = (
                1 if unit in said else next((FACTORS[one, unit] for one in said[:1] if (one, unit) in FACTORS), None)
            )
            if factor is not None:
                value = float(mention.text.replace(",", "")) * factor
                more[slot.path] = int(value) if value == int(value) else value
                break
    return more


def is_looked_for(slot: Slot) -> bool:
    """Whether a parameter takes the words that something is found by."""
    return bool(set(slot.own) & (SEEKING | NAMING)) and "string" in slot.kinds


def _what_is_left(mentions: Sequence[Mention], slots: Sequence[Slot], found: Mapping[str, Any]) -> dict[str, Any]:
    """Words set apart that no parameter has yet, for those that may be left out and take such words."""
    known = " ".join(str(value).lower() for value in found.values())
    pairs = [
        (score, slot, mention)
        for mention in mentions
        if mention.kind in ("quoted", "name", "token") and mention.text.lower() not in known
        for slot in slots
        if _takes_what_is_left(mention, slot) and (score := fit(mention, slot)) >= LEFT
    ]
    more: dict[str, Any] = {}
    for _, slot, mention in sorted(pairs, key=lambda pair: (-pair[0], pair[2].start)):
        if slot.path not in more and mention.text not in more.values():
            more[slot.path] = value_of(mention, slot)
    return more


def _takes_what_is_left(mention: Mention, slot: Slot) -> bool:
    """Whether a parameter takes words that nothing else takes: what is looked for, or a remark."""
    if set(slot.own) & (REMARKS - SEEKING) and "string" in slot.kinds:
        return mention.kind == "quoted"
    return not slot.parameter.required and is_looked_for(slot)


def _chosen(text: str, slot: Slot) -> Any:
    """An option, or a yes, that the words of a manual speak of."""
    if "boolean" in slot.kinds:
        return said_to(text, slot)
    if slot.kinds == frozenset({"integer"}) and set(slot.own) & LIMITS and (found := HOW_MANY.search(text)):
        return int(found["before"] or found["after"])
    options = [
        (score + 0.3 * (" " in option), option)
        for score, option in option_mentions(_singled(_COPULA.sub(r"\1 ", text), slot), slot)
        if re.search(r"\w", option)
    ]
    best = only_best([one for one in options if one[0] >= OPTION], margin=0.02)
    return None if best is None else [best] if slot.path.endswith("[]") else best


def _singled(text: str, slot: Slot) -> str:
    """A text that speaks of options in the singular: `only ceramics` as `only ceramic`."""
    for option in options_of(slot):
        *before, last = option.split(" ")
        many = {plural(last), f"{last}s"} - {last}
        if last.isalpha() and many:
            whole = " ".join([*before, f"(?:{'|'.join(sorted(many))})"])
            text = re.sub(rf"(?<![\w-]){whole}(?![\w-])", option, text, flags=re.IGNORECASE)
    return text


def only_best(scored: Iterable[tuple[float, T]], margin: float = MARGIN) -> T | None:
    """The one that is better than all others by a margin; equal texts are no rivals."""
    ranked: Sequence[tuple[float, T]] = sorted(scored, key=lambda one: -one[0])
    if not ranked:
        return None
    best = ranked[0]
    rivals = [one for one in ranked[1:] if _plain(one[1]) != _plain(best[1])]
    return None if rivals and rivals[0][0] > best[0] - margin else best[1]


def _plain(item: object) -> str:
    return item.text if isinstance(item, Mention) else str(item)
