"""The probe of one server: explore first, then find out what changes what, within one budget of calls."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence

import structlog

from toolweave.agent.arguments import ValueBook
from toolweave.agent.probing.access import Access, AccessTest, access
from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.filling import Filler
from toolweave.agent.probing.second import SecondLook
from toolweave.agent.probing.session import Meter, Observation, Open, OutOfBudget, ServerLost, Session
from toolweave.agent.probing.walks import Walker
from toolweave.graph.learning.links import Link
from toolweave.graph.learning.pools import Pools
from toolweave.graph.model import Edge, ToolFacts
from toolweave.servers.errors import ServerError
from toolweave.servers.json_values import canonical
from toolweave.servers.tools import Tool

log = structlog.get_logger()

MOST_WORKS = 4
"""Argument objects kept per tool."""


class ServerProbe:
    """All experiments on one server."""

    def __init__(
        self,
        name: str,
        tools: Sequence[Tool],
        book: ValueBook,
        meter: Meter,
        rng: random.Random,
        open: Open,
        environments: int,
        forbids: Callable[[Tool], str],
    ) -> None:
        self.name = name
        self.tools = list(tools)
        self.meter = meter
        self.problem = ""
        self.pools = Pools()
        self._open = open
        self._environments = environments
        self._forbids = forbids
        self._filler = Filler(self.tools, self.pools, book, rng)
        self._explorer = Explorer(self.tools, self._filler, rng)
        self._walker = Walker(self._explorer)
        self._access = AccessTest(self._explorer)

    @property
    def journal(self) -> list[Observation]:
        """Every call, in order."""
        return self._explorer.journal

    @property
    def links(self) -> dict[tuple[str, str], Link]:
        """What is known of each parameter, by tool id and pattern."""
        return self._filler.links

    async def run(self) -> None:
        """Do what the budget allows; whatever stops it is noted in `problem`."""
        if not self.tools:
            self.problem = "no tool of it may be called"
            return
        try:
            if await self._on_fresh(self._look_around):
                works = [self._test_access, *[self._walk] * (self._environments - 3), self._last_walk]
                for work in works[: self._environments - 1]:
                    if not await self._on_fresh(work):
                        return
        except ServerError as error:
            self.problem = str(error)
        finally:
            self._walker.effects.refresh()

    async def _look_around(self, session: Session) -> bool:
        await self._explorer.explore(session)
        await SecondLook(self._explorer).look(session)
        return True

    async def _test_access(self, session: Session) -> bool:
        await self._access.run(session)
        return True

    async def _walk(self, session: Session) -> bool:
        return await self._walker.walk(session)

    async def _last_walk(self, session: Session) -> bool:
        return await self._walker.walk(session, last=True)

    async def _on_fresh(self, work: Callable[[Session], Awaitable[bool]]) -> bool:
        """Do something on a fresh environment; whether it makes sense to go on."""
        async with self._open() as environment:
            if not any(tool.server == self.name for tool in environment.tools):
                self.problem = "it did not start"
                return False
            try:
                return await work(Session(environment, self.meter, self._hear, self._refusal))
            except OutOfBudget:
                self.problem = "" if self.meter.made >= self.meter.most else "time was up"
            except ServerLost:
                self.problem = "the server died"
            return False

    def _hear(self, seen: Observation) -> None:
        self._explorer.hear(seen)

    def _refusal(self, tool: Tool) -> str:
        """Why a tool may not be called any more: it was let out because it said that it only reads."""
        reason = self._forbids(tool) if tool.annotations.read_only is True else ""
        return reason if reason and self._seen_as(tool) == "writes" else ""

    def _seen_as(self, tool: Tool) -> Access:
        return access(tool, self._walker.effects, self._explorer)

    def facts(self) -> dict[str, ToolFacts]:
        """What was learned of each tool."""
        fields = self.pools.patterns()
        return {tool.id: self._fact(tool, fields.get(tool.id, [])) for tool in self.tools}

    def _fact(self, tool: Tool, fields: Sequence[str]) -> ToolFacts:
        calls = [seen for seen in self.journal if seen.tool.id == tool.id]
        works = list(dict.fromkeys(canonical(seen.arguments) for seen in calls if seen.worked))
        failed = sum(seen.outcome == "failed" for seen in calls)
        return ToolFacts(
            self._seen_as(tool),
            tuple(fields),
            tuple(works[:MOST_WORKS]),
            len(calls),
            failed,
            self.pools.texts(tool.id),
        )

    def state_edges(self) -> list[Edge]:
        """State edges that were found."""
        return self._walker.effects.edges()
