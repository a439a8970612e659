"""Reads a benchmark file into rows: what each asks, which tools it offers, which values it holds.

Covered: a JSON list, JSON lines (whatever the file is called, `.gz` too), or an object around one list of rows. A row
holds its request as plain text, as chat turns (nested as deep as you like) or under a named field; tool schemas
anywhere; calls as objects or as written code. A file in which no row has a request, a tool or a call is an error,
because a request under a name that we do not know would be passed over; single rows without one are counted.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolweave.pipeline.contamination.constants import constants_in, phrase
from toolweave.pipeline.contamination.questions import fields_read, is_message, questions
from toolweave.pipeline.contamination.shapes import ToolShape, calls_in, shapes_in
from toolweave.servers.errors import ConfigError
from toolweave.servers.json_values import is_list, is_object


@dataclass(frozen=True, slots=True)
class BenchmarkRow:
    """One row of a benchmark."""

    file: str
    name: str
    """Its id, or `row 3`."""
    questions: tuple[str, ...]
    """What users say in it, one text a message."""
    tools: tuple[ToolShape, ...]
    called: frozenset[str]
    """Names of tools that its answer calls, as the words of their own names."""
    constants: frozenset[str]
    """Distinctive values: ids, addresses, whole phrases."""


def read_benchmarks(paths: Sequence[Path], fields: Sequence[str] = ()) -> list[BenchmarkRow]:
    """The rows of all files.

    Args:
        paths: The files.
        fields: Dotted names of fields that hold the request, tried before the usual ones.

    Raises:
        ConfigError: A file cannot be read or has nothing to compare, or no row has a field that was named.
    """
    try:
        values = {path: _objects(path) for path in paths}
        for field in fields:
            if not any(fields_read(value, (field,)) for found in values.values() for _, value in found):
                raise ConfigError(f"--field {field!r}: no row of {', '.join(map(str, paths))} has a text there")
        return [row for path, found in values.items() for row in _rows(path, found, fields)]
    except RecursionError as error:
        raise ConfigError(f"{', '.join(map(str, paths))}: JSON is nested too deeply") from error


def _rows(path: Path, values: list[tuple[int, dict[str, Any]]], fields: Sequence[str]) -> list[BenchmarkRow]:
    rows = [_row(path, number, value, fields) for number, value in values]
    if not any(row.questions or row.tools or row.called for row in rows):
        raise ConfigError(f"{path}: no request, tool or call found; name the field of the request with --field")
    return rows


def _row(path: Path, number: int, value: dict[str, Any], fields: Sequence[str]) -> BenchmarkRow:
    name = value.get("id")
    label = str(name) if isinstance(name, str | int) else f"row {number}"
    if tool := shapes_in(value, deep=False):
        return BenchmarkRow(str(path), label, (), tuple(tool), frozenset(), frozenset())
    asked, tools = tuple(questions(value, fields)), tuple(shapes_in(value))
    values = constants_in({key: item for key, item in value.items() if key != "id"})
    return BenchmarkRow(str(path), label, asked, tools, calls_in(value), values - {phrase(text) for text in asked})


def _objects(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """(number, row) of every row; a number is a line in JSON lines, else a position."""
    text = _text(path)
    try:
        whole: Any = json.loads(text)
    except ValueError:
        found = _lines(path, text)
    else:
        found = _unwrapped(path, whole)
    if not found:
        raise ConfigError(f"{path}: holds no rows")
    return found


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text; a benchmark file is JSON or JSON lines") from error
    except (OSError, EOFError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ConfigError(f"{path} cannot be read: {reason}") from error


def _lines(path: Path, text: str) -> list[tuple[int, dict[str, Any]]]:
    found: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value: Any = json.loads(line)
        except ValueError as error:
            raise ConfigError(f"{path}:{number}: not JSON ({error})") from error
        found.append((number, _as_row(path, number, value)))
    return found


def _unwrapped(path: Path, whole: Any) -> list[tuple[int, dict[str, Any]]]:
    """Rows of a JSON value: a list of them, an object around a list, or an object that is one itself."""
    rows: list[Any] = whole if is_list(whole) else [whole]
    if is_object(whole):
        lists = {key: value for key, value in whole.items() if is_list(value) and any(map(_asks, value))}
        rest = {key: value for key, value in whole.items() if key not in lists}
        if lists and not questions(rest, ()):
            rows = max(lists.values(), key=len)
    return [(number, _as_row(path, number, value)) for number, value in enumerate(rows, 1)]


def _asks(value: Any) -> bool:
    """Whether a list's item is a row of its own, not a message of one."""
    return is_object(value) and not is_message(value) and bool(questions(value, ()))


def _as_row(path: Path, number: int, value: Any) -> dict[str, Any]:
    if isinstance(value, str) and value.strip():
        return {"question": value}
    if not is_object(value):
        raise ConfigError(f"{path}:{number}: a row is a JSON object or a text, not {type(value).__name__}")
    return value
