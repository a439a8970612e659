"""JSON lines on disk: appended whole or not at all, read one by one, cut where a kill tore them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from toolweave.servers.errors import RunError

_BLOCK = 65536


def line_of(value: dict[str, Any]) -> str:
    """An object as a line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n"


class Appender:
    """A file that only grows, by whole lines: a write that fails half-way is taken back."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("ab", buffering=0)

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return os.fstat(self._file.fileno()).st_size

    def append(self, lines: str) -> None:
        """Add lines.

        Raises:
            RunError: They cannot be written, as when the disk is full.
        """
        data, before = memoryview(lines.encode("utf-8", "replace")), self.size
        written = 0
        try:
            while written < len(data):
                written += self._file.write(data[written:]) or 0
        except OSError as error:
            self._file.truncate(before)
            raise RunError(f"{self._path} cannot be written: {error.strerror or error}") from error

    def clear(self) -> None:
        """Empty the file."""
        self._file.truncate(0)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file, one by one.

    Raises:
        RunError: The file is missing, or a line is not a JSON object.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                yield _parsed(line, path, number)
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}") from error


def count_lines(path: Path) -> int:
    """Lines of a file; 0 where there is none."""
    try:
        with path.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b""))
    except OSError:
        return 0


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        RunError: The file is missing or holds something else.
    """
    try:
        return _parsed(path.read_text(encoding="utf-8"), path, 1)
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}") from error


def write_json(path: Path, value: Any) -> None:
    """Write a whole file, or leave the old one; the order of keys stays, because it may mean something.

    Raises:
        RunError: It cannot be written.
    """
    write_whole(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a whole text file, or leave the old one; its folder is made if it is not there.

    Raises:
        RunError: It cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", errors="replace")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise RunError(f"{path} cannot be written: {error.strerror or error}") from error


def cut_torn_line(path: Path) -> None:
    """Cut away what follows the last line end."""
    if path.exists():
        with path.open("rb+") as file:
            file.truncate(_last_line_end(file, file.seek(0, os.SEEK_END)))


def cut_last_lines(path: Path, unwanted: Callable[[dict[str, Any]], bool]) -> None:
    """Cut lines from the end of a file for as long as they are unwanted.

    Raises:
        RunError: A line is not a JSON object.
    """
    with path.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = _last_line_end(file, end - 1)
            file.seek(start)
            line = file.read(end - start).decode("utf-8", "replace")
            if not unwanted(_parsed(line, path, -1)):
                break
            end = start
        file.truncate(end)


def _last_line_end(file: Any, end: int) -> int:
    """Position behind the last line end before `end`."""
    while end > 0:
        start = max(0, end - _BLOCK)
        file.seek(start)
        cut = file.read(end - start).rfind(b"\n")
        if cut >= 0:
            return int(start + cut + 1)
        end = start
    return 0


def _parsed(text: str, path: Path, number: int) -> dict[str, Any]:
    try:
        value: Any = json.loads(text)
    except ValueError as error:
        raise RunError(f"{path}:{number}: not JSON ({error})") from error
    if not isinstance(value, dict):
        raise RunError(f"{path}:{number}: not a JSON object")
    return value  # pyright: ignore[reportUnknownVariableType]
