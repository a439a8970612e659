"""A transport with a connection of its own for each HTTP request that is under way.

The library's pool looks at every one of its connections whenever a request begins or ends, so many at a time cost more
than the requests themselves. Here each connection is a pool of one, and whoever is done hands it on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import cast

import httpx2


class Lines(httpx2.AsyncBaseTransport):
    """Opens connections when they are needed and keeps them until it is closed; heeds no proxies.

    Args:
        trust_env: Whether to believe the authorities that `SSL_CERT_FILE` or `SSL_CERT_DIR` names.
        max_reply: Most bytes of a reply that is no stream of events; a longer one ends in a read error.
    """

    def __init__(self, trust_env: bool = False, max_reply: int | None = None) -> None:
        self._max_reply = max_reply
        self._trust = httpx2.create_ssl_context(trust_env=trust_env)
        self._free: list[httpx2.AsyncHTTPTransport] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; its connection is free again when the response is closed."""
        line = self._free.pop() if self._free else httpx2.AsyncHTTPTransport(verify=self._trust, trust_env=False)

        def hand_on() -> None:
            self._free.append(line)

        try:
            response = await line.handle_async_request(request)
        except BaseException:  # boundary: the connection is handed on, whatever became of the request
            hand_on()
            raise
        streams = response.headers.get("content-type", "").startswith("text/event-stream")
        limit = None if streams else self._max_reply
        body = _Body(cast("httpx2.AsyncByteStream", response.stream), hand_on, limit)
        return httpx2.Response(
            response.status_code, headers=response.headers, stream=body, extensions=response.extensions
        )

    async def aclose(self) -> None:
        """Close all connections that no request uses."""
        while self._free:
            await self._free.pop().aclose()


class _Body(httpx2.AsyncByteStream):
    """The body of a response, which tells when it is closed."""

    def __init__(self, body: httpx2.AsyncByteStream, on_close: Callable[[], None], limit: int | None) -> None:
        self._body = body
        self._limit = limit
        self._on_close: Callable[[], None] | None = on_close

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._body:
            size += len(part)
            if self._limit is not None and size > self._limit:
                raise httpx2.ReadError(f"the reply is larger than {self._limit} bytes")
            yield part

    async def aclose(self) -> None:
        try:
            await self._body.aclose()
        finally:
            if self._on_close is not None:
                self._on_close()
                self._on_close = None
