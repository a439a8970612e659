"""One living server for many environments, where observation says that it keeps no state.

Contract: a server is shared only if the caller names it, with the tools that were seen to read and a call of each.
Those calls are its *canary*: they are made on a server that is ended again, and twice on the one to be shared; unless
all answers are equal, nothing is shared. They are made again before the server is given to an environment and when
that environment ends, and its scratch directory must be as it was. The first difference ends all sharing of that
server: whoever gets it next gets a fresh one, and every environment that still had it fails when it closes. A call of
any other tool goes to a fresh server that this environment alone has, as do all its calls after that.

Not noticed: a state that none of the canary's calls shows, such as a table that a reading tool fills and only the same
call with the same arguments reads. So what is checked in the end, the replay, must not share.
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from toolweave.servers.decoding import Decoded
from toolweave.servers.environment import Environment, Reachable, put_together
from toolweave.servers.errors import ServerError
from toolweave.servers.pool import ServerPool
from toolweave.servers.spec import ServerSpec

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """Why a server is believed to keep no state."""

    calls: Mapping[str, Mapping[str, Any]]
    """Name of each tool that was seen to read → arguments with which it worked. With none, nothing is shared."""


@dataclass(slots=True)
class _Shared:
    """What became of the wish to share one server."""

    reading: Reading
    lock: anyio.Lock = field(default_factory=anyio.Lock)
    environment: Environment | None = None
    """Of the one living server."""
    expected: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    doubt: str = ""
    """Why it is not shared, or not any more."""


class SharedServers:
    """Opens environments that share servers; make it by `open_shared_servers`."""

    def __init__(self, pool: ServerPool, readings: Mapping[str, Reading], lasting: AsyncExitStack) -> None:
        self._pool = pool
        self._lasting = lasting
        self._shared = {name: _Shared(reading) for name, reading in readings.items()}

    @property
    def doubts(self) -> dict[str, str]:
        """Server → why it is not shared, or not any more."""
        return {name: item.doubt for name, item in self._shared.items() if item.doubt}

    @asynccontextmanager
    async def open(self, specs: Sequence[ServerSpec]) -> AsyncGenerator[Environment]:
        """An environment of these servers: shared ones where that is safe, fresh ones for the rest.

        Raises:
            ServerError: At the end: a server that was shared has shown a state.
        """
        async with AsyncExitStack() as own:
            borrowed = {spec.name: part for spec in specs if (part := await self._borrow(spec, own)) is not None}
            fresh = await own.enter_async_context(
                self._pool.open([spec for spec in specs if spec.name not in borrowed])
            )
            together = put_together([fresh, *borrowed.values()])
            yield _in_order(together, specs)
            for name in borrowed:
                await self._look(self._shared[name])
            if doubts := [f"{name}: {self._shared[name].doubt}" for name in borrowed if self._shared[name].doubt]:
                raise ServerError(f"what was shared as stateless is not: {'; '.join(doubts)}")

    async def _borrow(self, spec: ServerSpec, own: AsyncExitStack) -> Environment | None:
        """The shared server as one environment sees it; `None` when it is not to be shared."""
        shared = self._shared.get(spec.name)
        if shared is None:
            return None
        async with shared.lock:
            if shared.environment is None and not shared.doubt:
                await self._establish(spec, shared)
        await self._look(shared)
        if shared.doubt or shared.environment is None or shared.environment.specs[spec.name] != spec:
            return None
        server = shared.environment.connections[spec.name]
        line = _Borrowed(server, frozenset(shared.reading.calls), self._pool, own)
        return replace(shared.environment, connections={spec.name: line})

    async def _establish(self, spec: ServerSpec, shared: _Shared) -> None:
        async with self._pool.open([spec]) as environment:
            first = await _sing(environment, shared.reading)
        shared.environment = await self._lasting.enter_async_context(self._pool.open([spec]))
        shared.expected = await _sing(shared.environment, shared.reading)
        if not shared.reading.calls or any(status != "ok" for status, _ in first):
            shared.doubt = "not every call that worked before works now"
        elif first != shared.expected:
            shared.doubt = "two fresh servers answer the same calls in two ways"
        await self._look(shared)

    async def _look(self, shared: _Shared) -> None:
        """Make the canary's calls and compare; the first difference is for good."""
        if shared.environment is None or shared.doubt:
            return
        if await _sing(shared.environment, shared.reading) != shared.expected:
            shared.doubt = "its answers to the same calls, or the files in its folder, have changed"
            logger.info("the server %s is not shared any more: %s", *shared.environment.specs, shared.doubt)


async def _sing(environment: Environment, reading: Reading) -> list[tuple[str, str]]:
    """Status and text of each call to the one server of this environment, then the files of its folder."""
    tools = {tool.name: tool for tool in environment.tools}
    heard: list[tuple[str, str]] = []
    for name, arguments in reading.calls.items():
        result = await environment.call(tools[name], dict(arguments)) if name in tools else None
        heard.append((result.status, result.text) if result else ("lost", ""))
    folders = [line.folder for line in environment.connections.values() if line.folder is not None]
    return [*heard, *[("ok", await anyio.to_thread.run_sync(_files, folder)) for folder in folders]]


def _files(folder: Path) -> str:
    """Names and sizes of all files below a folder."""
    lines: list[str] = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in [*sorted(names), *folders]:
            path = Path(place, name)
            lines.append(f"{path.relative_to(folder)} {path.lstat().st_size if name in names else 'folder'}")
    return "\n".join(lines)


def _in_order(environment: Environment, specs: Sequence[ServerSpec]) -> Environment:
    names = [spec.name for spec in specs]
    return Environment(
        specs={name: environment.specs[name] for name in names},
        servers={name: environment.servers[name] for name in names if name in environment.servers},
        failures={name: environment.failures[name] for name in names if name in environment.failures},
        connections={name: environment.connections[name] for name in names},
    )


class _Borrowed:
    """A shared server as one environment reaches it, with a server of its own from the first other call on."""

    def __init__(self, shared: Reachable, reads: frozenset[str], pool: ServerPool, own: AsyncExitStack) -> None:
        self.spec = shared.spec
        self._reads = reads
        self._pool = pool
        self._own = own
        self._server = shared
        self._is_shared = True
        self._lock = anyio.Lock()

    @property
    def alive(self) -> bool:
        return self._server.alive

    @property
    def folder(self) -> Path | None:
        return self._server.folder

    async def call(self, name: str, arguments: dict[str, Any]) -> Decoded:
        if name not in self._reads:
            async with self._lock:
                if self._is_shared:
                    environment = await self._own.enter_async_context(self._pool.open([self.spec]))
                    self._server = environment.connections[self.spec.name]
                    self._is_shared = False
        return await self._server.call(name, arguments)


@asynccontextmanager
async def open_shared_servers(pool: ServerPool, readings: Mapping[str, Reading]) -> AsyncGenerator[SharedServers]:
    """Share servers among all environments that are opened in this context.

    Args:
        pool: Where servers come from.
        readings: Name of each server to share → why it may be.
    """
    async with AsyncExitStack() as lasting:
        yield SharedServers(pool, readings, lasting)
