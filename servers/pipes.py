"""Ends of pipes that other processes hold the other ends of, as byte streams."""

from __future__ import annotations

import os
from dataclasses import dataclass

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream


@dataclass(slots=True)
class _End:
    """A file descriptor that is closed once."""

    _file: int

    def __post_init__(self) -> None:
        os.set_blocking(self._file, False)

    @property
    def file(self) -> int:
        """The descriptor.

        Raises:
            anyio.ClosedResourceError: It is closed.
        """
        if self._file < 0:
            raise anyio.ClosedResourceError
        return self._file

    async def aclose(self) -> None:
        """Close; whoever waits on this end is told."""
        if self._file >= 0:
            file, self._file = self._file, -1
            anyio.notify_closing(file)
            os.close(file)
        await anyio.lowlevel.checkpoint()


class ReadEnd(_End, ByteReceiveStream):
    """The end that is read."""

    async def receive(self, max_bytes: int = 65536) -> bytes:  # noqa: D102 - as in the base class
        while True:
            await anyio.lowlevel.checkpoint_if_cancelled()
            try:
                data = os.read(self.file, max_bytes)
            except BlockingIOError:
                await anyio.wait_readable(self.file)
                continue
            except OSError as error:
                raise anyio.BrokenResourceError from error
            if not data:
                raise anyio.EndOfStream
            return data


class WriteEnd(_End, ByteSendStream):
    """The end that is written."""

    async def send(self, item: bytes) -> None:  # noqa: D102 - as in the base class
        await anyio.lowlevel.checkpoint_if_cancelled()
        rest = memoryview(item)
        while rest:
            try:
                rest = rest[os.write(self.file, rest) :]
            except BlockingIOError:
                await anyio.wait_writable(self.file)
            except OSError as error:
                raise anyio.BrokenResourceError from error


def open_reader() -> tuple[ReadEnd, int]:
    """A pipe that we read: our end, and the descriptor to hand over, which the caller closes."""
    ours, theirs = os.pipe()
    return ReadEnd(ours), theirs


def open_writer() -> tuple[WriteEnd, int]:
    """A pipe that we write: our end, and the descriptor to hand over, which the caller closes."""
    theirs, ours = os.pipe()
    return WriteEnd(ours), theirs
