"""The two ways to reach a server, each as a dispatcher over an open connection."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import httpx2
from mcp.client.streamable_http import streamable_http_client

from toolweave.servers.border import Admitted, Border
from toolweave.servers.lines import Lines
from toolweave.servers.process import Child
from toolweave.servers.rawsession import KeepingDispatcher
from toolweave.servers.spec import ServerSpec
from toolweave.servers.stdio import stdio_streams
from toolweave.servers.wire import LineReader

_MAX_REPLY = 16 << 20
"""Most bytes of a reply, and of one event in a stream of server-sent events."""
_READ_MARGIN = 5.0
"""Seconds by which the socket is more patient than the call, so that the call's own deadline comes first."""


@asynccontextmanager
async def over_stdio(child: Child, lines: LineReader, border: Border) -> AsyncGenerator[KeepingDispatcher]:
    """Speak with a running child."""
    async with stdio_streams(child, lines) as (incoming, outgoing):
        yield KeepingDispatcher(Admitted(incoming, border), outgoing)


@asynccontextmanager
async def over_http(
    spec: ServerSpec, border: Border, on_refusal: Callable[[str], None]
) -> AsyncGenerator[KeepingDispatcher]:
    """Speak streamable HTTP, without the proxies of the environment, which would swallow calls to this machine.

    Args:
        spec: The server.
        border: What it says comes in through this.
        on_refusal: Told of each answer with an HTTP error, such as `401 Unauthorized`, which the SDK keeps to itself.
    """

    async def look_at(response: httpx2.Response) -> None:
        if response.is_error:
            on_refusal(f"{response.status_code} {response.reason_phrase}")

    patience = max(spec.options.start_timeout, spec.options.call_timeout) + _READ_MARGIN
    async with (
        httpx2.AsyncClient(
            headers=spec.headers,
            trust_env=False,
            event_hooks={"response": [look_at]},
            transport=Lines(max_reply=_MAX_REPLY),
            timeout=httpx2.Timeout(spec.options.start_timeout, read=patience),
        ) as client,
        streamable_http_client(spec.url, http_client=client, max_sse_event_size=_MAX_REPLY) as streams,
    ):
        incoming, outgoing = streams
        yield KeepingDispatcher(Admitted(incoming, border), outgoing)
