"""The SDK's session, with results as they came over the wire and patience for servers that are sloppy.

The SDK checks every result against its own models and throws away one that breaks them. Here the result is kept, and
what is wrong with it is judged elsewhere. No capability is declared: nobody is there to answer elicitation, sampling
or a request for roots.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

from mcp import ClientSession, MCPError
from mcp import types as mcp
from mcp.shared.dispatcher import CallOptions
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher
from mcp.shared.transport_context import TransportContext
from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS
from pydantic import ValidationError

from toolweave.servers.json_values import as_object

Mode = Literal["legacy", "auto"]
_OLDEST_VERSION = "2024-11-05"
_MODERN_ONLY = (mcp.UNSUPPORTED_PROTOCOL_VERSION, mcp.METHOD_NOT_FOUND)

_wire_results: ContextVar[list[dict[str, Any]] | None] = ContextVar("_wire_results", default=None)
"""Where the task that awaits a request finds its result."""


class NeedsModernEra(Exception):
    """The server does not know `initialize`."""


class KeepingDispatcher(JSONRPCDispatcher[TransportContext]):
    """The SDK's dispatcher, leaving each result where the task that asked can find it."""

    async def send_raw_request(  # noqa: D102 - as in the base class
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None, **more: Any
    ) -> dict[str, Any]:
        result = await super().send_raw_request(method, params, opts, **more)
        kept = _wire_results.get()
        if kept is not None:
            kept.append(dict(result))
        return result


async def _raw(request: Awaitable[object]) -> dict[str, Any]:
    """Await a request of the session; its wire result, whatever the SDK thinks of it."""
    kept: list[dict[str, Any]] = []
    token = _wire_results.set(kept)
    try:
        await request
    except (ValidationError, RuntimeError):
        if not kept:
            raise
    finally:
        _wire_results.reset(token)
    return kept[-1]


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a server said of itself."""

    name: str
    version: str
    protocol: str
    instructions: str


@dataclass(frozen=True, slots=True)
class RawSession:
    """One connection. All requests raise `MCPError` when the server answers with an error or is gone."""

    _session: ClientSession

    async def connect(self, mode: Mode) -> Greeting:
        """Shake hands.

        Raises:
            NeedsModernEra: In mode `legacy`, the server knows no `initialize`.
        """
        if mode == "auto" and await self._discover():
            return self._greeting()
        try:
            await self._initialize()
        except MCPError as error:
            if mode == "legacy" and error.code in _MODERN_ONLY:
                raise NeedsModernEra from error
            raise
        return self._greeting()

    async def list_page(self, cursor: str | None) -> dict[str, Any]:
        """Raw result of one `tools/list`."""
        return await _raw(self._session.list_tools(params=mcp.PaginatedRequestParams(cursor=cursor)))

    async def call_tool(self, name: str, arguments: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Raw result of one `tools/call`."""
        request = mcp.CallToolRequest(params=mcp.CallToolRequestParams(name=name, arguments=arguments))
        return await _raw(self._session.send_request(request, mcp.CallToolResult, seconds))

    async def _discover(self) -> bool:
        """Whether the server is of the modern era."""
        try:
            await self._session.discover()
        except MCPError as error:
            if error.code == mcp.CONNECTION_CLOSED:
                raise
            return False
        except (RuntimeError, ValidationError):  # no version in common, or not an answer to this question
            return False
        return True

    async def _initialize(self) -> None:
        raw = await _raw(self._session.initialize())
        if self._session.protocol_version is not None:
            return
        self._session.adopt(mcp.InitializeResult.model_validate(_completed(raw), by_name=False))
        await self._session.send_notification(mcp.InitializedNotification())

    def _greeting(self) -> Greeting:
        info = self._session.server_info
        return Greeting(
            name=info.name if info else "",
            version=info.version if info else "",
            protocol=self._session.protocol_version or "",
            instructions=self._session.instructions or "",
        )


def _completed(raw: dict[str, Any]) -> dict[str, Any]:
    """An `initialize` result with what is missing or broken in it replaced by what is meant."""
    info = as_object(raw.get("serverInfo"))
    version, instructions = raw.get("protocolVersion"), raw.get("instructions")
    return {
        "protocolVersion": version if version in HANDSHAKE_PROTOCOL_VERSIONS else _OLDEST_VERSION,
        "capabilities": {"tools": {}},
        "serverInfo": {key: str(info.get(key, "")) for key in ("name", "version")},
        "instructions": instructions if isinstance(instructions, str) else None,
    }


@asynccontextmanager
async def open_session(dispatcher: KeepingDispatcher, client: mcp.Implementation) -> AsyncGenerator[RawSession]:
    """A session over an open connection; `connect` comes next."""
    async with ClientSession(dispatcher=dispatcher, client_info=client) as session:
        yield RawSession(session)
