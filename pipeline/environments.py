"""How the pipeline opens fresh environments: a function, so that warm starts are shared by everything in a run."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from toolweave.servers.environment import Environment, open_environment
from toolweave.servers.spec import ServerSpec
from toolweave.servers.warm import open_warm_starts

OpenEnvironment = Callable[[Sequence[ServerSpec]], AbstractAsyncContextManager[Environment]]
"""Opens a fresh environment of these servers; nothing is shared with any other."""


@asynccontextmanager
async def warm_environments() -> AsyncGenerator[OpenEnvironment]:
    """Fresh environments that are cheap after the first of a kind; encloses all of them."""
    async with open_warm_starts() as starts:
        yield partial(open_environment, starts=starts)
