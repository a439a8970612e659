"""One server of a rehearsal, which can be taken back to an earlier point.

Contract: what a server answers is taken to depend on the calls before it that may have changed something, and on
nothing else. What was answered at such a point is remembered; what is new there is asked of an instance that stands at
it: the one at hand, or a fresh one on which the calls on the way are made again. Where one of them is answered
otherwise, the new answer is remembered, and `Unsteady` says that what was built on the old one has to be built anew.
A lane is clean when everything on its way was answered, one after the other, by one instance that was asked nothing
else that may have changed something.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import anyio
from anyio.abc import TaskGroup, TaskStatus

from toolweave.agent.memory import Attempt
from toolweave.agent.outcomes import emptiness, failure
from toolweave.servers.environment import Environment
from toolweave.servers.json_values import canonical
from toolweave.servers.results import CallResult
from toolweave.servers.tools import Tool

Point = tuple[str, ...]
"""The calls that may have changed something so far, each with its answer."""
Spot = tuple[Point, str, int]
"""A call at a point; the number tells it from the same call made there before."""


class Unsteady(Exception):
    """A call that was made again on a fresh instance was answered otherwise."""


@dataclass(frozen=True, slots=True)
class Made:
    """A call on the way to a point."""

    tool: Tool
    arguments: dict[str, Any]
    result: CallResult
    changing: bool
    """Whether it may have changed something."""

    @property
    def asked(self) -> str:
        """The call without its answer."""
        return asked(self.tool, self.arguments)

    @property
    def answered(self) -> str:
        """The call with its answer."""
        return f"{self.asked}={canonical(self.result.value)}"


class Instance:
    """A running server, fresh when it was opened; it lives in a task of its own, so that it can end at any time."""

    def __init__(self, opened: AbstractAsyncContextManager[Environment]) -> None:
        self._opened = opened
        self._over, self._ended = anyio.Event(), anyio.Event()
        self._failure: Exception | None = None
        self.started = datetime.now(UTC)
        self.point: Point = ()
        self.answers: dict[Spot, CallResult] = {}
        """What it was asked at every point."""
        self.spoilt_after: int | None = None
        """Calls that were on the way when one failed that may have changed something nevertheless."""
        self.environment: Environment

    async def serve(self, *, task_status: TaskStatus[None]) -> None:
        """Keep the environment open until `stop`."""
        try:
            async with self._opened as self.environment:
                task_status.started()
                await self._over.wait()
        except Exception as error:  # boundary: raised where the instance is stopped, not in the task group
            if not self._over.is_set():
                raise
            self._failure = error
        finally:
            self._ended.set()

    def let_go(self) -> None:
        """Have the environment closed soon."""
        self._over.set()

    async def stop(self) -> None:
        """Close the environment; raises what its closing raises."""
        self._over.set()
        await self._ended.wait()
        if self._failure is not None:
            raise self._failure


@dataclass
class Lane:
    """A server that answers from memory what it has answered before at the same point."""

    open: Callable[[], AbstractAsyncContextManager[Environment]]
    may_write: Callable[[Tool], bool]
    on_attempt: Callable[[Attempt], None]
    """Told of every live call."""
    spend: Callable[[], None]
    """Asked before every live call; raises when there is none left."""
    owners: TaskGroup
    way: tuple[Made, ...] = ()
    """The calls so far that have worked, those included that were answered from memory."""
    instance: Instance | None = None
    _answers: dict[Spot, CallResult] = field(default_factory=dict[Spot, CallResult])

    async def call(self, tool: Tool, arguments: dict[str, Any], ahead: int) -> CallResult:
        """The answer to a call at this point; `ahead` is how many more are planned, with this one.

        Raises:
            Unsteady: On the way there, a call was answered otherwise than before.
        """
        spot = self._spot(self.way, asked(tool, arguments))
        if (known := self._answers.get(spot)) is not None:
            return known
        return await self._ask(await self._there(ahead), spot, tool, arguments)

    def keep(self, tool: Tool, arguments: dict[str, Any], result: CallResult) -> None:
        """Go on from a call that worked."""
        self.way = (*self.way, Made(tool, arguments, result, self.may_write(tool)))

    def overlook(self, way: tuple[Made, ...]) -> None:
        """Go back without undoing what was done since, as if it could not matter for what comes next."""
        self.way = way
        if self.instance is not None and self.instance.point != _point(way):
            self.instance.point, self.instance.spoilt_after = _point(way), len(way)

    @property
    def clean(self) -> bool:
        """Whether one instance has answered all calls so far, and was asked nothing else that may change something."""
        if not self.way:
            return True
        at = self.instance
        if at is None or at.spoilt_after is not None or at.point != _point(self.way):
            return False
        spots = (self._spot(self.way[:number], made.asked) for number, made in enumerate(self.way))
        return all(_alike(at.answers.get(spot), made.result) for spot, made in zip(spots, self.way, strict=True))

    async def renew(self) -> None:
        """Forget all answers: everything is asked again, on a fresh instance."""
        self._answers.clear()
        await self.stop()

    async def stop(self) -> None:
        """Close the instance at hand."""
        if (instance := self.instance) is not None:
            self.instance = None
            await instance.stop()

    def let_go(self) -> None:
        """Have the instance at hand closed soon."""
        if self.instance is not None:
            self.instance.let_go()

    async def _there(self, ahead: int) -> Instance:
        """An instance at this point."""
        point, instance = _point(self.way), self.instance
        if instance is None or instance.point != point[: len(instance.point)] or self._had_better_begin_anew(ahead):
            await self.stop()
            instance = Instance(self.open())
            await self.owners.start(instance.serve)
            self.instance = instance
        for number, made in enumerate(self.way):
            spot = self._spot(self.way[:number], made.asked)
            if spot[0] == instance.point and spot not in instance.answers:
                await self._ask(instance, spot, made.tool, made.arguments)
                if not _alike(instance.answers[spot], made.result):
                    raise Unsteady
        return instance

    def _had_better_begin_anew(self, ahead: int) -> bool:
        """Whether to make the way again now, rather than at the end with all that is still ahead."""
        spoilt = None if self.instance is None else self.instance.spoilt_after
        return spoilt is not None and spoilt < len(self.way) <= ahead

    async def _ask(self, instance: Instance, spot: Spot, tool: Tool, arguments: dict[str, Any]) -> CallResult:
        self.spend()
        result = await instance.environment.call(tool, arguments)
        wrong = failure(result)
        reason = wrong or emptiness(result)
        self.on_attempt(Attempt(tool.id, arguments, result.status, reason, result.seconds))
        instance.answers[spot] = self._answers[spot] = result
        if self.may_write(tool) and wrong is not None:
            instance.spoilt_after = len(self.way)
        elif self.may_write(tool):
            instance.point = (*instance.point, Made(tool, arguments, result, True).answered)
        return result

    @staticmethod
    def _spot(way: tuple[Made, ...], call: str) -> Spot:
        return _point(way), call, sum(made.asked == call for made in way)


def asked(tool: Tool, arguments: dict[str, Any]) -> str:
    """A call as text."""
    return f"{tool.id}{canonical(arguments)}"


def _alike(one: CallResult | None, other: CallResult) -> bool:
    return one is other or (one is not None and (one.status, one.text) == (other.status, other.text))


def _point(way: tuple[Made, ...]) -> Point:
    return tuple(made.answered for made in way if made.changing)
