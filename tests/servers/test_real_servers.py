"""Servers on the real SDK, over stdio and over loopback HTTP, and one that nobody here wrote."""

from __future__ import annotations

import http.server
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from toolweave.servers.environment import Environment, open_environment
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.tools import Tool

pytestmark = pytest.mark.anyio

FindTool = Callable[[Environment, str], Tool]

SERVER = """
    import os, sys
    from typing import Any
    from mcp.server.mcpserver import MCPServer, Context
    from mcp.server.mcpserver.exceptions import ToolError

    server = MCPServer("inline", version="3", log_level="INFO" if len(sys.argv) > 1 else "ERROR")
    shelf: list[str] = []

    @server.tool()
    def put(item: str) -> dict[str, Any]:
        "Put an item on the shelf."
        if item == "elephant":
            raise ToolError("An elephant does not fit.")
        shelf.append(item)
        return {"items": shelf, "count": len(shelf)}

    @server.tool()
    def count() -> int:
        "How many items are on the shelf."
        return len(shelf)

    @server.tool(structured_output=False)
    def names() -> list[dict[str, str]]:
        "The items."
        return [{"name": item} for item in shelf]

    @server.tool()
    def die() -> int:
        "End the process."
        os._exit(1)

    if len(sys.argv) > 1:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run("stdio")
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "inline.py"
    path.write_text(textwrap.dedent(SERVER))
    return path


@pytest.fixture
def url(script: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(script), str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert any("Uvicorn running on" in line for line in process.stderr), "the server did not start"
        yield f"http://127.0.0.1:{port}/mcp"
        process.kill()


async def use(environment: Environment, find_tool: FindTool) -> list[Any]:
    """The same few calls on any transport."""
    results = [
        await environment.call(find_tool(environment, "put"), {"item": "cup"}),
        await environment.call(find_tool(environment, "put"), {"item": "elephant"}),
        await environment.call(find_tool(environment, "put"), {"item": "lamp"}),
        await environment.call(find_tool(environment, "count"), {}),
        await environment.call(find_tool(environment, "names"), {}),
    ]
    return [(result.status, result.value) for result in results]


EXPECTED = [
    ("ok", {"items": ["cup"], "count": 1}),
    ("tool_error", "Error executing tool put: An elephant does not fit."),
    ("ok", {"items": ["cup", "lamp"], "count": 2}),
    ("ok", 2),
    ("ok", [{"name": "cup"}, {"name": "lamp"}]),
]


async def test_a_server_of_the_current_sdk_works_over_stdio(script: Path, find_tool: FindTool) -> None:
    options = ServerOptions(disposable=True, mode="auto")
    spec = ServerSpec(name="inline", command="python", args=[script.name], folder=script.parent, options=options)
    async with open_environment([spec], strict=True) as environment:
        assert await use(environment, find_tool) == EXPECTED


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_server_works_over_http_and_its_death_is_survived(mode: str, url: str, find_tool: FindTool) -> None:
    options = ServerOptions.model_validate({"disposable": True, "mode": mode, "call_timeout": 5})
    spec = ServerSpec(name="inline", transport="http", url=url, headers={"X-Test": "1"}, options=options)
    async with open_environment([spec], strict=True) as environment:
        assert await use(environment, find_tool) == EXPECTED
        for _ in range(3):
            assert (await environment.call(find_tool(environment, "die"), {})).status == "lost"


async def test_a_url_where_nobody_listens_is_a_failure_in_one_line() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/mcp?key=secret"
    async with open_environment([ServerSpec(name="far", transport="http", url=url)]) as environment:
        assert environment.failures["far"].startswith(f"cannot reach {url.partition('?')[0]}: ")
        assert "secret" not in environment.failures["far"]


class RefusingHandler(http.server.BaseHTTPRequestHandler):
    """Answers every request with the HTTP status that its path names."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(int(self.path[1:]))
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.mark.parametrize("status", ["401 Unauthorized", "404 Not Found"])
async def test_an_address_that_refuses_is_a_failure_with_the_http_status(status: str) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), RefusingHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/{status[:3]}"
        async with open_environment([ServerSpec(name="far", transport="http", url=url)]) as environment:
            assert environment.failures["far"].endswith(f"(HTTP {status})")
        server.shutdown()


async def test_an_address_that_never_answers_is_given_up_in_time() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/mcp"
        spec = ServerSpec(name="far", transport="http", url=url, options=ServerOptions(start_timeout=0.3))
        async with open_environment([spec]) as environment:
            assert environment.failures["far"] == "it did not answer within 0.3 seconds"


async def test_a_server_that_nobody_here_wrote_works(find_tool: FindTool) -> None:
    pytest.importorskip("mcp_server_time")
    spec = ServerSpec(name="time", command="python", args=["-m", "mcp_server_time"])
    arguments = {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Kolkata"}
    async with open_environment([spec], strict=True) as environment:
        result = await environment.call(find_tool(environment, "convert_time"), arguments)
        failed = await environment.call(find_tool(environment, "convert_time"), {**arguments, "time": "noon"})
    assert result.ok
    assert result.value["time_difference"] == "+5.5h"
    assert failed.status == "tool_error"
