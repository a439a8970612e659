"""How well probing understands the bundled worlds, against the truth in their own code.

    .venv/bin/python benchmarks/probe_worlds.py [--calls 40] [--seed 0] [--world-seed 7] [--in-process] [world ...]

The worlds run as real servers over stdio, two side by side, on warm starts as in `toolweave graph probe`;
`--in-process` leaves the servers out, for quick rounds. Printed as soon as it is known, world by world, and at last
for all: precision and recall of data edges and
of enabling and disabling edges, the share of tools whose access was told right, live calls per tool, and edges found
per call beside random pairing with as many calls. A state edge that was found is right if the truth saw it at all; it
is missed if the truth saw it at least `--least` times.
"""

from __future__ import annotations

import argparse
import importlib
import random
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.to_thread
from mcp import Client
from world_truth import WORLDS, Truth, derive

from toolweave.agent.arguments import ValueBook
from toolweave.agent.patterns import put
from toolweave.agent.probe import ProbeBudget, ProbeReport, probe
from toolweave.agent.probing.filling import Filler, fitted, types_fit
from toolweave.agent.probing.session import Caller, observe
from toolweave.graph.learning.pools import Pools
from toolweave.pipeline.environments import warm_environments
from toolweave.servers.decoding import decode
from toolweave.servers.introspect import read_tool
from toolweave.servers.results import CallResult
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.tools import Tool

Edges = set[tuple[str, str, str]]
Open = Callable[[Sequence[ServerSpec]], AbstractAsyncContextManager[Caller]]
AT_A_TIME = 2
"""Worlds that are probed side by side."""


@dataclass
class Score:
    """Found, real, wanted and missed edges of one kind."""

    found: int = 0
    real: int = 0
    right: int = 0
    true: int = 0
    missed: list[str] = field(default_factory=list[str])
    wrong: list[str] = field(default_factory=list[str])

    def add(self, found: Edges, true: Edges, world: str, at_all: Edges | None = None) -> None:
        """Count one world; `at_all` holds what is true, though too rare to be asked for."""
        real = true | (at_all or set())
        self.found += len(found)
        self.real += len(found & real)
        self.right += len(found & true)
        self.true += len(true)
        self.missed += [f"{world}: {' -> '.join(edge)}" for edge in sorted(true - found)]
        self.wrong += [f"{world}: {' -> '.join(edge)}" for edge in sorted(found - real)]

    def __str__(self) -> str:
        return (
            f"precision {self.real / max(self.found, 1):.3f} ({self.real}/{self.found}), "
            f"recall {self.right / max(self.true, 1):.3f} ({self.right}/{self.true})"
        )


def spec_of(world: str, seed: int) -> ServerSpec:
    """One world over stdio."""
    args = ["-m", f"toolweave.servers.worlds.{world}", "--seed", str(seed)]
    return ServerSpec(name=world, command="python", args=args, options=ServerOptions(disposable=True))


@dataclass
class InProcess:
    """One world in this process, called as an environment is."""

    client: Client
    tools: tuple[Tool, ...]

    async def call(self, tool: Tool, arguments: dict[str, Any], /) -> CallResult:
        """Call one of its tools."""
        reply = await self.client.call_tool(tool.name, arguments)
        decoded = decode(reply.model_dump(mode="json", by_alias=True, exclude_none=True), tool.output_schema)
        return CallResult(decoded.status, decoded.text, decoded.value, 0.0)


@asynccontextmanager
async def open_in_process(specs: Sequence[ServerSpec]) -> AsyncGenerator[Caller]:
    """A fresh world that is no server."""
    name, seed = specs[0].name, int(specs[0].args[-1])
    async with Client(importlib.import_module(f"toolweave.servers.worlds.{name}").build(seed)) as client:
        listed = (await client.list_tools()).tools
        tools = [read_tool(name, one.model_dump(mode="json", by_alias=True, exclude_none=True)) for one in listed]
        yield InProcess(client, tuple(tools))


@asynccontextmanager
async def in_process() -> AsyncGenerator[Open]:
    """Opens worlds that are no servers."""
    yield open_in_process


def bare(tool_id: str) -> str:
    """A tool's own name."""
    return tool_id.rpartition("/")[2]


def edges_of(report: ProbeReport, world: str, kind: str) -> Edges:
    """Edges into the tools of one world, as the truth names them."""
    return {
        (bare(edge.source), bare(edge.target), edge.target_param if kind == "data" else str(edge.effect))
        for edge in report.graph.edges
        if edge.kind == kind and edge.target.startswith(f"{world}/") and edge.effect != "affects"
    }


async def random_pairing(
    spec: ServerSpec, tools: Sequence[Tool], pools: Pools, calls: int, truth: Truth, open_fresh: Open
) -> int:
    """True data edges found by feeding random outputs to random parameters."""
    rng = random.Random(0)
    filler = Filler(tools, pools, ValueBook({spec.name: spec}), rng)
    places = [place for place in pools.fields.values() if place.values and place.tool.startswith(f"{spec.name}/")]
    takers = [tool for tool in tools if filler.naming(tool)]
    found: Edges = set()
    async with open_fresh([spec]) as environment:
        for attempt in range(calls):
            tool = rng.choice(takers)
            filled = filler.fill(tool, attempt)
            if filled is None:
                continue
            chosen = {one.path: rng.choice(places) for one in filler.naming(tool)}
            for one in filler.naming(tool):
                value = rng.choice(list(chosen[one.path].values.values()))
                put(filled.arguments, one.path, fitted(value, one) if types_fit(value, one) else value)
            seen = observe(tool, filled.arguments, await environment.call(tool, filled.arguments))
            if seen.worked:
                found |= {(bare(place.tool), tool.name, path) for path, place in chosen.items()}
    return len(found & truth.data)


