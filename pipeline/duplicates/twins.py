"""The samples that are kept so far, and whether another one is the twin of one of them.

**Contract.** Two samples are twins when they ask for the same things by the same calls: every turn is of the same kind,
has the same target and calls the same tools, and either all arguments agree (then the wording does not matter), or
requests (values masked), calls and values are nearly the same. Every pair that meets the thresholds is found: the index
leaves out only what cannot. Not twins: one template with other values, one request in turns of different kinds. Not
seen: a request that is refused, in quite other words.

The outcome depends on the samples and the order in which they are kept, on nothing else. A run whose items settle in
any order weeds at the end of each wave, in order of the items' index: the twin with the lower index stays.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Any, Literal

from toolweave.pipeline.duplicates.signature import Features, Signature

NEAR = 0.85
"""Mean of the three likenesses from which samples are twins although they differ."""

UNMET = 0.6
"""Likeness from which refused requests want the same; pleasantries are words too, and are many among few."""

_LEAST = 3 * NEAR - 2
"""The least that each likeness can be when the mean reaches `NEAR`."""

Why = Literal["same calls and values", "nearly the same"]


@dataclass(frozen=True, slots=True)
class Twin:
    """The kept sample that another one is too much like."""

    id: str
    """The kept sample."""
    why: Why
    similarity: float
    """Mean of the three that follow; all are Jaccard likenesses from 0 to 1."""
    request: float
    calls: float
    values: float

    def as_json(self) -> dict[str, Any]:
        """The twin as a report has it."""
        likeness = {"request": self.request, "calls": self.calls, "values": self.values}
        return {"twin": self.id, "why": self.why, "similarity": self.similarity, **likeness}

    def __str__(self) -> str:
        return f"{self.why} as {self.id} ({self.similarity:.2f})"


@dataclass(frozen=True, slots=True)
class _Kept:
    """A kept sample's signature, packed: eight bytes a feature, because a run may keep many."""

    id: str
    group: int
    request: array[int]
    calls: array[int]
    values: array[int]
    unmet: array[int]


class Twins:
    """An index over kept samples; the time for a look-up does not grow with them unless their values are alike."""

    def __init__(self) -> None:
        self._kept: list[_Kept] = []
        self._by_entry: dict[int, array[int]] = {}
        """Entry → kept samples; see `_entries`."""

    def seen(self, own: Signature) -> Twin | None:
        """The kept sample that is most like it, the earliest among equals; `None` when none is a twin."""
        candidates = sorted({number for entry in _entries(own) for number in self._by_entry.get(entry, ())})
        twins = (twin for number in candidates if (twin := _twin(self._kept[number], own)) is not None)
        return max(twins, key=lambda twin: (twin.calls == twin.values == 1, twin.similarity), default=None)

    def keep(self, name: str, own: Signature) -> None:
        """Take in a sample by its id."""
        for entry in _entries(own):
            self._by_entry.setdefault(entry, array("L")).append(len(self._kept))
        packed = (array("Q", sorted(features)) for features in (own.request, own.calls, own.values, own.unmet))
        self._kept.append(_Kept(name, own.group, *packed))


def _entries(own: Signature) -> list[int]:
    """Where a sample is filed: by its group and the first of its values, or of what comes next when it has none.

    Sets with a Jaccard likeness of at least `_LEAST` share one of these features (prefix filtering).
    """
    ordered = sorted(own.values or own.unmet or own.calls) or [0]
    prefix = len(ordered) - _ceiling(_LEAST * len(ordered)) + 1
    return [own.group ^ feature for feature in ordered[:prefix]]


def _ceiling(share: float) -> int:
    return -int(-share // 1)


def _twin(kept: _Kept, own: Signature) -> Twin | None:
    if kept.group != own.group:
        return None
    unmet = _jaccard(own.unmet, kept.unmet)
    values = min(_jaccard(own.values, kept.values), 1.0 if unmet >= UNMET else unmet)
    calls, request = _jaccard(own.calls, kept.calls), _jaccard(own.request, kept.request)
    mean, same = (request + calls + values) / 3, calls == values == 1
    if not same and mean < NEAR:
        return None
    why: Why = "same calls and values" if same else "nearly the same"
    return Twin(kept.id, why, *(round(number, 4) for number in (mean, request, calls, values)))


def _jaccard(own: Features, kept: array[int]) -> float:
    both = len(own.intersection(kept))
    union = len(own) + len(kept) - both
    return both / union if union else 1.0
