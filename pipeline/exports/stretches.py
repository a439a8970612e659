"""Stretches of a row: turns with the same tools on offer, each learnt with what came before as context."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from toolweave.pipeline.exports.format import Row


@dataclass(frozen=True, slots=True)
class Stretch:
    """Messages that are learnt under one offer."""

    tools: list[Row]
    """The tools on offer, as in the row."""
    first: int
    """Index of the first message that belongs to it; all before are context."""
    end: int
    """Index after its last message."""
    masked: frozenset[int]
    """Indices of its assistant messages that may not be learnt."""

    def learnt(self, messages: list[Row]) -> list[int]:
        """Indices of the messages that a model is to learn."""
        indices = range(self.first, self.end)
        return [at for at in indices if messages[at]["role"] == "assistant" and at not in self.masked]


def stretches(row: Row) -> list[Stretch]:
    """The stretches of a row, in order."""
    return [_stretch(row, list(turns), withheld) for withheld, turns in groupby(row["turns"], _withheld)]


def is_plain(row: Row) -> bool:
    """Whether one offer holds for all turns and every assistant message may be learnt."""
    found = stretches(row)
    return len(found) == 1 and not found[0].masked


def _stretch(row: Row, turns: list[Row], withheld: frozenset[str]) -> Stretch:
    return Stretch(
        [tool for tool in row["tools"] if tool["function"]["name"] not in withheld],
        turns[0]["messages"][0],
        turns[-1]["messages"][1] + 1,
        frozenset(_masked(turns)),
    )


def _withheld(turn: Row) -> frozenset[str]:
    return frozenset(turn.get("withheld", ()))


def _masked(turns: Iterable[Row]) -> Iterable[Any]:
    return (at for turn in turns for at in turn.get("masked", ()))
