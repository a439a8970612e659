"""A JSONL file that grows while it is read: whole lines only, each with its place, and a word when it began anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

MOST_BYTES = 8_000_000
"""Bytes from which a round of reading ends, so that what was read can be shown."""


class Line(NamedTuple):
    """A line and where it is."""

    at: int
    text: bytes


class BegunAnew(Exception):
    """The file is another one, or shorter than what was read of it: all that is known of it is void."""


@dataclass
class GrowingFile:
    """Reads on from where the last round ended; what has no line end yet is left for the next one."""

    path: Path
    read: int = 0
    """Bytes that were read."""
    _inode: int = 0

    def round(self, most: int = MOST_BYTES) -> Iterator[Line]:
        """New lines, about `most` bytes of them; none when there is no file.

        Raises:
            BegunAnew: The file was replaced or cut.
        """
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            if self.read:
                raise BegunAnew(self.path) from None
            return
        with file:
            self._recognise(file)
            yield from self._lines(file, most)

    def _recognise(self, file: BinaryIO) -> None:
        inode, size = self.path.stat().st_ino, file.seek(0, 2)
        if self.read and (size < self.read or inode != self._inode):
            raise BegunAnew(self.path)
        self._inode = inode
        file.seek(self.read)

    def _lines(self, file: BinaryIO, most: int) -> Iterator[Line]:
        end = self.read + most
        while self.read < end and (text := file.readline()).endswith(b"\n"):
            at, self.read = self.read, self.read + len(text)
            yield Line(at, text)


def read_span(path: Path, start: int, end: int) -> bytes:
    """A part of a file.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        file.seek(start)
        return file.read(end - start)
