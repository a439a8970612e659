"""A run directory, read as it grows: small rows in memory, and where the rest of each item is.

`advance` reads a few megabytes of what is new and is called again and again, by one thread at a time; everything else
may be read meanwhile. Lists only grow, until `generation` changes: then the run was begun anew and so is the index.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from toolweave.pipeline.storage.labels import Label, read_labels, write_label
from toolweave.pipeline.viewer.growing import BegunAnew, GrowingFile, Line, read_span
from toolweave.pipeline.viewer.rows import rejected_row, sample_row
from toolweave.pipeline.viewer.tallies import Tallies
from toolweave.servers.errors import RunError
from toolweave.servers.json_values import is_object

_INDEX = re.compile(rb'"index": ?(\d+)')
log = structlog.get_logger()


class Span(NamedTuple):
    """Bytes of a file."""

    start: int
    end: int


class RunIndex:
    """What is known of a run so far."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.generation = 0
        self._begin()

    def _begin(self) -> None:
        self.samples: list[bytes] = []
        """Rows of kept samples, each as JSON."""
        self.rejected: list[bytes] = []
        self.tallies = Tallies()
        self.labels = read_labels(self.root)
        self.complete = False
        """Whether all that was there at the last look has been read."""
        self.unreadable = 0
        """Lines that are no items."""
        self._spans: list[Span] = []
        self._places: dict[str, Span] = {}
        self._lost: dict[int, Span] = {}
        self._events: dict[int, Span] = {}
        self._revisions: dict[int, Span] = {}
        self._files: dict[str, tuple[GrowingFile, Callable[[Line], None]]] = {
            name: (GrowingFile(self.root / f"{name}.jsonl"), take)
            for name, take in (
                ("samples", self._take_sample),
                ("rejected", self._take_rejected),
                ("revisions", self._take_revision),
                ("events", self._take_event),
            )
        }

    def advance(self) -> bool:
        """Read on; whether there may be more to read at once."""
        try:
            grown = [self._read(file, take) for file, take in self._files.values()]
        except BegunAnew:
            self._begin()
            self.generation += 1
            return True
        self.complete = not any(grown)
        return any(grown)

    def sample(self, name: str) -> dict[str, Any] | None:
        """A kept sample, whole.

        Raises:
            RunError: It cannot be read any more.
        """
        span = self._places.get(name)
        return None if span is None else self._object("samples", span)

    def sample_at(self, number: int) -> dict[str, Any]:
        """A kept sample, whole, by its number among the rows.

        Raises:
            RunError: It cannot be read any more.
        """
        return self._object("samples", self._spans[number])

    def knows(self, name: str) -> bool:
        """Whether there is a kept sample of this id."""
        return name in self._places

    def set_label(self, name: str, label: Label | None) -> None:
        """Label a sample, on disk too.

        Raises:
            RunError: It cannot be written.
        """
        write_label(self.root, name, label)
        self.labels = read_labels(self.root)

    def lost(self, index: int) -> dict[str, Any] | None:
        """The line of an item that was not kept.

        Raises:
            RunError: It cannot be read any more.
        """
        span = self._lost.get(index)
        return None if span is None else self._object("rejected", span)

    def revisions(self, index: int) -> list[dict[str, Any]]:
        """Drafts of an item that were turned down, in order.

        Raises:
            RunError: They cannot be read any more.
        """
        return self._objects("revisions", self._revisions.get(index), index)

    def events(self, index: int) -> list[dict[str, Any]]:
        """Live calls and stages of an item, in order.

        Raises:
            RunError: They cannot be read any more.
        """
        return self._objects("events", self._events.get(index), index)

    def _read(self, file: GrowingFile, take: Callable[[Line], None]) -> bool:
        before = file.read
        for line in file.round():
            try:
                take(line)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                self.unreadable += 1
                log.warning("a line cannot be shown", file=file.path.name, at=line.at)
        return file.read > before

    def _take_sample(self, line: Line) -> None:
        row = sample_row(_parsed(line.text))
        self._places[row["id"]] = Span(line.at, line.at + len(line.text))
        self._spans.append(self._places[row["id"]])
        self.samples.append(json.dumps(row).encode())

    def _take_rejected(self, line: Line) -> None:
        found = _parsed(line.text)
        self._lost[int(found["index"])] = Span(line.at, line.at + len(line.text))
        self.rejected.append(json.dumps(rejected_row(found)).encode())

    def _take_revision(self, line: Line) -> None:
        found = _parsed(line.text)
        self.tallies.mistakes[str(found.get("mistake"))] += 1
        _extend(self._revisions, int(found["index"]), line)

    def _take_event(self, line: Line) -> None:
        if line.text.startswith(b'{"event": "call"'):
            self.tallies.count_call(_parsed(line.text))
        if number := _INDEX.search(line.text):
            _extend(self._events, int(number[1]), line)

    def _object(self, name: str, span: Span) -> dict[str, Any]:
        try:
            return _parsed(read_span(self.root / f"{name}.jsonl", span.start, span.end))
        except (OSError, ValueError) as error:
            raise RunError(f"{name}.jsonl was changed while it was shown") from error

    def _objects(self, name: str, span: Span | None, index: int) -> list[dict[str, Any]]:
        if span is None:
            return []
        try:
            lines = read_span(self.root / f"{name}.jsonl", span.start, span.end).splitlines()
            return [found for found in map(_parsed, lines) if found.get("index") == index]
        except (OSError, ValueError) as error:
            raise RunError(f"{name}.jsonl was changed while it was shown") from error


def _parsed(text: bytes) -> dict[str, Any]:
    """A line as an object; bytes that are no UTF-8 are replaced by a sign that says so.

    Raises:
        ValueError: It is none.
    """
    found: Any = json.loads(text.decode("utf-8", "replace"))
    if not is_object(found):
        raise ValueError("not an object")
    return found


def _extend(spans: dict[int, Span], index: int, line: Line) -> None:
    """The lines of an item stand together: the span runs from its first to its last."""
    start = spans[index].start if index in spans else line.at
    spans[index] = Span(start, line.at + len(line.text))
