"""Replies that were paid for: what an endpoint answered for items that are not in the files yet.

A reply is on disk before anything is made of it, so an item that is made again after a kill asks an endpoint only what
it had not asked before. The item's replies go when it enters the files, and the file goes with the run's end: it holds
no more than what is in the making. SQLite keeps it whole when the process is killed; a power cut may lose the last few.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from toolweave.servers.errors import RunError

_TABLE = "CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, item INTEGER, reply TEXT) WITHOUT ROWID"
_INDEX = "CREATE INDEX IF NOT EXISTS items ON replies (item)"
_item: ContextVar[int] = ContextVar("item", default=-1)


@contextmanager
def asking_for(item: int) -> Generator[None]:
    """What is asked meanwhile, by this task and those that it starts, is asked for this item."""
    token = _item.set(item)
    try:
        yield
    finally:
        _item.reset(token)


class Replies:
    """The replies of one run directory; the file is made with the first one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: sqlite3.Connection | None = None

    def find(self, key: str) -> Any | None:
        """The reply to the request with this digest; `None` when it was never answered.

        Raises:
            RunError: The file cannot be read.
        """
        if self._opened is None and not self._path.exists():
            return None
        row = self._do("SELECT reply FROM replies WHERE key = ?", key).fetchone()
        return None if row is None else json.loads(row[0])

    def keep(self, key: str, reply: Any) -> None:
        """Put a reply on disk.

        Raises:
            RunError: The file cannot be written.
        """
        self._do("INSERT OR REPLACE INTO replies VALUES (?, ?, ?)", key, _item.get(), json.dumps(reply))

    def forget(self, item: int) -> None:
        """The item is in the files."""
        if self._opened is not None or self._path.exists():
            self._do("DELETE FROM replies WHERE item = ?", item)

    def close(self) -> None:
        """Close the file."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def remove(self) -> None:
        """The run is complete."""
        self.close()
        for path in (self._path, *(self._path.with_name(f"{self._path.name}-{end}") for end in ("wal", "shm"))):
            path.unlink(missing_ok=True)

    def _do(self, statement: str, *values: object) -> sqlite3.Cursor:
        try:
            if self._opened is None:
                self._opened = self._open()
            return self._opened.execute(statement, values)
        except sqlite3.Error as error:
            raise RunError(f"{self._path}: {error}; delete the file to ask everything anew") from error

    def _open(self) -> sqlite3.Connection:
        opened = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        for pragma in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=OFF", _TABLE, _INDEX):
            opened.execute(pragma)
        return opened