@dataclass
class Scores:
    """All that is counted."""

    data: Score = field(default_factory=Score)
    enables: Score = field(default_factory=Score)
    disables: Score = field(default_factory=Score)
    told: int = 0
    """Tools whose access was told right."""
    tools: int = 0

    def add(self, report: ProbeReport, world: str, truth: Truth, tools: Sequence[Tool], least: int) -> None:
        """Count one world."""
        self.data.add(edges_of(report, world, "data"), truth.data, world)
        state, wanted, at_all = edges_of(report, world, "state"), truth.state(least), truth.state(1)
        for effect, score in (("enables", self.enables), ("disables", self.disables)):
            score.add(_of(state, effect), _of(wanted, effect), world, _of(at_all, effect))
        self.told += sum((report.graph.fact(one.id).access == "writes") == (one.name in truth.writes) for one in tools)
        self.tools += len(tools)

    def show(self, name: str) -> None:
        """Print the figures."""
        print(f"{name}: reading or writing {self.told}/{self.tools}")
        for kind, score in (("data", self.data), ("enables", self.enables), ("disables", self.disables)):
            print(f"  {kind:8} {score}")

    def show_errors(self) -> None:
        """Print every missed and every wrong edge."""
        for score in (self.data, self.enables, self.disables):
            for line in (*(f"  missed {one}" for one in score.missed), *(f"  wrong  {one}" for one in score.wrong)):
                print(line)


def _of(edges: Edges, effect: str) -> Edges:
    return {edge for edge in edges if edge[2] == effect}


@dataclass(frozen=True)
class Round:
    """What is measured."""

    calls: int
    """Live calls per tool."""
    least: int
    """Times that an effect must be seen to count as true."""
    seed: int
    """Of the probe."""
    world_seed: int


async def measure(worlds: Sequence[str], given: Round, states: int, opening: AbstractAsyncContextManager[Open]) -> None:
    """Probe all worlds and print how well each, and all of them, were understood."""
    began, total, counted, limiter = time.perf_counter(), Scores(), Counted(), anyio.CapacityLimiter(AT_A_TIME)
    with ProcessPoolExecutor(1) as pool:
        truths = {world: pool.submit(derive, world, given.world_seed, states) for world in worlds}

        async def run(world: str) -> None:
            async with limiter:
                await _measure_one(world, truths[world], given, open_fresh, total, counted)

        async with opening as open_fresh, anyio.create_task_group() as group:
            for world in worlds:
                group.start_soon(run, world)
    total.show_errors()
    total.show("all")
    print(f"{counted.calls} calls, {counted.calls / total.tools:.1f} per tool, {time.perf_counter() - began:.0f} s")
    per_call = f"{total.data.right / counted.calls:.4f}, random pairing: {counted.by_random / counted.calls:.4f}"
    print(f"true data edges found per call: {per_call}")


@dataclass
class Counted:
    """What the experiments cost, and what random pairing found for as much."""

    calls: int = 0
    by_random: int = 0


async def _measure_one(
    world: str,
    deriving: Future[Truth],
    given: Round,
    open_fresh: Open,
    total: Scores,
    counted: Counted,
) -> None:
    spec, began = spec_of(world, given.world_seed), time.perf_counter()
    async with open_fresh([spec]) as environment:
        tools = environment.tools
    report = await probe([spec], tools, ProbeBudget.full(given.calls, 3600.0), given.seed, open=open_fresh)
    seconds, one = time.perf_counter() - began, Scores()
    truth = await anyio.to_thread.run_sync(deriving.result)
    for scores in (one, total):
        scores.add(report, world, truth, tools, given.least)
    found = await random_pairing(spec, tools, _pools(report, world), report.calls, truth, open_fresh)
    one.show(world)
    per_call = f"{one.data.right / report.calls:.4f}, random pairing: {found / report.calls:.4f}"
    print(f"  {report.calls} calls, {seconds:.0f} s; true data edges found per call: {per_call}", flush=True)
    counted.calls += report.calls
    counted.by_random += found


def _pools(report: ProbeReport, world: str) -> Pools:
    pools = Pools()
    for seen in report.observations[world]:
        if seen.worked:
            pools.add(seen.tool.id, [], seen.result.value)
    return pools


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("worlds", nargs="*", default=list(WORLDS))
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--states", type=int, default=200, help="situations from which the truth is drawn")
    parser.add_argument("--least", type=int, default=2, help="times that an effect must be seen to count as true")
    parser.add_argument("--seed", type=int, default=0, help="of the probe")
    parser.add_argument("--world-seed", type=int, default=7)
    parser.add_argument("--in-process", action="store_true", help="leave the servers out")
    asked = parser.parse_args()
    chosen = Round(asked.calls, asked.least, asked.seed, asked.world_seed)
    opener = in_process() if asked.in_process else warm_environments()
    anyio.run(measure, asked.worlds or list(WORLDS), chosen, asked.states, opener)
