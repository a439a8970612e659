"""One connection for each request under way, handed on when the response is closed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import httpx2
import pytest
from anyio.abc import SocketAttribute, SocketStream

from toolweave.servers.lines import Lines

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def counting() -> AsyncGenerator[tuple[str, list[str]]]:
    """An address that answers every request, and who has connected to it."""
    guests: list[str] = []

    async def serve(stream: SocketStream) -> None:
        guests.append("guest")
        async with stream:
            try:
                while await stream.receive():
                    await stream.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                pass

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        yield f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}/", guests  # noqa: S610 - not Django's
        tasks.cancel_scope.cancel()


async def test_as_many_connections_as_requests_at_a_time_and_no_more_later() -> None:
    with anyio.fail_after(20):
        async with counting() as (url, guests), httpx2.AsyncClient(transport=Lines()) as client:
            async with client.stream("GET", url) as one, client.stream("GET", url) as two:
                assert [await one.aread(), await two.aread()] == [b"hi", b"hi"]
            for _ in range(3):
                assert (await client.get(url)).text == "hi"
            assert len(guests) == 2


async def test_a_request_that_fails_hands_its_connection_on() -> None:
    lines = Lines()
    with anyio.fail_after(20):
        async with counting() as (url, guests), httpx2.AsyncClient(transport=lines) as client:
            with pytest.raises(httpx2.ConnectError):
                await client.get("http://127.0.0.1:1/")
            assert (await client.get(url)).text == "hi"
            assert (len(lines._free), len(guests)) == (1, 1)  # pyright: ignore[reportPrivateUsage]
