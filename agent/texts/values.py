"""What a text says for the parameters of a tool: in the step itself, in labelled values, in what stands around.

The same reading as the offline student's: every mention goes to the parameter that it fits best. What stands elsewhere
than in the step must fit by its words, and nothing else may fit as well: a text that leaves it open says nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from toolweave.agent.argument_values import is_identifying
from toolweave.agent.offline.english import base_form
from toolweave.agent.offline.fitting import Slot, fit, value_of
from toolweave.agent.offline.lexicon import SMALL
from toolweave.agent.offline.mentions import Mention, iso_date, mentions_of
from toolweave.agent.offline.phrase import PEOPLE
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.offline.wording import NAMING, REMARKS, SEEKING
from toolweave.agent.texts.hearing import Hearing, of_range, only_best, slots_of
from toolweave.agent.texts.labels import Labels, shared, value_in
from toolweave.agent.texts.procedures import Fact, Procedure, Step
from toolweave.agent.texts.signs import SignKinds, abbreviated, can_be, is_sign, signs_in, takes_sign
from toolweave.agent.texts.verbs import INSTRUCTING
from toolweave.agent.texts.wording import spoken
from toolweave.graph.words import words
from toolweave.servers.json_values import as_list, is_list
from toolweave.servers.tools import Tool

Origin = Literal["step", "fact", "context", "earlier", "default", "const"]
ELSEWHERE = 0.6
"""How well a mention must fit that stands outside the step."""
SPOKEN_OF = 0.5
"""What it adds that a step speaks of what stands around a value."""
PERSON = 0.25
QUOTED = 0.15
_LEFT_AS = {"quoted": "quoted", "token": "quoted", "address": "quoted", "name": "name"}
"""Kinds of mentions as they count where no parameter takes them."""
_ACTING = ("er", "or", "ist", "ian", "ant", "ee")
"""How words for persons end."""
_PERSON = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Herr|Frau|Sir)\.?\s+(?P<last>[A-Z][\w'-]+)(?!\s[A-Z])")
_TIME = re.compile(
    r",?\s+(?:after|before|once|as soon as|when|while|unless)\s"
    r"(?=[^,.;]*\b(?:is|are|has|have|was|were|been|[a-z]+ed|[a-z]+s)\b)"
    r"[^,.;\d\"]*$"
)
"""A clause that only says when something is done, and no value."""
_LABELLED = re.compile(
    r"(?:(?<=^)|(?<=[;,.] ))(?P<label>[a-z][a-z ]{1,24}): (?P<value>[^\W\d\"][^;.:\"\d]*?)(?=[;.]|$)"
)
"""A word under a label, in what stands beside a step."""
_BEGINS = re.compile(r"(?P<before>^|[.!?:]\s+)(?P<first>[A-Z][a-z]+)(?P<last> [A-Z][a-z]+)?(?=\b(?!\.))")
_TITLES = ("Mr", "Mrs", "Ms", "Miss", "Dr", "Prof")


@dataclass(frozen=True, slots=True)
class Given:
    """A value that the text gives, or the schema where the text need not."""

    value: Any
    origin: Origin
    text: str = ""
    """Where it is said, in the words of the text."""
    line: int | None = None


class Reading:
    """What one procedure says, for the tools of one box.

    Args:
        box: All tools.
        kinds: What the letters of identifiers stand for.
        procedure: What is read.
        tools: Those that its steps mean, as far as that is known: a labelled value goes where it fits best of all.
    """

    def __init__(self, box: Toolbox, kinds: SignKinds, procedure: Procedure, tools: Iterable[Tool] = ()) -> None:
        self._box = box
        self.kinds = kinds
        self._terms = sorted(procedure.terms, key=len, reverse=True)
        self._hearing = Hearing(box, kinds)
        self._read: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._scored: dict[tuple[str, str, tuple[str, ...]], list[tuple[float, Mention]]] = {}
        self._values: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self._names = _full_names(procedure)
        self._known = _proper_names(procedure.around)
        self._before = self._in_full(spoken(f"{procedure.title}. {procedure.context}"))
        self._around = mentions_of(self._before)
        slots = [slot for tool in tools for slot in slots_of(box, tool)]
        self._labels = Labels(procedure.facts, slots)
        self._taken: set[str] = set()

    def _in_full(self, text: str) -> str:
        """The text with what is set apart elsewhere set apart, and with names as they were said in full before."""
        text = _BEGINS.sub(self._kept_name, text)
        for term in self._terms:
            text = re.sub(rf"(?<![\w\"]){re.escape(term)}(?![\w\"])", f'"{term}"', text)
        return _PERSON.sub(lambda found: self._names.get(found.group("last"), found.group("last")), text)

    def _kept_name(self, found: re.Match[str]) -> str:
        """A full name that opens a sentence, or one that the text has elsewhere, no longer at its start."""
        first, last = found["first"], found["last"] or ""
        known = first.lower() in SMALL | INSTRUCTING or base_form(first) is not None
        name = first in self._known if not last else not known
        return f"{found['before']}here {first}{last}" if name and not known else found.group()

    def begin(self, said: Mapping[str, Given]) -> None:
        """Turn to another call: what its step says stands for one parameter, and so does what stands elsewhere."""
        self._taken = {str(item.value).lower() for item in said.values()}

    def of_step(self, step: Step, tool: Tool) -> dict[str, Given]:
        """What the step itself says, by parameter."""
        key = (step.text, step.detail, tool.id)
        if key not in self._read:
            self._read[key] = self._hearing.said(step, self.words_of(step), tool)
        return {path: Given(value, "step", step.text, step.lines[0]) for path, value in self._read[key].items()}

    def words_of(self, step: Step) -> str:
        """What a step says, its values set apart and its names in full."""
        detail = _LABELLED.sub(r'the \g<label> is "\g<value>"', step.detail)
        return self._in_full(spoken(f"{_TIME.sub('', step.text)}. {detail}".strip()))

    def left(self, step: Step, values: Sequence[Any]) -> Counter[str]:
        """How many values of a step are none of those that calls take, by kind: sign, quoted, number or name."""
        known = {str(one).lower() for value in values for one in (as_list(value) if is_list(value) else [value])}
        key = (step.text, step.detail)
        if key not in self._values:
            told = self.words_of(step)
            self._values[key] = [(one.lower(), "sign") for one in signs_in(told)] + [
                ((iso_date(one.text) or one.text).lower().removesuffix(".0"), _LEFT_AS.get(one.kind, "number"))
                for one in mentions_of(told)
                if not is_sign(one.text)
            ]
        return Counter(kind for text, kind in self._values[key] if text not in known)

    def says_values(self, step: Step) -> bool:
        """Whether a step says a value or a name."""
        return bool(mentions_of(self.words_of(step)))

    def name_for(self, step: Step, slot: Slot, taken: set[str]) -> Given | None:
        """The name in a step by which a tool may find what the step lacks; `None` where there is not exactly one."""
        for text in (step.text, step.detail):
            names = [
                one
                for one in mentions_of(self._in_full(spoken(f"{text}.")))
                if one.kind in ("name", "quoted") and one.text.lower() not in taken and not is_sign(one.text)
            ]
            if names:
                break
        return Given(names[0].text, "step", step.text, step.lines[0]) if len(names) == 1 else None

    def labelled(self, step: Step, slot: Slot, *, needed: bool) -> Given | None:
        """What a table or a line with a label says; a parameter that is not `needed` has to be named by the label."""
        return self._of_fact(self._labels.meant(f"{step.text}. {step.detail}", slot, self._taken, needed=needed), slot)

    def pointed_at(self, step: Step, slot: Slot) -> Given | None:
        """What stands under the very name of a parameter that a step names too, sending the reader there."""
        return self._of_fact(self._labels.pointed_at(step.text, slot), slot)

    def _of_fact(self, fact: Fact | None, slot: Slot) -> Given | None:
        value = None if fact is None else value_in(fact, slot)
        if fact is None or value is None:
            return None
        self._taken.add(fact.value.lower())
        return Given(value, "fact", f"{fact.label}: {fact.value}", fact.line)

    def around(self, step: Step, slot: Slot) -> Given | None:
        """What the title and the sentences before the steps say."""
        if (day := of_range(self._before, slot)) is not None:
            return Given(day, "context", day)
        key = (step.text, slot.path, slot.nouns)
        if key not in self._scored:
            self._scored[key] = self._score(step, slot)
        told = self._scored[key]
        best = only_best([one for one in told if one[0] >= ELSEWHERE and one[1].text.lower() not in self._taken])
        if best is None:
            return None
        self._taken.add(best.text.lower())
        return Given(value_of(best, slot), "context", best.text)

    def set_apart(self, slot: Slot) -> Given | None:
        """The only thing that stands in quotation marks before the steps, where only what is looked for is open."""
        quoted = [one for one in self._around if one.kind == "quoted" and one.text.lower() not in self._taken]
        if len(quoted) != 1 or not set(slot.own) <= SEEKING | NAMING:
            return None
        return Given(quoted[0].text, "context", quoted[0].text)

    def _score(self, step: Step, slot: Slot) -> list[tuple[float, Mention]]:
        """What stands around the steps, with how well it fits a parameter."""
        said = set(words(step.text))
        scored = [
            (
                fit(one, slot) + _of_a_person(one, slot) + _of_a_title(one, slot),
                shared((*one.before[:4], *one.after[:2]), said),
                one,
            )
            for one in self._around
            if (not takes_sign(slot) or "string" not in slot.kinds or abbreviated(one.text, slot))
            and (can_be(one.text, slot, ()) or takes_sign(slot))
        ]
        return [(score + SPOKEN_OF * shared, one) for score, shared, one in scored if score > 0.0]


def _full_names(procedure: Procedure) -> dict[str, str]:
    """Last name → full name, where the text says a person's name in full."""
    own = [procedure.context, *(f"{fact.value}." for fact in procedure.facts), *(step.text for step in procedure.steps)]
    full = (*_names_in(procedure.around), *_names_in(" ".join(own)))
    return {name.split()[-1]: name for name in reversed(full) if not name.startswith(_TITLES)}


