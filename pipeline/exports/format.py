"""What a format is: a name, and how rows of `samples.jsonl` become lines of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
"""A row of `samples.jsonl`, and a line of an export; neither is ever changed in place."""
Losses = Counter[str]
"""What a format has no place for → how often it was left out."""
Convert = Callable[[Row, Losses], list[Row]]
"""Gets a row, returns its lines, and adds what it has to leave out to the losses. It may not add keys that the row does
not have: a `null` in a schema or in arguments is what a model then learns to write."""


@dataclass(frozen=True, slots=True)
class Format:
    """One JSONL format."""

    name: str
    consumers: str
    """Who reads it, in a few words."""
    convert: Convert
    fits: Callable[[Row], bool] = lambda _: True
    """Whether `convert` can write a row."""
    otherwise: Convert | None = None
    """Writes all rows when one does not fit: the lines of one file have one shape. Set together with `fits`."""
