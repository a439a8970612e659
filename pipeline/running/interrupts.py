"""Ctrl-C: once, and what is in the making is finished; twice, and all stops at once. The run can be resumed."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from toolweave.pipeline.running.governor import Governor

INTERRUPTED = "interrupted"
T = TypeVar("T")


async def until_interrupted(work: Callable[[Governor], Awaitable[T]], say: Callable[[str], None]) -> T | None:
    """What some work returns; `None` when a signal ended it at once."""
    governor, done = Governor(), None
    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            tasks.start_soon(heed_interrupts, governor, scope, say)
            done = await work(governor)
        tasks.cancel_scope.cancel()
    return done


async def heed_interrupts(governor: Governor, work: anyio.CancelScope, say: Callable[[str], None]) -> None:
    """Wait for SIGINT and SIGTERM until cancelled.

    Args:
        governor: Told to begin nothing more, with the first signal.
        work: Cancelled with the second, and with the first as long as nothing is in the making.
        say: Tells the user.
    """
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            if governor.ended == INTERRUPTED or not governor.making:
                work.cancel()
                return
            governor.stop(INTERRUPTED)
            say("finishing what is in the making; once more to stop now")
