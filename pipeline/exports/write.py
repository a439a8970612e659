"""Writes an export: row by row, read again as its consumer will, and all of it or nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from toolweave.pipeline.exports.companion import write_companion
from toolweave.pipeline.exports.files import merge_json, read_file, write_file
from toolweave.pipeline.exports.format import Format, Layout, Losses, Row, Split
from toolweave.pipeline.exports.pieces import UNMASKABLE
from toolweave.pipeline.exports.registry import find_format
from toolweave.pipeline.exports.survival import Lost, survive
from toolweave.pipeline.exports.templates import ChatTemplate, find_template
from toolweave.pipeline.storage.jsonl import write_whole
from toolweave.servers.errors import ConfigError, RunError

ResultT = TypeVar("ResultT")
Rows = Callable[[], Iterable[Row]]
HALVES = "half-characters"
"""The loss of halves of surrogate pairs: readers of JSON refuse a whole file for one of them."""


@dataclass(frozen=True, slots=True)
class Options:
    """How an export is made."""

    split: Split = "conversation"
    allow: frozenset[str] = frozenset()
    """Names of the losses that are accepted."""
    check: str = "auto"
    """`auto`, or the chat template that every line has to survive: a file, a model's folder, or a name of TRL's."""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written."""

    samples: int
    """Rows of `samples.jsonl`."""
    rows: int
    """Lines of the export."""
    losses: dict[str, int]
    """What the format has no place for → how often it was left out; only what really was, and was allowed."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """Something that becomes a line, and the row that it is from."""

    number: int
    row_id: str
    value: Any


@dataclass
class _Work:
    """One reading of the rows, cut for a layout."""

    read: Rows
    target: Format[Any]
    layout: Layout[Any]
    split: Split
    samples: int = 0

    def cuts(self, losses: Losses) -> Iterator[tuple[Row, list[Any]]]:
        """Every row with its units."""
        for number, row in enumerate(self.read(), 1):
            self.samples = number
            whole = _whole_characters(row, losses)
            yield whole, _guarded(lambda row: self._cut(row, losses), whole, number)

    def units(self, losses: Losses) -> Iterator[_Unit]:
        for row, values in self.cuts(losses):
            for value in values:
                yield _Unit(self.samples, str(row.get("id", "without id")), value)

    def _cut(self, row: Row, losses: Losses) -> list[Any]:
        return self.layout.cut(self.target.prepare(row, losses), self.split, losses)


def export(read: Rows, fmt: str, out: Path, options: Options = Options()) -> ExportReport:
    """Write rows of `samples.jsonl` in a format; a file that stands at `out` is replaced once the new one is complete.

    Some formats are a folder; then `out` is one, and what else is in it stays.

    `read` gives the rows from the first on; it is called more than once. Before the file takes its place, it is read
    again, and every line has to give back the very conversation that it was written from.

    Raises:
        ConfigError: There is no such format, or it cannot be split so.
        RunError: A row is no sample, something would be lost that `options` do not allow, a line does not give back
            what was written, or the file cannot be written.
    """
    target = find_format(fmt)
    data = out if target.folder is None else out / target.folder.data
    part = data.with_name(f".{data.name}.{os.getpid()}.part")
    try:
        _make_room(target, out)
        work = _chosen(read, target, options.split)
        report = _write(work, part, options, _template(work, options.check))
        _write_beside(work, part, out)
        part.replace(data)
    except OSError as error:
        raise RunError(f"{out} cannot be written ({error.strerror or error})") from error
    finally:
        _remove(part)
    return report


def _make_room(target: Format[Any], out: Path) -> None:
    if target.folder is not None:
        if out.exists() and not out.is_dir():
            raise RunError(f"{out} is not a folder: give --out the name of a folder")
        (out / target.folder.data).parent.mkdir(parents=True, exist_ok=True)
    elif out.exists() and not out.is_file():
        raise RunError(f"{out} is not a file: give --out the name of a file")
    out.parent.mkdir(parents=True, exist_ok=True)


def _write_beside(work: _Work, part: Path, out: Path) -> None:
    """Whatever belongs to the lines."""
    for name, keys in work.target.beside(out).items():
        merge_json(out.with_name(name), keys)
    if work.target.folder is not None:
        texts = work.target.folder.beside(lambda: read_file(part, work.layout.columns))
        for name, text in texts.items():
            write_whole(out / name, text)
    if work.target.kept_beside:
        rows = work.cuts(Losses()) if work.split == "conversation" else ()
        write_companion(out, ((row, [work.layout.write(value) for value in values]) for row, values in rows))


def _chosen(read: Rows, target: Format[Any], split: Split) -> _Work:
    """Work on the first layout for the split that loses nothing, else on the last one."""
    fitting = [_Work(read, target, layout, split) for layout in target.layouts if split in layout.splits]
    if not fitting:
        raise ConfigError(f"{target.name} cannot be split by {split}")
    return next(filter(_is_lossless, fitting[:-1]), fitting[-1])


def _is_lossless(work: _Work) -> bool:
    losses = Losses()
    return all(not losses[UNMASKABLE] for _ in work.units(losses)) and not losses[UNMASKABLE]


def _template(work: _Work, wanted: str) -> ChatTemplate | None:
    if wanted == "auto":
        return None
    if work.layout.chats is None:
        raise ConfigError(f"{work.target.name} is not rendered by a chat template: leave --check at auto")
    return find_template(wanted)


def _write(work: _Work, part: Path, options: Options, template: ChatTemplate | None) -> ExportReport:
    losses, written = Losses(), 0

    def lines() -> Iterator[Row]:
        nonlocal written
        for written, unit in enumerate(work.units(losses), 1):  # noqa: B007 - the count is read below
            yield work.layout.write(unit.value)

    write_file(part, lines(), work.layout.columns)
    samples, lost = work.samples, {what: times for what, times in sorted(losses.items()) if times}
    allowed = options.allow | work.target.accepted
    _refuse(work.target.name, {what: times for what, times in lost.items() if what not in allowed})
    _read_back(work, part)
    if template is not None:
        lost |= _survive(work, template, part, "reasoning" in options.allow)
    return ExportReport(samples, written, lost)


def _refuse(fmt: str, losses: dict[str, int]) -> None:
    if losses:
        facts = ", ".join(f"{what} ({times})" for what, times in losses.items())
        flags = " ".join(f"--allow-loss {what}" for what in losses)
        raise RunError(f"{fmt} has no place for: {facts}; to write it without, give {flags}")


def _read_back(work: _Work, part: Path) -> None:
    lines = read_file(part, work.layout.columns)
    for unit in work.units(Losses()):
        try:
            same = work.layout.read(next(lines)) == unit.value
        except StopIteration as error:
            raise RunError("the samples changed while they were exported: export again") from error
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise _unequal(work.target.name, unit) from error
        if not same:
            raise _unequal(work.target.name, unit)
    if next(lines, None) is not None:
        raise RunError("the samples changed while they were exported: export again")


def _survive(work: _Work, template: ChatTemplate, part: Path, thoughtless: bool) -> dict[str, int]:
    """Render every line of the file; what is lost of it, if that is allowed."""
    unthought = 0
    assert work.layout.chats is not None
    for number, line in enumerate(read_file(part, work.layout.columns), 1):
        try:
            unthought += sum(survive(template, chat, thoughtless) for chat in work.layout.chats(work.layout.read(line)))
        except Lost as error:
            raise RunError(f"line {number} does not survive {template.name}: {error}{_advice(error, work)}") from error
    return {"reasoning": unthought} if unthought else {}


def _advice(error: Lost, work: _Work) -> str:
    if "reasoning" not in str(error) or work.split != "conversation":
        return ""
    return " (where a template drops the reasoning of earlier turns, --split-turns keeps it)"


def _unequal(fmt: str, unit: _Unit) -> RunError:
    return RunError(
        f"row {unit.number} ({unit.row_id}) cannot be told apart in {fmt}: its line reads as something else"
    )


def _guarded(work: Callable[[Row], ResultT], row: Row, number: int) -> ResultT:
    try:
        return work(row)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise RunError(f"row {number} ({row.get('id', 'without id')}) is no sample: {error!r}") from error


def _whole_characters(row: Row, losses: Losses) -> Row:
    text = json.dumps(row, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        losses[HALVES] += 1
        mended: Row = json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
        return mended
    return row


def _remove(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError:
        return  # the folder is gone or read-only; the error that is on its way says so
