"""Hints between critic and student: worded by the one, read by the other, never with a value or a tool's name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from toolweave.graph.vocabulary import Deed

Fault = Literal["missing", "unasked", "other", "source", "unsaid"]

FIRST = "something has to {purpose}"
AGAIN = " once more"
TOGETHER = "the same step also has to {purpose}"
NOT_THIS = "{purpose} does not serve this step"
PARAMETER = "when it comes to {purpose}, the {label} {fault}"
FAULTS: dict[Fault, str] = {
    "missing": "is left out although the request says it",
    "unasked": "was not asked for and is to be left out",
    "other": "is not what the request says for it",
    "source": "has to come from what the {ordinal} result shows",
    "unsaid": "is known to nobody but the user and has to be asked for",
}
ANOTHER_ENTRY = "another entry of that result fits better"
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
REFUSE = "nothing on offer does what is asked for"
ONLY_SEEN = "say only what the results show"
ORDINALS = tuple(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth".split()
)

_FIRST = re.compile(r"something has to ((?:[^.;]|\.(?=\w))+?)(?=[.;]|$)", re.IGNORECASE)
_TOGETHER = re.compile(r"the same step also has to ((?:[^.;]|\.(?=\w))+?)(?=[.;]|$)", re.IGNORECASE)
_NOT_THIS = re.compile(r"(?:^|[.;:] ?)([^.;:]+?) does not serve this step", re.IGNORECASE)
_PARAMETER = re.compile(
    r"when it comes to ((?:[^.;]|\.(?=\w))+?), the ([\w ]+?) "
    r"(is left out|was not asked|is not what|is known to nobody|has to come from what the (\w+) result)",
    re.IGNORECASE,
)


@dataclass
class Correction:
    """What the hints say of one parameter."""

    purpose: str
    label: str
    wrong_at: list[int] = field(default_factory=list[int])
    """Numbers of the hints, from 0, that rejected a value: the draft that earned each is the one made before it."""
    excluded: list[Any] = field(default_factory=list[Any])
    """Values that have been rejected."""
    leave_out: bool = False
    required: bool = False
    """Whether the request says it and the call must carry it."""
    ask: bool = False
    """Whether only the user can tell."""
    result: int | None = None
    """Number of the call, from 0, whose result gives the value."""

    @property
    def elsewhere(self) -> bool:
        """Whether the request does not give the value."""
        return self.leave_out or self.result is not None


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
        if match := _TOGETHER.search(hint):
            read.together.append(match.group(1).removesuffix(AGAIN))
        if match := _PARAMETER.search(hint):
            _correct(read, match, hint, number)
        read.close = read.close or CLOSE in hint.lower()
        read.fewer += FEWER in hint.lower()
        read.refuse = read.refuse or REFUSE in hint.lower()
        read.plain = read.plain or ONLY_SEEN in hint.lower()
    return read


def _correct(read: Guidance, match: re.Match[str], hint: str, number: int) -> None:
    purpose, label, fault, ordinal = match.group(1), match.group(2).lower(), match.group(3).lower(), match.group(4)
    known = [one for one in read.corrections if (one.purpose, one.label) == (purpose, label)]
    one = known[0] if known else Correction(purpose, label)
    if not known:
        read.corrections.append(one)
    if fault == "was not asked":
        one.leave_out = True
    elif fault == "is left out":
        one.required = True
    elif fault == "is known to nobody":
        one.ask = True
    elif ordinal is not None:
        one.result = ORDINALS.index(ordinal.lower()) if ordinal.lower() in ORDINALS else None
        one.wrong_at += [number] if ANOTHER_ENTRY in hint.lower() else []
    else:
        one.wrong_at.append(number)