@lru_cache(maxsize=64)
def _proper_names(text: str) -> frozenset[str]:
    """Words with a capital within sentences that the text never has without."""
    inside = re.findall(r"(?<=[a-z,] )[A-Z][a-z]+", text)
    return frozenset(inside) - {word.capitalize() for word in re.findall(r"\b[a-z]+\b", text)}


@lru_cache(maxsize=64)
def _names_in(text: str) -> tuple[str, ...]:
    """First and last names; kept, because all procedures of a file share what stands around them."""
    named = (item.text for item in mentions_of(text) if item.kind == "name")
    return tuple(name for name in named if len(name.split()) == len(("first", "last")))


def _of_a_title(mention: Mention, slot: Slot) -> float:
    """What it adds that what is looked for stands in quotation marks."""
    return QUOTED if mention.kind == "quoted" and set(slot.own) <= SEEKING | NAMING else 0.0


def _of_a_person(mention: Mention, slot: Slot) -> float:
    """What it adds that both are said to be a person's: the technician on duty is one of the scientists."""
    if mention.kind != "name" or not set(slot.own) & NAMING or not PEOPLE & set(slot.nouns):
        return 0.0
    return PERSON if any(word in PEOPLE or word.endswith(_ACTING) for word in mention.before[:5] if word) else 0.0


def is_passed_on(slot: Slot) -> bool:
    """Whether what one step says for a parameter holds for others too: a file, a place; no name, remark or number."""
    own = set(slot.own)
    return "string" in slot.kinds and not own & (NAMING | SEEKING | REMARKS) and not is_identifying(slot.parameter)
