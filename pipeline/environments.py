"""How the pipeline opens environments: fresh ones, and ones that share what was observed to keep no state."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from toolweave.graph.model import ToolGraph
from toolweave.servers.environment import Environment
from toolweave.servers.pool import ServerPool, open_pool
from toolweave.servers.sharing import Reading, open_shared_servers
from toolweave.servers.spec import ServerSpec
from toolweave.servers.warm import open_warm_starts
from toolweave.servers.watch import Watch

OpenEnvironment = Callable[[Sequence[ServerSpec]], AbstractAsyncContextManager[Environment]]
"""Opens an environment of these servers; nothing of one is seen in another."""


class Environments:
    """Opens fresh environments that are cheap after the first of a kind; nothing is shared between any two."""

    def __init__(self, pool: ServerPool) -> None:
        self._pool = pool
        self.watch = Watch()
        """What was seen of all servers."""

    def __call__(self, specs: Sequence[ServerSpec]) -> AbstractAsyncContextManager[Environment]:
        """A fresh environment; servers that keep failing are left out for a while."""
        return self.watch.open(self._pool.open, specs)

    @asynccontextmanager
    async def sharing(
        self, specs: Mapping[str, ServerSpec], graph: ToolGraph, allowed: Collection[str]
    ) -> AsyncGenerator[OpenEnvironment]:
        """Environments that share servers which experiments have shown to keep no state; for all but checks.

        Args:
            specs: All servers by name.
            graph: What experiments have taught.
            allowed: Ids of the tools that may be called.
        """
        async with open_shared_servers(self._pool, stateless(specs, graph, allowed)) as shared:
            yield partial(self.watch.open, shared.open)


@asynccontextmanager
async def warm_environments() -> AsyncGenerator[Environments]:
    """Fresh environments that are cheap after the first of a kind; encloses all of them."""
    async with open_warm_starts() as starts, open_pool(starts) as pool:
        yield Environments(pool)


def stateless(specs: Mapping[str, ServerSpec], graph: ToolGraph, allowed: Collection[str]) -> dict[str, Reading]:
    """Servers of which every tool that may be called was tried and seen to read, with a call of each that worked.

    Nothing may speak against it: a workspace, preparing commands, a tool that says that it changes something, an
    edge of state at one of its tools.
    """
    touched = {tool for edge in graph.edges if edge.kind == "state" for tool in (edge.source, edge.target)}
    found: dict[str, Reading] = {}
    for name, spec in specs.items():
        tools = [tool for tool in graph.tools.values() if tool.server == name and tool.id in allowed]
        if not tools or spec.transport != "stdio" or spec.uses_workspace or spec.options.prepare:
            continue
        if all(_reads(graph, tool.id) and tool.id not in touched for tool in tools):
            found[name] = Reading({tool.name: json.loads(graph.fact(tool.id).works[0]) for tool in tools})
    return found


def _reads(graph: ToolGraph, tool_id: str) -> bool:
    """Whether calls were seen to read, at least one worked, and the server does not say otherwise."""
    facts, hints = graph.fact(tool_id), graph.tools[tool_id].annotations
    denied = hints.read_only is False or hints.destructive is True
    return facts.access == "reads" and bool(facts.works) and not denied
