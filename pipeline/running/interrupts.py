"""Ctrl-C: once, and what is in the making is finished; twice, and all stops at once. The run can be resumed."""

from __future__ import annotations

import signal
from collections.abc import Callable

import anyio

from toolweave.pipeline.running.governor import Governor

INTERRUPTED = "interrupted"


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
