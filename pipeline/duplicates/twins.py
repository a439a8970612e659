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

import sqlite3
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from weakref import finalize

from toolweave.pipeline.duplicates.signature import Features, Signature
from toolweave.servers.errors import RunError

NEAR = 0.85
"""Mean of the three likenesses from which samples are twins although they differ."""

UNMET = 0.6
"""Likeness from which refused requests want the same; pleasantries are words too, and are many among few."""

_LEAST = 3 * NEAR - 2
"""The least that each likeness can be when the mean reaches `NEAR`."""

_HALF = 2**63
"""SQLite's numbers have a sign, digests have none."""

_TABLES = (
    "PRAGMA journal_mode = OFF",
    "CREATE TABLE kept (number INTEGER PRIMARY KEY, id TEXT, family INTEGER, r BLOB, c BLOB, v BLOB, u BLOB)",
    "CREATE TABLE entries (entry INTEGER, number INTEGER, PRIMARY KEY (entry, number)) WITHOUT ROWID",
)
_FILED = "SELECT number FROM entries WHERE entry = ?"
_ALIKE = "SELECT id, r, c, v, u FROM kept WHERE number = ? AND family = ?"

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
    """A kept sample's signature."""

    id: str
    request: array[int]
    calls: array[int]
    values: array[int]
    unmet: array[int]


class Twins:
    """An index over kept samples; the time for a look-up does not grow with them unless their values are alike.

    It lies in a file of SQLite's own, which goes with the process, so that memory does not grow with the samples.

    Raises:
        RunError: That file cannot be written; also by its methods.
    """

    def __init__(self) -> None:
        self._index = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        finalize(self, self._index.close)
        self._count = 0
        for statement in _TABLES:
            self._do(statement)

    def seen(self, own: Signature) -> Twin | None:
        """The kept sample that is most like it, the earliest among equals; `None` when none is a twin."""
        twins = (twin for kept in self._alike(own) if (twin := _twin(kept, own)) is not None)
        return max(twins, key=lambda twin: (twin.calls == twin.values == 1, twin.similarity), default=None)

    def keep(self, name: str, own: Signature) -> None:
        """Take in a sample by its id."""
        packed = (
            array("Q", sorted(features)).tobytes() for features in (own.request, own.calls, own.values, own.unmet)
        )
        self._do("INSERT INTO kept VALUES (?, ?, ?, ?, ?, ?, ?)", self._count, name, own.group - _HALF, *packed)
        for entry in _entries(own):
            self._do("INSERT OR IGNORE INTO entries VALUES (?, ?)", entry, self._count)
        self._count += 1

    def _alike(self, own: Signature) -> Iterator[_Kept]:
        """Kept samples of its group that are filed where it would be, in the order in which they were kept."""
        numbers: set[int] = set()
        for entry in _entries(own):
            numbers.update(number for (number,) in self._do(_FILED, entry))
        for number in sorted(numbers):
            found = self._do(_ALIKE, number, own.group - _HALF).fetchone()
            if found is not None:
                yield _Kept(found[0], *(array("Q", packed) for packed in found[1:]))

    def _do(self, statement: str, *values: object) -> sqlite3.Cursor:
        try:
            return self._index.execute(statement, values)
        except sqlite3.Error as error:
            raise RunError(f"kept samples cannot be indexed in the folder for temporary files: {error}") from error


def _entries(own: Signature) -> list[int]:
    """Where a sample is filed: by its group and the first of its values, or of what comes next when it has none.

    Sets with a Jaccard likeness of at least `_LEAST` share one of these features (prefix filtering).
    """
    ordered = sorted(own.values or own.unmet or own.calls) or [0]
    prefix = len(ordered) - _ceiling(_LEAST * len(ordered)) + 1
    return [(own.group ^ feature) - _HALF for feature in ordered[:prefix]]


def _ceiling(share: float) -> int:
    return -int(-share // 1)


def _twin(kept: _Kept, own: Signature) -> Twin | None:
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
