"""What a person says of kept samples: `labels.jsonl` beside them, one line for every decision, the last one counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args

from toolweave.pipeline.storage.jsonl import Appender, cut_torn_line, line_of, read_lines

Label = Literal["keep", "drop", "flag"]
LABELS: tuple[Label, ...] = get_args(Label)
NAME = "labels.jsonl"


def read_labels(root: Path) -> dict[str, str]:
    """Id of a sample → its label; empty where nobody has labelled anything.

    Raises:
        RunError: A line is not a JSON object.
    """
    found: dict[str, str] = {}
    if (root / NAME).exists():
        for line in read_lines(root / NAME):
            found[str(line.get("id"))] = str(line.get("label"))
    return {name: label for name, label in found.items() if label in LABELS}


def write_label(root: Path, sample: str, label: Label | None) -> None:
    """Add a decision; `None` takes the label away.

    Raises:
        RunError: It cannot be written.
        OSError: The folder cannot be written.
    """
    cut_torn_line(root / NAME)
    file = Appender(root / NAME)
    try:
        file.append(line_of({"id": sample, "label": label}))
    finally:
        file.close()


class Kept:
    """The rows of a run that nobody wants dropped; may be read again and again."""

    def __init__(self, read: Callable[[], Iterable[dict[str, Any]]], root: Path) -> None:
        self._read = read
        self._labels = read_labels(root)
        self.dropped: set[str] = set()
        """Ids of rows that were left out."""

    def __call__(self) -> Iterator[dict[str, Any]]:
        """The rows, from the first on."""
        for row in self._read():
            name = str(row.get("id"))
            if self._labels.get(name) == "drop":
                self.dropped.add(name)
            else:
                yield row
