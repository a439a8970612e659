"""A fresh, isolated set of servers for one trajectory: new processes, new scratch directories, nothing left behind."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from toolweave.servers.connection import Connection
from toolweave.servers.decoding import Decoded, finite
from toolweave.servers.errors import ServerError
from toolweave.servers.guard import Guard, open_guard
from toolweave.servers.info import ServerInfo
from toolweave.servers.json_values import map_texts
from toolweave.servers.limits import Limits
from toolweave.servers.policy import decide
from toolweave.servers.results import CallResult
from toolweave.servers.spec import ServerSpec
from toolweave.servers.tools import Tool
from toolweave.servers.warm import WarmStarts
from toolweave.servers.workspace import Workspace, folder_names

__all__ = ["Environment", "ServerInfo", "open_environment"]

STARTS_AT_A_TIME = 2 * (os.cpu_count() or 1)
_CLOSE_WITHIN = 8.0
"""Seconds for all servers to close; then connections are cut. Processes have tighter limits of their own."""


class Reachable(Protocol):
    """One server as an environment calls it."""

    @property
    def spec(self) -> ServerSpec:
        """As it was asked for."""
        ...

    @property
    def alive(self) -> bool:
        """Whether it has started and was not seen to end."""
        ...

    @property
    def folder(self) -> Path | None:
        """Its scratch directory, where it has one."""
        ...

    async def call(self, name: str, arguments: dict[str, Any]) -> Decoded:
        """Call a tool that policy allows."""
        ...


@dataclass(frozen=True)
class Environment:
    """The servers that started, their tools, and the one way to call them."""

    specs: dict[str, ServerSpec]
    """All servers that were asked for, by name."""
    servers: dict[str, ServerInfo]
    """Those that started, by name."""
    failures: dict[str, str]
    """Server name → why it did not start, in one line."""
    connections: dict[str, Reachable] = field(repr=False)
    """All that were asked for, by name; calls go through `call`, which asks policy first."""

    @property
    def tools(self) -> tuple[Tool, ...]:
        """All tools of all started servers, in the order of `mcp.json` and of the listings."""
        return tuple(tool for info in self.servers.values() for tool in info.tools)

    async def call(self, tool: Tool, arguments: dict[str, Any]) -> CallResult:
        """Call a tool if policy allows it.

        Args:
            tool: A tool of this environment; policy looks at the server's own listing of it.
            arguments: As the tool's schema asks; `/workspace` in them is the server's scratch directory.

        Returns:
            What was observed. Nothing that a tool or a server does raises.
        """
        await anyio.lowlevel.checkpoint()  # so that a caller can be cancelled even where no call goes out
        began = anyio.current_time()
        decoded = await self._call(tool, arguments)
        return CallResult(decoded.status, decoded.text, decoded.value, anyio.current_time() - began)

    async def _call(self, tool: Tool, arguments: dict[str, Any]) -> Decoded:
        connection = self.connections.get(tool.server)
        info = self.servers.get(tool.server)
        if connection is None or info is None:
            return Decoded("lost", text := f"The server {tool.server!r} is not running.", text)
        listed = next((item for item in info.tools if item.name == tool.name), None)
        if listed is None:
            return Decoded("refused", text := f"The server {tool.server!r} lists no usable tool {tool.name!r}.", text)
        decision = decide(connection.spec, listed)
        if not decision.allowed:
            return Decoded("refused", decision.reason, decision.reason)
        return await connection.call(listed.name, map_texts(finite(arguments), _well_formed))


def _well_formed(text: str) -> str:
    """The text without lone surrogates, which no wire can carry."""
    return text.encode("utf-8", "replace").decode("utf-8")


@asynccontextmanager
async def open_environment(
    specs: Sequence[ServerSpec],
    *,
    strict: bool = False,
    keep_workspace: Path | None = None,
    starts: WarmStarts | None = None,
    limits: Limits | None = None,
) -> AsyncGenerator[Environment]:
    """Start servers, all at once, and close them when the context ends.

    Args:
        specs: The servers; each start costs time, so give only those that are needed.
        strict: Whether one server that fails to start fails all.
        keep_workspace: Use this directory for the scratch directories (one per server) and keep it.
        starts: Makes further starts of the same servers cheap, by `open_warm_starts`; not used with `keep_workspace`.
        limits: Calls at a time, shared with other environments.

    Raises:
        ServerError: `strict`, and a server did not start.
    """
    failure: Exception | None = None
    starts = None if keep_workspace else starts
    async with _guard_of(starts) as guard, _scratch(keep_workspace, guard, starts) as scratch:
        connections = _connections(specs, scratch, guard, starts, limits or Limits())
        async with anyio.create_task_group() as owners:
            try:
                await _start(connections, owners)
                yield _environment(connections, strict)
            except Exception as error:  # boundary: leaves as it is, not wrapped in an exception group
                failure = error
            finally:
                for connection in connections:
                    connection.stop()
                owners.cancel_scope.deadline = anyio.current_time() + _CLOSE_WITHIN
    if failure is not None:
        raise failure


@asynccontextmanager
async def _guard_of(starts: WarmStarts | None) -> AsyncGenerator[Guard]:
    if starts is not None:
        yield starts.guard
        return
    async with open_guard() as guard:
        yield guard


@asynccontextmanager
async def _scratch(keep: Path | None, guard: Guard, starts: WarmStarts | None) -> AsyncGenerator[Path]:
    if keep is not None:
        yield Path(await anyio.Path(keep).resolve())
        return
    async with guard.scratch("toolweave-", starts.spaces if starts else None) as path:
        yield path


def _connections(
    specs: Sequence[ServerSpec], scratch: Path, guard: Guard, starts: WarmStarts | None, limits: Limits
) -> list[Connection]:
    folders = folder_names(spec.name for spec in specs)
    folder_of = {spec.name: Workspace(scratch / folders[spec.name]) for spec in specs if spec.transport == "stdio"}
    return [Connection(spec, folder_of.get(spec.name), guard, starts, limits) for spec in specs]


async def _start(connections: Sequence[Connection], owners: TaskGroup) -> None:
    """Run every connection in its owner task; return when each has started or failed."""
    limiter = anyio.CapacityLimiter(STARTS_AT_A_TIME)

    async def start(connection: Connection) -> None:
        async with limiter:
            owners.start_soon(connection.serve)
            await connection.started.wait()

    async with anyio.create_task_group() as starting:
        for connection in connections:
            starting.start_soon(start, connection)


def _environment(connections: Sequence[Connection], strict: bool) -> Environment:
    failures = {item.spec.name: item.failure or "it did not start" for item in connections if item.info is None}
    if strict and failures:
        raise ServerError("; ".join(f'server "{name}": {line}' for name, line in failures.items()))
    return Environment(
        specs={item.spec.name: item.spec for item in connections},
        servers={item.spec.name: item.info for item in connections if item.info is not None},
        failures=failures,
        connections={item.spec.name: item for item in connections},
    )


def put_together(parts: Sequence[Environment]) -> Environment:
    """One environment of the servers of several, in their order."""
    return Environment(
        specs={name: spec for part in parts for name, spec in part.specs.items()},
        servers={name: info for part in parts for name, info in part.servers.items()},
        failures={name: line for part in parts for name, line in part.failures.items()},
        connections={name: item for part in parts for name, item in part.connections.items()},
    )
