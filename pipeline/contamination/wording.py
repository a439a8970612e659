"""Finds wording that a text shares with benchmark requests: runs of 13 words, and the whole of shorter requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from toolweave.pipeline.contamination.words import NUMBER, grams, words

RUN = 13
"""Words of a shared run that is no accident."""
SHORTEST_INSIDE = 6
"""A request of fewer words counts only when it is the whole text."""
SHORTEST = 4
"""A request of fewer words is not compared: everybody says it."""
FEWEST_DIFFERENT = 4
"""Different words in a run; a row of numbers is no wording."""


@dataclass(frozen=True, slots=True)
class SharedRun:
    """Wording that is in both."""

    question: int
    """Index of the benchmark's text."""
    words: tuple[str, ...]


@dataclass
class WordingIndex:
    """Runs of words of benchmark texts; the first text that has a run owns it."""

    too_short: int = 0
    """Texts that cannot be compared."""
    _texts: list[list[str]] = field(default_factory=list[list[str]])
    _runs: dict[int, dict[str, tuple[int, int]]] = field(default_factory=dict[int, dict[str, tuple[int, int]]])
    """Length → run → (text, position)."""

    def add(self, text: str) -> None:
        """Take in a benchmark's text; texts are numbered in the order in which they come."""
        found, number = words(text), len(self._texts)
        self._texts.append(found)
        length = min(len(found), RUN)
        if length < SHORTEST or not _telling(found):
            self.too_short += 1
            return
        owned = self._runs.setdefault(length, {})
        for position, run in grams(found, length):
            if _telling(found[position : position + length]):
                owned.setdefault(run, (number, position))

    def shared(self, text: str, *, runs_only: bool = False) -> SharedRun | None:
        """The longest wording that a text shares, the earliest among equals; with `runs_only` no short requests."""
        found = words(text)
        best: SharedRun | None = None
        for length in sorted(self._runs, reverse=True):
            if length < RUN and (runs_only or best is not None):
                break
            if length < SHORTEST_INSIDE and len(found) != length:
                continue
            for position, run in grams(found, length):
                if (owner := self._runs[length].get(run)) is not None:
                    whole = self._grown(found, position, *owner, length)
                    best = whole if best is None or len(whole.words) > len(best.words) else best
        return best

    def _grown(self, found: Sequence[str], here: int, question: int, there: int, length: int) -> SharedRun:
        """The run with what follows it in both; what comes before belongs to an earlier run."""
        other = self._texts[question]
        while here + length < len(found) and there + length < len(other):
            if found[here + length] != other[there + length]:
                break
            length += 1
        return SharedRun(question, tuple(found[here : here + length]))


def _telling(run: Sequence[str]) -> bool:
    return len(set(run) - {NUMBER}) >= FEWEST_DIFFERENT
