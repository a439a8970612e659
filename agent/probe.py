"""Probing: bounded, safe experiments on live servers that turn guessed edges into confirmed ones.

Contract: only tools that policy allows are called, on fresh environments that nobody else uses. The same servers,
settings and seed give the same calls, as long as the time limit is not reached. Servers are probed side by side and
do not see each other. What cannot be tried keeps what its schema says.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from itertools import chain

import anyio
import structlog

from toolweave.agent.arguments import ValueBook
from toolweave.agent.probing.server import ServerProbe
from toolweave.agent.probing.session import Caller, Meter, Observation
from toolweave.graph.build import build_graph
from toolweave.graph.learning.assembly import learned_graph
from toolweave.graph.learning.links import Link
from toolweave.graph.learning.pools import Pools
from toolweave.graph.model import Edge, ToolFacts, ToolGraph
from toolweave.servers.environment import open_environment
from toolweave.servers.policy import decide
from toolweave.servers.spec import ServerSpec
from toolweave.servers.tools import Tool

log = structlog.get_logger()

Opener = Callable[[Sequence[ServerSpec]], AbstractAsyncContextManager[Caller]]
_SHUT_OUT = re.compile(r"EROFS|read-only file ?system", re.IGNORECASE)
AT_A_TIME = 4
"""Servers that are probed side by side."""


@dataclass(frozen=True, slots=True)
class ProbeBudget:
    """How much may be tried."""

    calls_per_tool: float = 40.0
    """Live calls on average over the tools of a server."""
    seconds: float = 900.0
    """A safety net: a probe that it stops depends on the machine's speed."""
    environments: int = 12
    """Fresh starts per server."""

    @classmethod
    def modest(cls, calls_per_tool: float) -> ProbeBudget:
        """Enough to plan by; fresh starts are limited, because a server that cannot be forked takes a second each."""
        return cls(calls_per_tool, 120.0, 3)

    @classmethod
    def full(cls, calls_per_tool: float, seconds: float) -> ProbeBudget:
        """Enough to tell what enables and disables what."""
        return cls(calls_per_tool, seconds, 200)


@dataclass(frozen=True)
class ProbeReport:
    """What a probe found."""

    graph: ToolGraph
    calls: int
    """Live calls made."""
    observations: dict[str, tuple[Observation, ...]] = field(default_factory=dict[str, tuple[Observation, ...]])
    """Server → its calls, in order."""
    unprobed: dict[str, str] = field(default_factory=dict[str, str])
    """Server → why it was not probed, or not to the end."""

    @property
    def shut_out(self) -> dict[str, str]:
        """Server → what it said when it could not write outside its workspace."""
        found: dict[str, str] = {}
        for server, calls in self.observations.items():
            texts = (one.result.text for one in calls if one.outcome == "failed")
            if said := next(filter(_SHUT_OUT.search, texts), ""):
                found[server] = said
        return found


async def probe(
    specs: Sequence[ServerSpec],
    tools: Sequence[Tool],
    budget: ProbeBudget | None = None,
    seed: int = 0,
    *,
    open: Opener = open_environment,
    on_call: Callable[[], None] = lambda: None,
) -> ProbeReport:
    """Learn the graph of some servers by live experiments.

    Args:
        specs: The servers, with their options.
        tools: All their tools.
        budget: How much may be tried; the full budget by default.
        seed: Chooses values and never-seen values.
        open: Opens a fresh environment; tests pass their own.
        on_call: Called at every live call.
    """
    budget = budget or ProbeBudget()
    deadline = anyio.current_time() + budget.seconds
    probes = [_server_probe(spec, tools, budget, deadline, seed, open, on_call) for spec in specs]
    limiter = anyio.CapacityLimiter(AT_A_TIME)

    async def run(one: ServerProbe) -> None:
        async with limiter:
            await one.run()

    async with anyio.create_task_group() as group:
        for one in probes:
            group.start_soon(run, one)
    return _report(tools, probes)


def _server_probe(
    spec: ServerSpec,
    tools: Sequence[Tool],
    budget: ProbeBudget,
    deadline: float,
    seed: int,
    open: Opener,
    on_call: Callable[[], None],
) -> ServerProbe:
    allowed = [tool for tool in tools if tool.server == spec.name and decide(spec, tool).allowed]
    meter = Meter(round(budget.calls_per_tool * len(allowed)), deadline, on_call=on_call)
    book = ValueBook({spec.name: spec})
    rng = random.Random(f"{seed}:{spec.name}")

    def forbids(tool: Tool) -> str:
        decision = decide(spec, tool, seen_to_change=True)
        return "" if decision.allowed else decision.reason

    return ServerProbe(spec.name, allowed, book, meter, rng, lambda: open([spec]), budget.environments, forbids)


def _report(tools: Sequence[Tool], probes: Sequence[ServerProbe]) -> ProbeReport:
    pools = Pools()
    links: dict[tuple[str, str], Link] = {}
    facts: dict[str, ToolFacts] = {}
    state: list[Edge] = []
    for one in probes:
        pools.join(one.pools)
        links |= one.links
        facts |= one.facts()
        state += one.state_edges()
    base = build_graph(tools, pools.patterns())
    return ProbeReport(
        graph=learned_graph(base, pools, links, facts, state),
        calls=sum(one.meter.made for one in probes),
        observations={one.name: tuple(one.journal) for one in probes},
        unprobed=dict(chain.from_iterable(({one.name: one.problem}.items() if one.problem else ()) for one in probes)),
    )
