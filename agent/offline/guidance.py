"""Hints between critic and student: worded by the one, read by the other, never with a value or a tool's name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from toolweave.agent import choices
from toolweave.graph.vocabulary import Deed

Fault = Literal["missing", "unasked", "other", "source", "before", "unsaid"]

FIRST = "something has to {purpose}"
AGAIN = " once more"
TOGETHER = "the same step also has to {purpose}"
NOT_THIS = "{purpose} does not serve this step"
PARAMETER = "when it comes to {purpose}, {faults}"
FAULTS: dict[Fault, str] = {
    "missing": "the {label} is left out although the request says it",
    "unasked": "the {label} was not asked for and is to be left out",
    "other": "the {label} is not what the request says for it",
    "source": "the {label} has to come from what the {ordinal} result shows",
    "before": "the {label} is the same that the {ordinal} call was made with",
    "unsaid": "the {label} is known to nobody but the user and has to be asked for",
}
UNDER = " under {field}"
ANOTHER_ENTRY = ", and another entry of that result fits better"
ENTRY = ", in its {ordinal} entry"
SPOKEN = ", which names it as its {ordinal} value"
DEED_WORDS: dict[Deed, str] = {
    "seek": "find",
    "read": "look at",
    "make": "set up",
    "change": "change",
    "end": "put an end to",
    "act": "deal with",
}
"""How a hint speaks of what a kind of tool does, as long as it stays vague."""
CLOSE = "everything that was asked for is done"
FEWER = "not all of these calls were asked for"
ONE_BY_ONE = "these calls have to be made one after the other"
REFUSE = "nothing on offer does what is asked for"
ONLY_SEEN = "say only what the results show"
_TEENS = "eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth".split()
_TENS = "twent thirt fort fift sixt sevent eight ninet".split()
ORDINALS = (
    *choices.ORDINALS,
    *_TEENS,
    *(f"{ten}{ending}" for ten in _TENS for ending in ("ieth", *(f"y-{unit}" for unit in choices.ORDINALS[:9]))),
)
"""Words for the places from the first on: a number in digits might give a value away."""

_FIRST = re.compile(r"something has to ((?:[^.;]|\.(?=\w))+?)(?=[.;]|$)", re.IGNORECASE)
_TOGETHER = re.compile(r"the same step also has to ((?:[^.;]|\.(?=\w))+?)(?=[.;]|$)", re.IGNORECASE)
_NOT_THIS = re.compile(r"(?:^|[.;:] ?)([^.;:]+?) does not serve this step", re.IGNORECASE)
_FAULT = (
    r"the (?P<label>[^;,.]+?) (?P<fault>is left out|was not asked|is not what|is known to nobody"
    r"|is the same that the (?P<call>[\w-]+) call|has to come from what the (?P<result>[\w-]+) result)(?P<more>[^;.]*)"
)
_FAULTS = re.compile(_FAULT, re.IGNORECASE)
_PARAMETER = re.compile(rf"when it comes to (?P<purpose>(?:[^.;]|\.(?=\w))+?), (?={_FAULT})", re.IGNORECASE)
_FIELD = re.compile(r"\bunder (.+?)(?=,|$)")
_ENTRY = re.compile(r"\bin its ([\w-]+) entry")
_SPOKEN = re.compile(r"\bas its ([\w-]+) value")


@dataclass
class Correction:
    """What the hints say of one parameter."""

    purpose: str
    label: str
    wrong_at: list[int] = field(default_factory=list[int])
    """Numbers of the hints, from 0, that rejected a value: the draft that earned each is the one made before it."""
    excluded: list[Any] = field(default_factory=list[Any])
    """Values that have been rejected."""
    refused: list[Any] = field(default_factory=list[Any])
    """Values that a server has objected to."""
    leave_out: bool = False
    required: bool = False
    """Whether the request says it and the call must carry it."""
    ask: bool = False
    """Whether only the user can tell."""
    result: int | None = None
    """Number of the call, from 0, whose result gives the value."""
    field: str = ""
    """What that result calls the value; empty where no hint says it."""
    entry: int | None = None
    """Which entry of that result it is, from 0."""
    call: int | None = None
    """Number of the call, from 0, that was made with the value."""
    spoken: int | None = None
    """Which of the request's values it is, from 0."""

    @property
    def elsewhere(self) -> bool:
        """Whether the request does not give the value."""
        return self.leave_out or self.result is not None or self.call is not None or bool(self.refused)


