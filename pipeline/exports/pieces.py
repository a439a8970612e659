"""Cutting a row into pieces that a format can say, so that what may not be learnt is never learnt.

A row's offer of tools may change between turns, and some of its messages are masked: calls that fail. How much of
that a line can say differs, so there is one cut for each ability of a format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby, pairwise

from toolweave.pipeline.exports.format import Losses, Piece, Row, Split

UNMASKABLE = "unmaskable"
"""The loss of messages that a line could not hold without teaching something that may not be learnt."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Turns with the same tools on offer."""

    tools: list[Row]
    first: int
    """Index of the first message that belongs to it; all before are context."""
    learnt: tuple[int, ...]


def cut_any(row: Row, split: Split, losses: Losses) -> list[Piece]:
    """Pieces for formats that can mask any message: one for each offer."""
    return _split(row, split, lambda learnt: [learnt])


def cut_completions(row: Row, split: Split, losses: Losses) -> list[Piece]:
    """Pieces for formats that learn every assistant message from some point on."""
    messages = row["messages"]
    return _split(row, split, lambda learnt: _runs(messages, learnt))


def cut_whole(row: Row, split: Split, losses: Losses) -> list[Piece]:
    """Pieces for formats that learn every assistant message of a line.

    A row that holds what may not be learnt ends before it, unless it is cut into steps, of which a trainer is then told
    to learn the last message only.
    """
    if split == "step":
        return cut_any(row, split, losses)
    found = stretches(row)
    (run, *_) = [*_runs(row["messages"], found[0].learnt), ()]
    harmless = bool(run) and not _said(row["messages"][: run[0]])
    kept = run if harmless else ()
    losses[UNMASKABLE] += sum(len(stretch.learnt) for stretch in found) - len(kept)
    return [Piece(found[0].tools, row["messages"][: kept[-1] + 1], frozenset(kept))] if kept else []


def stretches(row: Row) -> list[_Stretch]:
    """The stretches of a row, in order."""
    return [_stretch(row, list(turns), withheld) for withheld, turns in groupby(row["turns"], _withheld)]


def _stretch(row: Row, turns: list[Row], withheld: frozenset[str]) -> _Stretch:
    masked = {at for turn in turns for at in turn.get("masked", ())}
    first, end = turns[0]["messages"][0], turns[-1]["messages"][1] + 1
    return _Stretch(
        [tool for tool in row["tools"] if tool["function"]["name"] not in withheld],
        first,
        tuple(at for at in range(first, end) if row["messages"][at]["role"] == "assistant" and at not in masked),
    )


def _withheld(turn: Row) -> frozenset[str]:
    return frozenset(turn.get("withheld", ()))


def _split(row: Row, split: Split, runs: Callable[[tuple[int, ...]], Iterable[tuple[int, ...]]]) -> list[Piece]:
    return [
        Piece(stretch.tools, as_shown(row["messages"][: run[-1] + 1], run[0], split), frozenset(run))
        for stretch in stretches(row)
        for group in _groups(row["messages"], stretch.learnt, split)
        for run in runs(group)
    ]


def _groups(messages: list[Row], learnt: tuple[int, ...], split: Split) -> list[tuple[int, ...]]:
    if split == "step":
        return [(at,) for at in learnt]
    if split == "turn":
        return [tuple(group) for _, group in groupby(learnt, lambda at: _asked(messages, at))]
    return [learnt] if learnt else []


def _asked(messages: list[Row], at: int) -> int:
    """Index of the user's message that the message at `at` belongs to; -1 where there is none."""
    return max((index for index in range(at) if messages[index]["role"] == "user"), default=-1)


def as_shown(messages: list[Row], first: int, split: Split) -> list[Row]:
    """Messages to learn from `first` on; split by turn, without the reasoning of earlier turns.

    So templates show a conversation to a model in use.
    """
    if split != "turn":
        return messages
    asked = _asked(messages, first)
    return [_unreasoned(message) if at < asked else message for at, message in enumerate(messages)]


def _unreasoned(message: Row) -> Row:
    return {key: value for key, value in message.items() if key != "reasoning_content"}


def _runs(messages: list[Row], learnt: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The indices, cut wherever an assistant message lies between two of them."""
    breaks = [0, *(at for at, (a, b) in enumerate(pairwise(learnt), 1) if _said(messages[a + 1 : b])), len(learnt)]
    return [learnt[a:b] for a, b in pairwise(breaks) if a < b]


def _said(messages: list[Row]) -> bool:
    return any(message["role"] == "assistant" for message in messages)
