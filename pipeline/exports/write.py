"""Writes an export: row by row, and all of it or nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from toolweave.pipeline.exports.format import Convert, Format, Losses, Row
from toolweave.pipeline.exports.registry import find_format
from toolweave.servers.errors import RunError

ResultT = TypeVar("ResultT")
Rows = Callable[[], Iterable[Row]]


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written."""

    samples: int
    """Rows of `samples.jsonl`."""
    rows: int
    """Lines of the export."""
    losses: dict[str, int]
    """What the format has no place for → how often it was left out; only what really was."""


def export(read: Rows, fmt: str, out: Path) -> ExportReport:
    """Write rows of `samples.jsonl` in a format; a file that stands at `out` is replaced once the new one is complete.

    `read` gives the rows from the first on; it is called more than once.

    Raises:
        ConfigError: There is no such format.
        RunError: A row is no sample, or the file cannot be written.
    """
    target = find_format(fmt)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        if out.exists() and not out.is_file():
            raise RunError(f"{out} is not a file: give --out the name of a file")
        out.parent.mkdir(parents=True, exist_ok=True)
        convert = _chosen(read, target)
        with part.open("wb") as file:
            report = _write(read(), convert, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
    except OSError as error:
        raise RunError(f"{out} cannot be written ({error.strerror or error})") from error
    finally:
        _remove(part)
    return report


def _chosen(read: Rows, target: Format) -> Convert:
    """How all rows are written."""
    if target.otherwise is None:
        return target.convert
    fit = all(_guarded(target.fits, row, number) for number, row in enumerate(read(), 1))
    return target.convert if fit else target.otherwise


def _write(rows: Iterable[Row], convert: Convert, file: IO[bytes]) -> ExportReport:
    losses, samples, written = Losses(), 0, 0
    for samples, row in enumerate(rows, 1):
        for line in _guarded(lambda row: convert(row, losses), row, samples):
            file.write(_line(line, losses))
            written += 1
    return ExportReport(samples, written, {what: times for what, times in sorted(losses.items()) if times})


def _guarded(work: Callable[[Row], ResultT], row: Row, number: int) -> ResultT:
    try:
        return work(row)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise RunError(f"row {number} ({row.get('id', 'without id')}) is no sample: {error!r}") from error


def _line(line: Row, losses: Losses) -> bytes:
    text = json.dumps(line, ensure_ascii=False)
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        losses["halves of characters"] += 1  # readers of JSON refuse a whole file for one of them
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode() + b"\n"


def _remove(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError:
        return  # the folder is gone or read-only; the error that is on its way says so
