"""What a server says, on its way in: secrets are covered, what nobody asked for is dropped, floods end the connection.

Contract: results and errors pass, covered. Requests pass too, a few: the SDK refuses sampling, elicitation and roots,
because no capability for them is declared. Of notifications only the news of a changed list of tools is noted; nothing
else of them is looked at. A server that says more than a bounded amount unasked is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import anyio
from mcp.shared._stream_protocols import ReadStream
from mcp.shared.message import SessionMessage
from mcp.types import ErrorData, JSONRPCError, JSONRPCMessage, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from toolweave.servers.veil import Veil

_LIST_CHANGED = "notifications/tools/list_changed"
_MOST_UNASKED = 20_000
"""Notifications and strange things that are dropped before a connection is cut."""
_MOST_REQUESTS = 200
"""Requests of a server that are answered, each with a refusal, before its connection is cut."""


@dataclass
class Border:
    """The border of one connection."""

    veil: Veil
    list_changed: bool = False
    """Whether the server has said that its tools are others now."""
    _unasked: int = 0
    _requests: int = 0

    @property
    def flooded(self) -> bool:
        """Whether it is cut off because it said too much that nobody had asked for."""
        return self._unasked > _MOST_UNASKED or self._requests > _MOST_REQUESTS

    def admit(self, item: SessionMessage | Exception) -> SessionMessage | None:
        """What of a message comes in; `None` for nothing.

        Raises:
            anyio.EndOfStream: Nothing of this server comes in any more.
        """
        message = None if isinstance(item, Exception) else item.message
        self._requests += isinstance(message, JSONRPCRequest)
        self._unasked += message is None or isinstance(message, JSONRPCNotification)
        if self.flooded:
            raise anyio.EndOfStream
        if isinstance(message, JSONRPCNotification):
            self.list_changed = self.list_changed or message.method == _LIST_CHANGED
            return None
        if isinstance(item, Exception):
            return None
        covered = self._covered(item.message)
        return item if covered is item.message else SessionMessage(covered, item.metadata)

    def _covered(self, message: JSONRPCMessage) -> JSONRPCMessage:
        if isinstance(message, JSONRPCResponse):
            result: Any = self.veil.cover(message.result)
            return message if result is message.result else message.model_copy(update={"result": result})
        if isinstance(message, JSONRPCError):
            error = message.error
            text, data = self.veil.cover([error.message, error.data])
            return message.model_copy(update={"error": ErrorData(code=error.code, message=text, data=data)})
        return message


class Admitted(ReadStream[SessionMessage | Exception]):
    """A transport's incoming messages, as the border lets them in."""

    def __init__(self, stream: ReadStream[SessionMessage | Exception], border: Border) -> None:
        self._stream = stream
        self._border = border

    async def receive(self) -> SessionMessage | Exception:
        """The next message that comes in.

        Raises:
            anyio.EndOfStream: There is none.
        """
        while True:
            admitted = self._border.admit(await self._stream.receive())
            if admitted is not None:
                return admitted

    async def aclose(self) -> None:
        """Close the transport's stream."""
        await self._stream.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
