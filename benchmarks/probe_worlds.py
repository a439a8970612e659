"""How well probing understands the bundled worlds, against the truth in their own code.

    .venv/bin/python benchmarks/probe_worlds.py [--calls 40] [--states 400] [--least 3] [world ...]

The worlds run as real servers over stdio. Printed per world and in all: precision and recall of data edges and of
enabling and disabling edges, the share of tools whose access was told right, live calls per tool, and edges found per
call beside random pairing with as many calls.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio
from world_truth import WORLDS, Truth, derive

from toolweave.agent.arguments import ValueBook
from toolweave.agent.patterns import put
from toolweave.agent.probe import ProbeBudget, ProbeReport, probe
from toolweave.agent.probing.filling import Filler, fitted, types_fit
from toolweave.agent.probing.session import observe
from toolweave.graph.learning.pools import Pools
from toolweave.servers.environment import open_environment
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.tools import Tool

Edges = set[tuple[str, str, str]]


@dataclass
class Score:
    """Found, right and true edges of one kind."""

    found: int = 0
    right: int = 0
    true: int = 0
    missed: list[str] = field(default_factory=list[str])
    wrong: list[str] = field(default_factory=list[str])

    def add(self, found: Edges, true: Edges, world: str) -> None:
        """Count one world."""
        self.found += len(found)
        self.right += len(found & true)
        self.true += len(true)
        self.missed += [f"{world}: {' -> '.join(edge)}" for edge in sorted(true - found)]
        self.wrong += [f"{world}: {' -> '.join(edge)}" for edge in sorted(found - true)]

    def __str__(self) -> str:
        return (
            f"precision {self.right / max(self.found, 1):.3f} ({self.right}/{self.found}), "
            f"recall {self.right / max(self.true, 1):.3f} ({self.right}/{self.true})"
        )


def spec_of(world: str) -> ServerSpec:
    """One world over stdio."""
    options = ServerOptions(disposable=True)
    return ServerSpec(name=world, command="python", args=["-m", f"toolweave.servers.worlds.{world}"], options=options)


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


async def random_pairing(spec: ServerSpec, tools: Sequence[Tool], pools: Pools, calls: int, truth: Truth) -> int:
    """True data edges found by feeding random outputs to random parameters."""
    rng = random.Random(0)
    filler = Filler(tools, pools, ValueBook({spec.name: spec}), rng)
    places = [place for place in pools.fields.values() if place.values and place.tool.startswith(f"{spec.name}/")]
    takers = [tool for tool in tools if filler.naming(tool)]
    found: Edges = set()
    async with open_environment([spec]) as environment:
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


async def measure(worlds: Sequence[str], calls: int, states: int, least: int) -> None:
    """Probe, derive the truth, and print how they agree."""
    specs = [spec_of(world) for world in worlds]
    async with open_environment(specs, strict=True) as environment:
        tools = environment.tools
    began = time.perf_counter()
    report = await probe(specs, tools, ProbeBudget.full(calls, 1800.0))
    seconds = time.perf_counter() - began
    data, state, told = Score(), Score(), [0, 0]
    by_random = 0
    for world, spec in zip(worlds, specs, strict=True):
        truth = derive(world, states=states)
        mine = [tool for tool in tools if tool.server == world]
        data.add(edges_of(report, world, "data"), truth.data, world)
        state.add(edges_of(report, world, "state"), truth.state(least), world)
        told[0] += sum((report.graph.fact(t.id).access == "writes") == (t.name in truth.writes) for t in mine)
        told[1] += len(mine)
        by_random += await random_pairing(spec, mine, _pools(report, world), len(report.observations[world]), truth)
    for name, score in (("data edges", data), ("enables and disables", state)):
        print(f"{name}: {score}")
        for line in (*(f"  missed {one}" for one in score.missed), *(f"  wrong  {one}" for one in score.wrong)):
            print(line)
    print(f"reading or writing: {told[0]}/{told[1]}")
    print(f"{report.calls} calls, {report.calls / len(tools):.1f} per tool, {seconds:.0f} s")
    per_call = f"{data.right / report.calls:.4f}, random pairing: {by_random / report.calls:.4f}"
    print(f"true data edges found per call: {per_call}")


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
    parser.add_argument("--states", type=int, default=400)
    parser.add_argument("--least", type=int, default=3, help="times that an effect must be seen to count as true")
    given = parser.parse_args()
    anyio.run(measure, given.worlds or list(WORLDS), given.calls, given.states, given.least)
