"""Fresh environments as MCP servers over streamable HTTP: every path `/NAME/mcp` is an environment of its own.

Contract: the first request to a name starts its servers; requests to other names see nothing of them; `DELETE /NAME`
ends them, and the name can be begun anew. Only tools that policy allows are listed. Loopback only, host checked. A
session would not do as a key: clients of the newest protocol have none.
"""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import anyio
import mcp_types as types
import structlog
import uvicorn
from anyio.abc import TaskGroup, TaskStatus
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from toolweave.servers.environment import Environment
from toolweave.servers.errors import ServerError
from toolweave.servers.offering import listed, result_of
from toolweave.servers.policy import decide
from toolweave.servers.tools import function_names

MOST_ENVIRONMENTS = 64
"""Names in use at once."""
LOOPBACK = ("127.0.0.1", "localhost")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")

log = structlog.get_logger()
Open = Callable[[], AbstractAsyncContextManager[Environment]]
Before = Callable[[ASGIApp], ASGIApp]


@dataclass(frozen=True, slots=True)
class _Hosted:
    app: ASGIApp
    stop: anyio.Event


@dataclass
class Hosting:
    """An ASGI application over named environments; `open_hosting` encloses it."""

    open: Open
    tasks: TaskGroup
    hosted: dict[str, _Hosted] = field(default_factory=dict[str, _Hosted])
    _starting: anyio.Lock = field(default_factory=anyio.Lock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = await self._answer(scope)
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope) -> ASGIApp:
        match scope["path"].strip("/").split("/"):
            case [""]:
                return JSONResponse({"environments": sorted(self.hosted)})
            case [name, "mcp"] if is_name(name):
                return await self._environment(name)
            case [name] if scope["method"] == "DELETE" and name in self.hosted:
                self.hosted.pop(name).stop.set()
                return Response(status_code=204)
            case _:
                return JSONResponse({"error": "no such path: connect to /NAME/mcp"}, 404)

    async def _environment(self, name: str) -> ASGIApp:
        async with self._starting:
            if name not in self.hosted:
                if len(self.hosted) >= MOST_ENVIRONMENTS:
                    return JSONResponse({"error": f"{MOST_ENVIRONMENTS} environments are open: DELETE /NAME one"}, 503)
                try:
                    self.hosted[name] = await self.tasks.start(self._host, name)
                except ServerError as error:
                    return JSONResponse({"error": str(error)}, 502)
        return at_root(self.hosted[name].app)

    async def _host(self, name: str, *, task_status: TaskStatus[_Hosted]) -> None:
        """Own one environment from its start to its end."""
        async with self.open() as environment:
            if not environment.servers:
                failures = [f'server "{name}": {line}' for name, line in environment.failures.items()]
                raise ServerError("; ".join(failures) or "no server is asked for")
            server = facade(environment, f"toolweave {name}")
            app, stop = server.streamable_http_app(json_response=True), anyio.Event()
            async with server.session_manager.run():
                task_status.started(_Hosted(app, stop))
                await stop.wait()


def at_root(app: ASGIApp) -> ASGIApp:
    """An MCP application that answers whatever path it was reached by."""

    async def within(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "path": "/mcp", "raw_path": b"/mcp"}, receive, send)

    return within


def is_name(text: str) -> bool:
    """Whether an environment may be called so."""
    return _NAME.fullmatch(text) is not None


def facade(environment: Environment, name: str) -> Server[object]:
    """An environment as one MCP server; tools of one name on two servers are told apart as in samples."""
    allowed = [tool for tool in environment.tools if decide(environment.specs[tool.server], tool).allowed]
    names = function_names(allowed)
    by_name = {names[tool.id]: tool for tool in allowed}

    async def list_tools(
        _: ServerRequestContext[object], __: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[listed(spelt, tool) for spelt, tool in by_name.items()])

    async def call_tool(_: ServerRequestContext[object], params: types.CallToolRequestParams) -> types.CallToolResult:
        if params.name not in by_name:
            return result_of(f"There is no tool {params.name!r}.", None, failed=True)
        seen = await environment.call(by_name[params.name], params.arguments or {})
        return result_of(seen.text, seen.value, failed=not seen.ok)

    return Server(name, on_list_tools=list_tools, on_call_tool=call_tool)


@asynccontextmanager
async def open_hosting(
    open_fresh: Open, hosts: Collection[str] = LOOPBACK, before: Before | None = None
) -> AsyncGenerator[ASGIApp]:
    """The application; at the end every environment is closed."""
    async with anyio.create_task_group() as tasks:
        inner = Hosting(open_fresh, tasks)
        yield TrustedHostMiddleware(before(inner) if before else inner, allowed_hosts=list(hosts))
        tasks.cancel_scope.cancel()


async def host(
    open_fresh: Open,
    port: int,
    before: Before | None = None,
    *,
    task_status: TaskStatus[int] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Serve on loopback until the process is told to end; reports the port, which is any free one for 0.

    Args:
        open_fresh: Opens an environment.
        port: On loopback.
        before: Puts an application before the one that serves environments: it answers what it knows, and passes on
            the rest.
        task_status: Gets the port.

    Raises:
        ServerError: The port is taken.
    """
    try:
        listener = socket.create_server((LOOPBACK[0], port))
    except OSError as error:
        raise ServerError(f"port {port} cannot be served on: {error.strerror}") from error
    with listener:
        async with open_hosting(open_fresh, before=before) as app:
            config = uvicorn.Config(app, lifespan="off", log_level="error", access_log=False)
            task_status.started(listener.getsockname()[1])
            await uvicorn.Server(config).serve([listener])
