"""What a fresh environment costs: cold and warm, for each server of an `mcp.json`.

    python benchmarks/environments.py [MCP.json] [--rounds N]

One turnover is `open_environment` with one server, its listing, and its end. CPU is that of this process and of
everything below it. The first two warm starts of a program, which teach and grow its zygote, are listed apart.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from os import getpid, sysconf
from pathlib import Path

import anyio

from toolweave.servers.config import load_mcp_config
from toolweave.servers.environment import open_environment
from toolweave.servers.spec import ServerSpec
from toolweave.servers.warm import WarmStarts, open_warm_starts

_TICKS = sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds."""

    wall: float
    cpu: float

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.wall - other.wall, self.cpu - other.cpu)


def spent() -> Cost:
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
    return Cost(time.perf_counter(), sum(times[pid][1] for pid in below))


async def turn_over(spec: ServerSpec, starts: WarmStarts | None) -> None:
    """Open an environment and close it."""
    async with open_environment([spec], strict=True, starts=starts):
        pass


async def measure(spec: ServerSpec, starts: WarmStarts | None, rounds: int) -> Cost:
    """Cost of one turnover. Clock ticks are coarse, so the CPU time is a mean; the wall time is a median."""
    before = spent()
    walls: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        await turn_over(spec, starts)
        walls.append(time.perf_counter() - began)
    return Cost(statistics.median(walls), (spent() - before).cpu / rounds)


async def main(path: Path, rounds: int) -> None:
    """Print one line a server."""
    print(
        f"{'server':14}" + "".join(f"{name + ' s':>8}{'cpu':>7}" for name in ("cold", "1st", "2nd", "warm")) + "  times"
    )
    ratios: list[float] = []
    async with open_warm_starts() as starts:
        for spec in load_mcp_config(path).servers:
            cold = await measure(spec, None, rounds)
            first, second = await measure(spec, starts, 1), await measure(spec, starts, 1)
            warm = await measure(spec, starts, 2 * rounds)
            ratios.append(cold.cpu / warm.cpu)
            print(f"{spec.name:14}{_cells([cold, first, second, warm])}{ratios[-1]:7.1f}", flush=True)
    print(f"CPU of a cold turnover over that of a warm one: median {statistics.median(ratios):.1f}")


def _cells(costs: Sequence[Cost]) -> str:
    return "".join(f"{cost.wall:8.3f}{cost.cpu:7.3f}" for cost in costs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mcp", type=Path, nargs="?", default=Path("mcp.json"))
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    anyio.run(main, given.mcp, given.rounds)