@dataclass
class Guidance:
    """All hints of a turn, read."""

    first: list[str] = field(default_factory=list[str])
    """Purposes of what has to be done, in the order in which the hints came."""
    again: list[bool] = field(default_factory=list[bool])
    """For each of `first`, whether it has to be done although it was done before."""
    ruled_out: list[str] = field(default_factory=list[str])
    """Purposes of what does not serve; one entry for each of `first`, empty where a hint names none."""
    together: list[str] = field(default_factory=list[str])
    """Purposes of what belongs into one step with the call that is made anyway."""
    corrections: list[Correction] = field(default_factory=list[Correction])
    fewer: int = 0
    """How often a step had a call too many."""
    single: bool = False
    """Whether a step had calls that do not go together."""
    refuse: bool = False
    """Whether no tool on offer can do what is wanted."""
    close: bool = False
    plain: bool = False
    """Whether an answer or a reasoning said too much."""


def read_guidance(hints: Sequence[str]) -> Guidance:
    """Read the hints of a turn."""
    read = Guidance()
    for number, hint in enumerate(hints):
        if match := _FIRST.search(hint):
            wrong = _NOT_THIS.search(hint)
            read.first.append(match.group(1).removesuffix(AGAIN))
            read.again.append(match.group(1).endswith(AGAIN))
            read.ruled_out.append(wrong.group(1) if wrong else "")
        read.together += [match.group(1).removesuffix(AGAIN) for match in _TOGETHER.finditer(hint)]
        if match := _PARAMETER.search(hint):
            for fault in _FAULTS.finditer(hint, match.end()):
                _correct(read, match.group("purpose"), fault, number)
        read.close = read.close or CLOSE in hint.lower()
        read.fewer += FEWER in hint.lower()
        read.single = read.single or ONE_BY_ONE in hint.lower()
        read.refuse = read.refuse or REFUSE in hint.lower()
        read.plain = read.plain or ONLY_SEEN in hint.lower()
    return read


def _correct(read: Guidance, purpose: str, found: re.Match[str], number: int) -> None:
    label, fault, more = found.group("label").lower(), found.group("fault").lower(), found.group("more")
    known = [one for one in read.corrections if (one.purpose, one.label) == (purpose, label)]
    one = known[0] if known else Correction(purpose, label)
    if not known:
        read.corrections.append(one)
    if fault == "was not asked":
        one.leave_out = True
        one.wrong_at.append(number)
    elif fault == "is left out":
        one.required = True
    elif fault == "is known to nobody":
        one.ask = True
    elif (result := _place(found.group("result"))) is not None:
        one.result, field, another = result, _FIELD.search(more), ANOTHER_ENTRY in f"{more}"
        one.field = field.group(1).lower() if field else one.field
        one.wrong_at += [number] if another else []
    else:
        one.call = _place(found.group("call"))
        one.wrong_at.append(number)
    one.entry = _told(_ENTRY, more, one.entry)
    one.spoken = _told(_SPOKEN, more, one.spoken)


def _told(pattern: re.Pattern[str], text: str, known: int | None) -> int | None:
    found = pattern.search(text)
    return _place(found.group(1)) if found else known


def _place(ordinal: str | None) -> int | None:
    """The number of a place, from 0."""
    return ORDINALS.index(ordinal.lower()) if ordinal is not None and ordinal.lower() in ORDINALS else None
