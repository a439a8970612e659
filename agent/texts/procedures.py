"""Procedures as texts tell them: their steps with the lines, and what the text says around the steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Role = Literal["order", "perhaps", "told", "beside"]
"""An order; what stands or sounds as if it were one; what somebody is told to do; a statement, which may say a value of
the step before it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One deed that a text asks for."""

    text: str
    """In the words of the text, beginning with the verb."""
    lines: tuple[int, int]
    """First and last line of the file, from 1."""
    detail: str = ""
    """What stands around it in its item or sentence: values, mostly."""
    role: Role = "order"
    follows: bool = False
    """Whether it stands in the same item or paragraph as the step before it."""
    before: str = ""
    """What its item or paragraph says right before it, where it may point back at that."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A value that a text gives under a label, in a table or in a line of its own."""

    label: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence that is no step."""

    text: str
    lines: tuple[int, int]
    reason: str


@dataclass(frozen=True, slots=True)
class Procedure:
    """How something is done, as a text tells it."""

    title: str
    """What it is for."""
    file: str
    lines: tuple[int, int]
    steps: tuple[Step, ...]
    context: str = ""
    """What the text says before the steps."""
    facts: tuple[Fact, ...] = ()
    remarks: tuple[Remark, ...] = ()
    terms: tuple[str, ...] = ()
    """What the whole text sets apart somewhere: titles and names, mostly."""
    around: str = ""
    """The whole text that it stands in."""
    sure: bool = True
    """Whether the text says by its form that this is how something is done; if not, the tools have to show it."""

    @property
    def all_words(self) -> str:
        """All that it says."""
        steps = [f"{step.text}. {step.detail}" for step in self.steps]
        return " ".join([self.title, self.context, *steps])


def joined(one: Procedure, other: Procedure) -> Procedure:
    """Two procedures of a text as one."""
    steps = tuple(replace(step, follows=step.follows and number > 0) for number, step in enumerate(other.steps))
    return replace(
        one,
        lines=(one.lines[0], max(one.lines[1], other.lines[1])),
        steps=one.steps + steps,
        context=one.context if other.context in one.context else f"{one.context} {other.context}".strip(),
        facts=tuple(dict.fromkeys(one.facts + other.facts)),
        remarks=one.remarks + other.remarks,
        sure=True,
    )
