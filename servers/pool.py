"""A pool of fresh environments: slow servers are started ahead, and none is ever handed out twice.

Contract: `open` gives the same as `open_environment`: every server in it is a process of its own on a new scratch
directory, used by nobody before, and it has ended when the context has. A *spare* is such a server that was started
before somebody asked. It is kept only of a server that has been asked for more than once and takes long to start, one
of each and few in all, and it is handed out only while it lives. No spare is thrown away to make room for another, so
all but the last few are used. The clock decides when work is done, never what anybody sees.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import anyio
from anyio.abc import TaskGroup

from toolweave.servers.environment import STARTS_AT_A_TIME, Environment, open_environment, put_together
from toolweave.servers.limits import Limits
from toolweave.servers.spec import ServerSpec
from toolweave.servers.warm import WarmStarts

MOST_SPARES = 4
SLOW = 0.25
"""Seconds of a start from which on a server is worth a spare."""


class Held:
    """One server alive in a task of its own, from `live` until `release`."""

    def __init__(self, spec: ServerSpec) -> None:
        self.spec = spec
        self.seconds = 0.0
        """What its start took."""
        self.closed = anyio.Event()
        self._environment: Environment | None = None
        self._error: Exception | None = None
        self._ready = anyio.Event()
        self._released = anyio.Event()
        self._scope = anyio.CancelScope()

    async def live(self, starts: WarmStarts, limits: Limits, limiter: anyio.CapacityLimiter) -> None:
        """Start it, keep it until it is released, end it."""
        try:
            with self._scope:
                async with AsyncExitStack() as stack:
                    async with limiter:
                        began = anyio.current_time()
                        self._environment = await stack.enter_async_context(
                            open_environment([self.spec], starts=starts, limits=limits)
                        )
                        self.seconds = anyio.current_time() - began
                    self._ready.set()
                    await self._released.wait()
        except Exception as error:  # boundary: told to whoever asked for the server
            self._error = error
        finally:
            self._ready.set()
            self.closed.set()

    async def ready(self) -> Environment:
        """The environment of this one server, which may have failed to start.

        Raises:
            Exception: What stood in the way of an environment, be there a server or not.
        """
        await self._ready.wait()
        if self._environment is None:
            raise self._error or RuntimeError(f"the server {self.spec.name!r} was released before it had started")
        return self._environment

    @property
    def usable(self) -> bool:
        """Whether it is still starting, or started and alive."""
        if self._environment is None:
            return not self.closed.is_set()
        return self._environment.connections[self.spec.name].alive

    def release(self) -> None:
        """Let it end; `closed` tells when it has."""
        self._released.set()
        if not self._ready.is_set():
            self._scope.cancel()


@dataclass(slots=True)
class _Stock:
    """What the pool knows of one server."""

    asked: int = 0
    spare: Held | None = None


class ServerPool:
    """Opens fresh environments; make it by `open_pool`."""

    def __init__(self, starts: WarmStarts, tasks: TaskGroup, most_spares: int, slow: float) -> None:
        self._starts = starts
        self._tasks = tasks
        self._most_spares = most_spares
        self._slow = slow
        self._limits = Limits()
        self._limiter = anyio.CapacityLimiter(STARTS_AT_A_TIME)
        self._stocks: dict[str, _Stock] = {}

    @asynccontextmanager
    async def open(self, specs: Sequence[ServerSpec]) -> AsyncGenerator[Environment]:
        """A fresh environment of these servers; those that do not start are among its `failures`."""
        held: list[Held] = []
        try:
            for spec in specs:
                held.append(self._take(spec))  # noqa: PERF401 - what was taken is ended, whatever the next one raises
            parts = [await item.ready() for item in held]
            for item in held:
                self._restock(item)
            yield put_together(parts)
        finally:
            with anyio.CancelScope(shield=True):
                await self._end(held)

    @property
    def spares(self) -> int:
        """How many servers are alive, or are being started, that nobody has asked for yet."""
        return sum(stock.spare is not None for stock in self._stocks.values())

    async def aclose(self) -> None:
        """End all spares."""
        spares = [stock.spare for stock in self._stocks.values() if stock.spare is not None]
        self._most_spares = 0
        await self._end(spares)

    def _take(self, spec: ServerSpec) -> Held:
        stock = self._stock(spec)
        stock.asked += 1
        spare, stock.spare = stock.spare, None
        if spare is not None and spare.usable:
            return spare
        if spare is not None:
            spare.release()
        return self._begin(spec)

    def _begin(self, spec: ServerSpec) -> Held:
        held = Held(spec)
        self._tasks.start_soon(held.live, self._starts, self._limits, self._limiter, name=f"server {spec.name}")
        return held

    def _restock(self, used: Held) -> None:
        """Start the next one of a server that is in use."""
        stock = self._stock(used.spec)
        wanted = stock.asked > 1 and used.usable and used.seconds > self._slow and used.spec.transport == "stdio"
        if wanted and stock.spare is None and self.spares < self._most_spares:
            stock.spare = self._begin(used.spec)

    def _stock(self, spec: ServerSpec) -> _Stock:
        return self._stocks.setdefault(spec.model_dump_json(), _Stock())

    async def _end(self, servers: Sequence[Held]) -> None:
        for item in servers:
            item.release()
        for item in servers:
            await item.closed.wait()


@asynccontextmanager
async def open_pool(
    starts: WarmStarts, most_spares: int = MOST_SPARES, slow: float = SLOW
) -> AsyncGenerator[ServerPool]:
    """A pool for all environments that are opened in this context; they must be closed before it ends.

    Args:
        starts: How servers are started.
        most_spares: Servers that are kept ahead at any time, at most.
        slow: Seconds of a start from which on a server is worth a spare.
    """
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        pool = ServerPool(starts, tasks, most_spares, slow)
        try:
            yield pool
        except Exception as error:  # boundary: leaves as it is, not wrapped in an exception group
            failure = error
        finally:
            with anyio.CancelScope(shield=True):
                await pool.aclose()
    if failure is not None:
        raise failure
