"""What the lines of an `openai` export have no place for, kept in a file beside them, and the way back to the samples.

Contract: the companion has one line a sample: how many lines of the export are its own, and only what these do not say.
Lines and companion together give back the very sample. Whatever was changed in the lines since then is in the samples
that come out, and these are counted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from toolweave.pipeline.exports.files import write_file
from toolweave.pipeline.exports.format import Row
from toolweave.pipeline.exports.openai import as_one, changed_names, renamed
from toolweave.pipeline.sample import Sample
from toolweave.pipeline.storage.jsonl import read_lines
from toolweave.servers.errors import RunError
from toolweave.servers.json_values import digest
from toolweave.servers.misfit import first_misfit

FORMAT = "toolweave-rest/1"


@dataclass(frozen=True, slots=True)
class Imported:
    """A sample that was read back."""

    row: Row
    changed: bool
    """Whether it is another one than was exported."""


def companion_of(out: Path) -> Path:
    """The file beside an export."""
    return out.with_name(f"{out.stem}.rest{out.suffix}")


def write_companion(out: Path, rows: Iterable[tuple[Row, list[Row]]]) -> None:
    """Write the file beside an export, given each row with its lines; where there are none, take an old one away.

    Raises:
        OSError: It cannot be written.
        RunError: A row would not come back as it is.
    """
    path = companion_of(out)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write_file(part, (_proved(row, lines) for row, lines in rows), None)
        if part.stat().st_size:
            part.replace(path)
        else:
            path.unlink(missing_ok=True)
    finally:
        part.unlink(missing_ok=True)


def _proved(row: Row, lines: list[Row]) -> Row:
    rest = rest_of(row, lines)
    if row_of(rest, lines) != row:
        raise RunError(f"{row.get('id', 'a row without id')} would not come back as it is")
    return rest


def rest_of(row: Row, lines: list[Row]) -> Row:
    """What the lines of a row do not say of it."""
    names = changed_names(row)
    tools, messages = _told(lines, names)
    return {
        "format": FORMAT,
        "lines": len(lines),
        "digest": digest(row),
        "names": names,
        "tools": [tool["function"]["name"] if tool in tools else tool for tool in row["tools"]],
        "messages": [
            {key: value for key, value in message.items() if key not in told or told[key] != value}
            for told, message in _paired(messages, row["messages"])
        ],
        "row": {key: value for key, value in row.items() if key not in ("tools", "messages")},
    }


def row_of(rest: Row, lines: list[Row]) -> Row:
    """The row again.

    Raises:
        KeyError, IndexError, TypeError, ValueError: The two do not belong together.
    """
    tools, messages = _told(lines, rest["names"])
    if len(messages) > len(rest["messages"]):
        raise ValueError("there are more messages than the sample had")
    by_name = {tool["function"]["name"]: tool for tool in tools}
    row: Row = rest["row"]
    return row | {
        "tools": [by_name[tool] if isinstance(tool, str) else tool for tool in rest["tools"]],
        "messages": [told | kept for told, kept in _paired(messages, rest["messages"])],
    }


def _paired(told: list[Row], rest: list[Row]) -> Iterator[tuple[Row, Row]]:
    """Messages as the lines tell them, as far as they do, with what belongs to them."""
    for at, message in enumerate(rest):
        yield told[at] if at < len(told) else {}, message


def read_samples(path: Path) -> Iterator[Imported]:
    """The samples of an export, in order.

    Raises:
        RunError: A file is missing or damaged, the two do not belong together, or what they hold is no sample.
    """
    lines = read_lines(path)
    for number, rest in enumerate(read_lines(companion_of(path)), 1):
        try:
            if rest["format"] != FORMAT:
                raise ValueError(f"its format is {rest['format']!r}")
            row = row_of(rest, _next(lines, rest["lines"]))
            Sample.model_validate(row)
        except ValidationError as error:
            raise RunError(f"{path}: what is read back as sample {number} is none ({first_misfit(error)})") from error
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise RunError(f"{path}: sample {number} cannot be read back ({error})") from error
        yield Imported(row, digest(row) != rest["digest"])
    if next(lines, None) is not None:
        raise RunError(f"{path} has more lines than {companion_of(path).name} knows of")


def _next(lines: Iterator[Row], count: int) -> list[Row]:
    found = list(islice(lines, count))
    if len(found) < count:
        raise ValueError("the export has too few lines")
    return found


def _told(lines: list[Row], names: dict[str, str]) -> tuple[list[Row], list[Row]]:
    """Tools and messages as the lines tell them, under their own names again."""
    before = {new: name for name, new in names.items()}
    tools, messages = as_one(lines)
    return [renamed(tool, before) for tool in tools], [
        message | {"tool_calls": [renamed(call, before) for call in message["tool_calls"]]}
        if message.get("tool_calls")
        else message
        for message in messages
    ]
