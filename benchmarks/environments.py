"""What an environment costs, for each server of an `mcp.json`: cold, warm, with a spare, and shared.

    python benchmarks/environments.py [MCP.json] [--rounds N]

One turnover is an environment with one server, its listing, and its end. CPU is that of this process and of everything
below it, the zygotes included; the wall time is how long one waits for the environment to open and to close. Before
warm turnovers are measured, three have taught and grown the zygotes. With spares the next server starts in the
background while the present one is in use, here for twice as long as a start takes: a spare saves waiting and no work.
What a shared server costs is its canary, here a call of each tool that needs no arguments and says that it reads.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from os import getpid, sysconf
from pathlib import Path

import anyio

from toolweave.servers.config import load_mcp_config
from toolweave.servers.environment import Environment, open_environment
from toolweave.servers.pool import open_pool
from toolweave.servers.sharing import Reading, open_shared_servers
from toolweave.servers.spec import ServerSpec
from toolweave.servers.warm import WarmStarts, open_warm_starts

Open = Callable[[Sequence[ServerSpec]], AbstractAsyncContextManager[Environment]]

_TICKS = sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds."""

    wall: float
    cpu: float


def cpu_spent() -> float:
    """Up to now, by this process and all below it, the dead ones included."""
    times: dict[int, tuple[int, float]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        times[int(path.parent.name)] = (int(fields[1]), sum(map(int, fields[11:15])) / _TICKS)
    below = {getpid()}
    while more := {pid for pid, (parent, _) in times.items() if parent in below} - below:
        below |= more
    return sum(times[pid][1] for pid in below)


async def measure(spec: ServerSpec, open_one: Open, rounds: int, use: float = 0.0) -> Cost:
    """One turnover, without the seconds of use. Clock ticks are coarse, so CPU is a mean; wall is a median."""
    before = cpu_spent()
    walls: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        async with open_one([spec]) as environment:
            if environment.failures:
                raise SystemExit(f"{spec.name}: {environment.failures[spec.name]}")
            opened = time.perf_counter()
            await anyio.sleep(use)
            used = time.perf_counter() - opened
        walls.append(time.perf_counter() - began - used)
    return Cost(statistics.median(walls), (cpu_spent() - before) / rounds)


async def measure_shared(spec: ServerSpec, starts: WarmStarts, reading: Reading, rounds: int) -> Cost | None:
    """One turnover of a server that is shared; `None` where it is not stateless enough."""
    async with open_pool(starts, 0) as pool, open_shared_servers(pool, {spec.name: reading}) as shared:
        await measure(spec, shared.open, 1)
        return None if shared.doubts else await measure(spec, shared.open, rounds)


async def free_calls(spec: ServerSpec, starts: WarmStarts) -> Reading:
    """Calls that need no arguments: enough to see what sharing costs, not to say that it is right."""
    async with open_environment([spec], starts=starts) as environment:
        reading = [tool for tool in environment.tools if tool.annotations.read_only and not tool.required]
        return Reading({tool.name: {} for tool in reading})


async def main(path: Path, rounds: int) -> None:
    """Print one line a server."""
    names = ("cold", "warm", "spare", "shared")
    print(f"{'server':12}" + "".join(f"{name + ' s':>10}{'cpu':>7}" for name in names) + "   CPU cold/warm")
    ratios: dict[str, list[float]] = {name: [] for name in names[1:]}
    async with open_warm_starts() as starts:
        for spec in load_mcp_config(path).servers:
            cold = await measure(spec, open_environment, rounds)
            warm_open = partial(open_environment, starts=starts)
            await measure(spec, warm_open, 3)
            warm = await measure(spec, warm_open, 2 * rounds)
            async with open_pool(starts, slow=0) as pool:
                await measure(spec, pool.open, 2, use=2 * warm.wall)
                spare = await measure(spec, pool.open, 2 * rounds, use=2 * warm.wall)
            shared = await measure_shared(spec, starts, await free_calls(spec, starts), 2 * rounds)
            for name, cost in (("warm", warm), ("spare", spare), ("shared", shared)):
                if cost is not None:
                    ratios[name].append((cold.wall if name == "spare" else cold.cpu) / _of(cost, name))
            print(f"{spec.name:12}{_cells([cold, warm, spare, shared])}{cold.cpu / warm.cpu:9.1f}", flush=True)
    for name, found in ratios.items():
        kind = "waiting" if name == "spare" else "CPU"
        print(f"{kind} of a cold turnover over {name}: median {statistics.median(found):.1f} of {len(found)} servers")


def _of(cost: Cost, name: str) -> float:
    return cost.wall if name == "spare" else max(cost.cpu, 1 / _TICKS)


def _cells(costs: Sequence[Cost | None]) -> str:
    return "".join(f"{cost.wall:10.3f}{cost.cpu:7.3f}" if cost else f"{'-':>10}{'-':>7}" for cost in costs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mcp", type=Path, nargs="?", default=Path("mcp.json"))
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    anyio.run(main, given.mcp, given.rounds)
