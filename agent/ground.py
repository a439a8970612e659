"""What a trajectory is made on: all its servers, each fresh when it is first called, and each able to go back."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import anyio
from anyio.abc import TaskGroup

from toolweave.agent.fill import PlanFailed
from toolweave.agent.lane import Instance, Lane, Made
from toolweave.agent.memory import Attempt
from toolweave.graph.model import ToolGraph
from toolweave.servers.environment import Environment
from toolweave.servers.info import ServerInfo
from toolweave.servers.results import CallResult
from toolweave.servers.tools import Tool

Open = Callable[[Sequence[str]], AbstractAsyncContextManager[Environment]]
"""Opens a fresh environment of the servers with these names."""
Way = dict[str, tuple[Made, ...]]
"""Server → the calls that lead to where it stands."""


class OutOfCalls(PlanFailed):
    """The calls that one item may make are used up."""


@dataclass
class Allowance:
    """How many live calls may still be made."""

    left: int = sys.maxsize

    def spend(self) -> None:
        """Count one call.

        Raises:
            OutOfCalls: There is none left.
        """
        if self.left <= 0:
            raise OutOfCalls("plan", "the calls that may be made for one item are used up")
        self.left -= 1


class Ground(Protocol):
    """What an executor calls."""

    async def call(self, tool: Tool, arguments: dict[str, Any], ahead: int = 1) -> CallResult:
        """The answer; `ahead` is how many calls of this server are still planned, with this one."""
        ...

    def keep(self, tool: Tool, arguments: dict[str, Any], result: CallResult) -> None:
        """Go on from a call that worked."""
        ...

    def may_write(self, tool: Tool) -> bool:
        """Whether a call may change something."""
        ...

    @property
    def way(self) -> Way:
        """Where the servers stand."""
        ...

    def back_to(self, way: Way) -> None:
        """Go back to where the servers have stood before."""
        ...

    def overlook(self, way: Way) -> None:
        """The same, without undoing what was done since: it is taken not to matter for what comes next."""
        ...


@dataclass
class Rewindable:
    """Servers that are called as if what was given up had never happened."""

    open: Open
    graph: ToolGraph
    on_attempt: Callable[[Attempt], None]
    owners: TaskGroup
    allowance: Allowance = field(default_factory=Allowance)
    lanes: dict[str, Lane] = field(default_factory=dict[str, Lane])

    async def call(self, tool: Tool, arguments: dict[str, Any], ahead: int = 1) -> CallResult:
        """What the server answers here; live where it has not been asked before at this point.

        Args:
            tool: The tool to call.
            arguments: Its arguments.
            ahead: Calls of this server that are still planned, with this one.

        Raises:
            OutOfCalls: The call would be live, and there is none left.
            PlanFailed: The server does not start.
            Unsteady: On the way there, a call was answered otherwise than before.
        """
        return await self._lane(tool.server).call(tool, arguments, ahead)

    def keep(self, tool: Tool, arguments: dict[str, Any], result: CallResult) -> None:
        """Go on from a call that worked."""
        self._lane(tool.server).keep(tool, arguments, result)

    def may_write(self, tool: Tool) -> bool:
        """Whether a call may change something."""
        return self.graph.may_write(tool)

    @property
    def way(self) -> Way:
        """Where the servers stand."""
        return {name: lane.way for name, lane in self.lanes.items()}

    def back_to(self, way: Way) -> None:
        """Go back to where the servers have stood before; what has been changed since has not happened."""
        for name, lane in self.lanes.items():
            lane.way = way.get(name, ())

    def overlook(self, way: Way) -> None:
        """The same, on the servers as they are now: what has been changed since is taken not to matter so far.

        It is as good as not done only in the end, when nothing counts that was made on such servers.
        """
        for name, lane in self.lanes.items():
            lane.overlook(way.get(name, ()))

    @property
    def clean(self) -> bool:
        """Whether all calls on the way were made on fresh servers on which nothing else may have changed anything."""
        return all(lane.clean for lane in self.lanes.values())

    async def renew(self) -> None:
        """Have everything asked again of the servers that are not clean."""
        for lane in self.lanes.values():
            if not lane.clean:
                await lane.renew()

    @property
    def servers(self) -> dict[str, ServerInfo]:
        """The servers that run now, by name."""
        return {name: info for lane in self._running for name, info in lane.environment.servers.items()}

    @property
    def started(self) -> datetime:
        """When the first of the servers that run now was started."""
        return min(instance.started for instance in self._running)

    @property
    def _running(self) -> list[Instance]:
        return [lane.instance for lane in self.lanes.values() if lane.instance is not None and lane.way]

    def _lane(self, server: str) -> Lane:
        if server not in self.lanes:
            self.lanes[server] = Lane(
                lambda: self._started(server),
                self.may_write,
                self.on_attempt,
                lambda: self.allowance.spend(),
                self.owners,
            )
        return self.lanes[server]

    @asynccontextmanager
    async def _started(self, server: str) -> AsyncGenerator[Environment]:
        async with self.open([server]) as environment:
            if environment.failures:
                raise PlanFailed("server", next(iter(environment.failures.values())))
            yield environment


@asynccontextmanager
async def open_rewindable(
    open_fresh: Open, graph: ToolGraph, on_attempt: Callable[[Attempt], None]
) -> AsyncGenerator[Rewindable]:
    """Ground for one trajectory; servers start when they are first called and end with it.

    Args:
        open_fresh: Opens fresh environments.
        graph: Knows what reads and what may change something.
        on_attempt: Told of every live call.
    """
    failure: Exception | None = None
    async with anyio.create_task_group() as owners:
        ground = Rewindable(open_fresh, graph, on_attempt, owners)
        try:
            yield ground
            for lane in ground.lanes.values():
                await lane.stop()
        except Exception as error:  # boundary: leaves as it is, not wrapped in an exception group
            failure = error
        finally:
            for lane in ground.lanes.values():
                lane.let_go()
    if failure is not None:
        raise failure
