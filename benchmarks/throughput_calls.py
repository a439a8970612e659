"""Live calls per second through an environment, against the MCP SDK's own client making the same calls.

    .venv/bin/python benchmarks/throughput_calls.py --rounds 5

Both keep one session to one server and make the same calls, as many at a time; rounds alternate. Prints one JSON
object for each transport and number in flight: medians, and the ratio (ours to the SDK's).
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from toolweave.pipeline.environments import warm_environments
from toolweave.servers.spec import ServerOptions, ServerSpec

SERVER = str(Path(__file__).parent / "echo_server.py")
Call = Callable[[str], Awaitable[str]]


@asynccontextmanager
async def by_sdk(port: int | None) -> AsyncGenerator[Call]:
    """One session of the SDK's client."""
    if port is None:
        target = Client(StdioServerParameters(command=sys.executable, args=[SERVER]), mode="legacy")
    else:
        http = httpx2.AsyncClient(trust_env=False, timeout=30, limits=httpx2.Limits(max_connections=64))
        target = Client(streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http))
    async with target as client:

        async def call(text: str) -> str:
            result = await client.call_tool("repeat", {"text": text})
            return str(result.content[0].text)  # type: ignore[union-attr]

        yield call


@asynccontextmanager
async def by_toolweave(port: int | None) -> AsyncGenerator[Call]:
    """One environment, as the pipeline opens it."""
    options = ServerOptions(disposable=True)
    where = (
        {"transport": "http", "url": f"http://127.0.0.1:{port}/mcp"}
        if port
        else {"command": sys.executable, "args": [SERVER]}
    )
    spec = ServerSpec.model_validate({"name": "echo", "options": options, **where})
    async with warm_environments() as open_fresh, open_fresh([spec]) as environment:
        (tool,) = environment.tools

        async def call(text: str) -> str:
            return (await environment.call(tool, {"text": text})).text

        yield call


async def rate(call: Call, calls: int, in_flight: int) -> float:
    """Calls per second."""
    left = iter(range(calls))

    async def work() -> None:
        for number in left:
            assert await call(f"text {number}") == f"text {number}"

    began = time.perf_counter()
    async with anyio.create_task_group() as tasks:
        for _ in range(in_flight):
            tasks.start_soon(work)
    return calls / (time.perf_counter() - began)


async def compared(port: int | None, calls: int, in_flight: int, rounds: int) -> dict[str, object]:
    """Medians of both, in turns on sessions that stay open."""
    async with by_sdk(port) as raw, by_toolweave(port) as ours:
        found: dict[str, list[float]] = {"sdk": [], "toolweave": []}
        for call in (raw, ours):
            await rate(call, 50, in_flight)
        for _ in range(rounds):
            found["sdk"].append(await rate(raw, calls, in_flight))
            found["toolweave"].append(await rate(ours, calls, in_flight))
    ratio = statistics.median(two / one for one, two in zip(*found.values(), strict=True))
    medians = {name: round(statistics.median(rates)) for name, rates in found.items()}
    transport = "stdio" if port is None else "http"
    return {"transport": transport, "in_flight": in_flight, "ratio": round(ratio, 3), "calls_per_second": medians}


async def main() -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = [sys.executable, SERVER, str(port)]
    async with await anyio.open_process(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            while True:
                try:
                    await (await anyio.connect_tcp("127.0.0.1", port)).aclose()
                    break
                except OSError:
                    await anyio.sleep(0.1)
            for where in (None, port):
                for in_flight in (1, 16, 64):
                    print(json.dumps(await compared(where, args.calls, in_flight, args.rounds)), flush=True)
        finally:
            server.kill()


if __name__ == "__main__":
    anyio.run(main)
