"""Hosted environments, reached over real HTTP by the client that reaches every other server."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest

from toolweave.servers.config import ServerOptions, ServerSpec
from toolweave.servers.environment import Environment, open_environment
from toolweave.servers.errors import ServerError
from toolweave.servers.hosting import host

pytestmark = pytest.mark.anyio

SHELF = '''
from mcp.server.mcpserver import MCPServer

server, kept = MCPServer("shelf"), []

@server.tool()
def put(thing: str) -> dict:
    """Put a thing on the shelf."""
    kept.append(thing)
    return {"kept": len(kept)}

@server.tool()
def look() -> dict:
    """Look at the shelf."""
    return {"things": kept}

@server.tool()
def fall() -> dict:
    """Fall down."""
    raise RuntimeError("bang")

server.run()
'''


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncGenerator[str]:
    """Address of a hosted shelf, without the environment's name."""
    script = tmp_path / "shelf.py"
    script.write_text(SHELF, encoding="utf-8")
    spec = ServerSpec(
        name="shelf", command=sys.executable, args=[str(script)], options=ServerOptions(disposable=True, deny=["fall"])
    )
    async with anyio.create_task_group() as tasks:
        port = await tasks.start(host, lambda: open_environment([spec]), 0)
        yield f"http://127.0.0.1:{port}"
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def connected(address: str, name: str) -> AsyncGenerator[Environment]:
    spec = ServerSpec(name=name, transport="http", url=f"{address}/{name}/mcp", options=ServerOptions(disposable=True))
    async with open_environment([spec], strict=True) as environment:
        yield environment


async def called(environment: Environment, tool: str, **arguments: Any) -> Any:
    (found,) = [one for one in environment.tools if one.name == tool]
    return (await environment.call(found, arguments)).value


async def test_every_name_is_an_environment_of_its_own(shelf: str) -> None:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(connected(shelf, "one"))
        other = await stack.enter_async_context(connected(shelf, "other"))
        assert await called(one, "put", thing="vase") == {"kept": 1}
        assert await called(other, "look") == {"things": []}
        assert await called(one, "look") == {"things": ["vase"]}


async def test_a_name_outlives_its_clients_until_it_is_deleted(shelf: str) -> None:
    async with connected(shelf, "one") as first:
        await called(first, "put", thing="vase")
    async with connected(shelf, "one") as second:
        assert await called(second, "look") == {"things": ["vase"]}
    async with httpx2.AsyncClient() as http:
        assert json.loads((await http.get(shelf)).text) == {"environments": ["one"]}
        assert (await http.delete(f"{shelf}/one")).status_code == 204
        assert (await http.delete(f"{shelf}/one")).status_code == 404
    async with connected(shelf, "one") as third:
        assert await called(third, "look") == {"things": []}


async def test_tools_that_policy_denies_are_not_listed(shelf: str) -> None:
    async with connected(shelf, "one") as environment:
        assert [tool.name for tool in environment.tools] == ["put", "look"]


async def test_requests_for_other_hosts_and_paths_are_refused(shelf: str) -> None:
    async with httpx2.AsyncClient() as http:
        assert (await http.get(shelf, headers={"host": "evil.example"})).status_code == 400
        assert (await http.post(f"{shelf}/one/mcp", headers={"host": "evil.example"})).status_code == 400
        assert (await http.get(f"{shelf}/one/else")).status_code == 404


async def test_a_server_that_does_not_start_is_named(tmp_path: Path) -> None:
    spec = ServerSpec(name="gone", command=sys.executable, args=[str(tmp_path / "nowhere.py")])
    async with anyio.create_task_group() as tasks:
        port = await tasks.start(host, lambda: open_environment([spec]), 0)
        async with httpx2.AsyncClient(timeout=30) as http:
            answer = await http.post(f"http://127.0.0.1:{port}/one/mcp")
        assert answer.status_code == 502
        assert 'server \\"gone\\"' in answer.text
        tasks.cancel_scope.cancel()


async def test_a_port_that_is_taken_is_one_clear_line(shelf: str) -> None:
    port = int(shelf.rpartition(":")[2])
    with pytest.raises(ServerError, match=f"port {port}"):
        await host(lambda: open_environment([]), port)
