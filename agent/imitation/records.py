"""What was written once, in a file that many servers may share: one JSON line for each ask, the first one counts."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from toolweave.servers.errors import ConfigError
from toolweave.servers.json_values import as_object


@dataclass(frozen=True, slots=True)
class Record:
    """The outcome of one ask."""

    key: str
    """Digest of what was asked."""
    what: str
    """The same in words."""
    values: dict[str, Any]
    """Place → what was written."""
    left: dict[str, str]
    """Place that was left to the rules → why."""


def read_records(path: Path) -> list[Record]:
    """All records; lines that are none, such as the last one of a killed process, are passed over.

    Raises:
        ConfigError: The file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    return _records(data)


@dataclass
class Records:
    """The file as one of those that write it."""

    path: Path
    _known: dict[str, Record] = field(default_factory=dict[str, Record])
    _read: int = 0
    """Bytes."""

    def find(self, key: str) -> Record | None:
        """The record of an ask, if there is one.

        Raises:
            ConfigError: The file cannot be read or written.
        """
        if key not in self._known:
            with self._open() as file:
                self._catch_up(file)
        return self._known.get(key)

    def keep(self, record: Record) -> Record:
        """Write a record, unless there is one of this ask by now; the one that counts from now on.

        Raises:
            ConfigError: The file cannot be read or written.
        """
        with self._open() as file:
            self._catch_up(file)
            if record.key not in self._known:
                line = {"key": record.key, "what": record.what, "values": record.values, "left": record.left}
                file.seek(0, os.SEEK_END)
                start = b"" if self._read == 0 or self._ends_well(file) else b"\n"
                file.write(start + json.dumps(line, ensure_ascii=False).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
                self._catch_up(file)
        return self._known[record.key]

    @contextmanager
    def _open(self) -> Generator[BinaryIO]:
        """The file, for this process alone; it is not made, as a wrong place would be forgotten with the workspace."""
        try:
            with self.path.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield file
        except OSError as error:
            raise ConfigError(f"{self.path}: what the model writes cannot be kept there: {error}") from error

    def _catch_up(self, file: BinaryIO) -> None:
        file.seek(self._read)
        data = file.read()
        self._read += len(data)
        for record in _records(data):
            self._known.setdefault(record.key, record)

    def _ends_well(self, file: BinaryIO) -> bool:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


def _records(data: bytes) -> list[Record]:
    found: list[Record] = []
    for text in data.decode("utf-8", "replace").split("\n"):
        try:
            line = as_object(json.loads(text))
        except ValueError:
            continue
        if isinstance(line.get("key"), str):
            left = {place: str(why) for place, why in as_object(line.get("left")).items()}
            found.append(Record(line["key"], str(line.get("what", "")), as_object(line.get("values")), left))
    return found
