"""Complaints that change: a call that fails before and after a step, but for another reason, shows what the step does.

Of two reasons a tool names the one that it checks first. A reason that is gone was removed by the step, which then
enables the call as far as that reason goes; a reason that is new was brought by it, which then disables the call. Which
of both it was is read from what the reasons are about: one that names what the step acted on or made, or that speaks
of what the step does, or that the step is known to remove from or bring to another tool.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from toolweave.agent.probing.session import alike
from toolweave.graph.model import Effect
from toolweave.graph.words import words

Mark = object
"""A thing that exists from the start, or the birth of one that was made on the way."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a call failed, as far as its text tells."""

    says: frozenset[str]
    """Its words, with every value masked."""
    names: frozenset[Mark] = frozenset()
    """What it names beyond what the call was given."""


@dataclass(slots=True)
class Reasons:
    """What is known of the reasons that steps remove and bring."""

    removed: dict[str, list[frozenset[str]]] = field(default_factory=dict[str, list[frozenset[str]]])
    """Tool id → words of complaints after which, with a call of it in between, another tool worked."""
    brought: dict[str, list[frozenset[str]]] = field(default_factory=dict[str, list[frozenset[str]]])
    """Tool id → words of complaints of tools that had worked before a call of it."""

    def note(self, tool: str, effect: Effect, complaint: Complaint) -> None:
        """Take in a complaint that a call of a tool surely removed or brought."""
        known = self.removed if effect == "enables" else self.brought
        known.setdefault(tool, []).append(complaint.says)

    def effect(self, tool: str, about: Iterable[Mark], before: Complaint, after: Complaint) -> Effect | None:
        """What a call of a tool did to another call that complains of something else since; `None` when unclear."""
        acted = frozenset(about)
        removed, brought = bool(before.names & acted), bool(after.names & acted)
        if removed == brought:
            deed = [word for word in words(tool.rpartition("/")[2]) if len(word) > 3]
            removed, brought = _speaks_of(before, after, deed), _speaks_of(after, before, deed)
        if removed == brought:
            removed = any(alike(before.says, says) for says in self.removed.get(tool, ()))
            brought = any(alike(after.says, says) for says in self.brought.get(tool, ()))
        if removed == brought:
            return None
        return "enables" if removed else "disables"


def _speaks_of(one: Complaint, other: Complaint, deed: Iterable[str]) -> bool:
    """Whether one complaint, and not the other one, has a word of a tool's name."""
    return any(_has(one, word) and not _has(other, word) for word in deed)


def _has(complaint: Complaint, word: str) -> bool:
    return any(akin(word, other) for other in complaint.says)


def akin(one: str, other: str) -> bool:
    """Whether two words share a stem, as `insure` and `insured`."""
    return len(one) > 3 and len(other) > 3 and one[: max(4, len(one) - 2)] == other[: max(4, len(one) - 2)]
