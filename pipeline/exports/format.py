"""What a format is: a name, how rows of `samples.jsonl` become lines of a file, and how such a line is read again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from toolweave.pipeline.storage.jsonl import read_lines

Row = dict[str, Any]
"""A row of `samples.jsonl`, and a line of an export; neither is ever changed in place."""
Losses = Counter[str]
"""Name of what a format has no place for → how often it was left out."""
Split = Literal["conversation", "turn", "step"]
"""What a line holds: as much as one line can say, one user turn, or one message to learn; each with its past."""
Lines = Callable[[], Iterator[Row]]
"""The lines of an export, from the first on."""
UnitT = TypeVar("UnitT")


def as_text(value: Any) -> str:
    """A value as JSON text, for where a format has no place for objects."""
    return json.dumps(value, ensure_ascii=False)


def samples_of(directory: Path) -> Iterator[Row]:
    """The rows of a run.

    Raises:
        RunError: The file is missing or damaged.
    """
    yield from read_lines(directory / "samples.jsonl")


@dataclass(frozen=True, slots=True)
class Piece:
    """Messages under one offer of tools, some of which are to be learnt."""

    tools: list[Row]
    """The tools on offer, as in the row."""
    messages: list[Row]
    learnt: frozenset[int]
    """Indices of the assistant messages that a model is to learn; all other messages are context."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Something to say after a past, and whether it is right."""

    tools: list[Row]
    past: list[Row]
    said: Row
    """An assistant message."""
    right: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """Two things to say after one past."""

    tools: list[Row]
    past: list[Row]
    chosen: Row
    rejected: Row


@dataclass(frozen=True, slots=True)
class Chat:
    """What a consumer renders through a chat template."""

    tools: list[Row]
    messages: list[Row]
    start: int | None = None
    """Index of the first message to learn, where a consumer tells it by rendering what comes before by itself."""
    marked: bool = False
    """Whether a consumer relies on what the template marks as the assistant's own."""


@dataclass(frozen=True, slots=True)
class Layout(Generic[UnitT]):
    """One shape of lines. `read` gives back exactly what `write` got, for everything that the layout can say."""

    cut: Callable[[Row, Split, Losses], list[UnitT]]
    """The units of a row; what the layout cannot say is left out and counted."""
    write: Callable[[UnitT], Row]
    """A unit's line. It adds no key with the value `null`: that is what a model would learn to write."""
    read: Callable[[Row], UnitT]
    """The unit of a line. Raises ValueError, KeyError, TypeError or IndexError for what is none."""
    splits: Sequence[Split] = ("conversation", "turn", "step")
    """The ways to split that it is for."""
    chats: Callable[[UnitT], list[Chat]] | None = None
    """What is rendered of a unit; without it no chat template is."""
    columns: Callable[[Any], Any] | None = None
    """Makes the schema of a parquet file, given pyarrow; without it the file is JSONL."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A format that is a folder: a file of lines, and what belongs to it."""

    data: str
    """Name of the file with the lines."""
    beside: Callable[[Lines], dict[str, str]]
    """Text of every other file, by its path in the folder."""


@dataclass(frozen=True, slots=True)
class Format(Generic[UnitT]):
    """One format of export."""

    name: str
    consumers: str
    """Who reads it, in a few words."""
    layouts: Sequence[Layout[UnitT]]
    """Shapes, the best first; of those for a split, the last is used when a better one would lose something."""
    prepare: Callable[[Row, Losses], Row] = lambda row, _: row
    """Takes out of a row what no layout has a place for, and counts it."""
    rows: Callable[[Path], Iterator[Row]] = samples_of
    """The rows of a run directory, with whatever else of it the format needs."""
    folder: Folder | None = None
    """For formats that are a folder; the others are a file."""
    beside: Callable[[Path], dict[str, Row]] = lambda _: {}
    """JSON files that are written into the same folder: name → keys to set in it."""
    kept_beside: bool = False
    """Whether what the lines have no place for is kept in a file beside them, for `toolweave import`."""
    accepted: frozenset[str] = frozenset()
    """Losses that whoever chooses the format accepts: no layout has a place for them. They are named all the same."""
    hint: str = ""
    """What the consumer has to be told for right loss masks."""
