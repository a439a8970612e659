"""Items as a stream: as many in the making as the pace allows, each kept in its turn.

Contract: items leave in the order in which they were planned, one at a time; one that is done early is on disk at once
and waits there. Nothing piles up: when what takes the items in waits, workers do, and no more is drawn than the
schedule lets out. Ends when the schedule does, when no more is wanted, or, after what is in the making, when told to.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import anyio

from toolweave.graph.plan import TrajectoryPlan
from toolweave.pipeline.grouped_errors import plain_errors
from toolweave.pipeline.making.finished import Finished
from toolweave.pipeline.storage.journal import Journal

Make = Callable[[TrajectoryPlan], Awaitable[Finished]]
Settle = Callable[[Finished], Awaitable[bool]]
"""Takes in the next item; says whether more are wanted."""
Ready = Callable[[], Awaitable[bool]]
"""Waits while the run is paused; says whether to go on."""


class Turns:
    """Whose turn it is."""

    def __init__(self, first: int) -> None:
        self.next = first
        """All items before this one are settled."""
        self._moved = anyio.Event()

    def advance(self) -> None:
        """The next one is settled."""
        self.next += 1
        self._moved.set()
        self._moved = anyio.Event()

    async def reach(self, index: int) -> None:
        """Wait until all items before this one are settled."""
        while self.next < index:
            await self._moved.wait()


class Stream:
    """Workers between a schedule and what keeps their work.

    Args:
        make: Makes one item.
        settle: Takes items in, in order.
        turns: Whose turn it is.
        pending: Where items wait for their turn.
        ready: Asked before every item.
    """

    def __init__(self, make: Make, settle: Settle, turns: Turns, pending: Journal, ready: Ready) -> None:
        self._make = make
        self._settle = settle
        self._turns = turns
        self._pending = pending
        self._ready = ready
        self._drawing, self._settling = anyio.Lock(), anyio.Lock()
        self._scope = anyio.CancelScope()
        self.in_flight = 0
        """Items in the making."""

    async def run(self, items: AsyncGenerator[TrajectoryPlan], concurrency: int) -> None:
        """Make all items.

        Raises:
            ToolweaveError: The run as a whole cannot go on.
        """
        with plain_errors(), self._scope:
            async with aclosing(items), anyio.create_task_group() as tasks:
                for _ in range(concurrency):
                    tasks.start_soon(self._work, items)

    async def _work(self, items: AsyncGenerator[TrajectoryPlan]) -> None:
        while await self._ready() and (plan := await self._draw(items)) is not None and await self._ready():
            self.in_flight += 1
            item = await self._make(plan)
            self.in_flight -= 1
            self._pending.put(item, waits=item.index != self._turns.next or self._settling.locked())
            await self._settle_in_turn()

    async def _draw(self, items: AsyncGenerator[TrajectoryPlan]) -> TrajectoryPlan | None:
        """The next item that nobody has made yet."""
        async with self._drawing:
            async for plan in items:
                if plan.index in self._pending.waiting:
                    await self._settle_in_turn()
                elif plan.index >= self._turns.next:
                    return plan
        return None

    async def _settle_in_turn(self) -> None:
        """Settle whatever is next, for as long as it is done."""
        async with self._settling:
            while (item := self._pending.take(self._turns.next)) is not None:
                wanted = await self._settle(item)
                self._turns.advance()
                if not wanted:
                    self._scope.cancel()
                    return
