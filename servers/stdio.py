"""A bounded stdio transport for the SDK's session: it survives what the stock one does not.

Contract: messages of the child arrive in order; when the child has ended, the read stream ends too, even while a
grandchild holds stdout; a child that does not read its stdin blocks the writer only; nothing raises out of the
transport once the child is running.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage

from toolweave.servers.process import Child
from toolweave.servers.wire import LineReader

_CHUNK = 64 << 10
_LAST_WORDS = 0.2
"""Seconds in which what a dead server wrote before its end is still read."""
_BROKEN_PIPE = (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError)

Incoming = MemoryObjectReceiveStream[SessionMessage | Exception]
Outgoing = MemoryObjectSendStream[SessionMessage]


@dataclass(frozen=True, slots=True)
class _Pump:
    child: Child
    lines: LineReader
    received: MemoryObjectSendStream[SessionMessage | Exception]
    to_send: MemoryObjectReceiveStream[SessionMessage]

    async def read(self) -> None:
        with self.received, suppress(anyio.EndOfStream, *_BROKEN_PIPE):
            while True:
                for message in self.lines.feed(await self.child.stdout.receive(_CHUNK)):
                    await self.received.send(SessionMessage(message))

    async def write(self) -> None:
        with self.to_send, suppress(*_BROKEN_PIPE):
            async for item in self.to_send:
                line = item.message.model_dump_json(by_alias=True, exclude_unset=True)
                await self.child.stdin.send(line.encode() + b"\n")

    async def close_when_dead(self) -> None:
        await self.child.exited.wait()
        await anyio.sleep(_LAST_WORDS)
        self.received.close()


@asynccontextmanager
async def stdio_streams(child: Child, lines: LineReader) -> AsyncGenerator[tuple[Incoming, Outgoing]]:
    """The child's stdout and stdin as the SDK's message streams, while this context lasts."""
    received, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, to_send = anyio.create_memory_object_stream[SessionMessage](0)
    pump = _Pump(child, lines, received, to_send)
    async with anyio.create_task_group() as tasks:
        for work in (pump.read, pump.write, pump.close_when_dead):
            tasks.start_soon(work)
        try:
            yield incoming, outgoing
        finally:
            tasks.cancel_scope.cancel()
            for stream in (incoming, outgoing, received, to_send):
                stream.close()
