"""How long after the first environment of its samples was ready a run has its first sample on disk.

    .venv/bin/python benchmarks/first_sample.py --mcp mcp.json -n 24 --runs 5

The clock starts when the first environment is open in which an item is made, after servers were listed and edges were
learned. It stops twice: when the first sample that is done lies on disk, in the journal where items wait for their
turn, and when the first has its turn and its line in `samples.jsonl`. Prints one line a run and the medians. The floor
is the shortest way to any sample: its calls, made one after the other on one more environment.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio

from toolweave.pipeline.environments import Environments
from toolweave.pipeline.making.finished import Finished
from toolweave.pipeline.running import synthesis
from toolweave.pipeline.running.progress import Progress
from toolweave.pipeline.sample import Sample, called
from toolweave.pipeline.settings import RunSettings
from toolweave.pipeline.storage.journal import Journal
from toolweave.servers.config import load_mcp_config
from toolweave.servers.environment import Environment
from toolweave.servers.pool import open_pool
from toolweave.servers.spec import ServerSpec
from toolweave.servers.warm import open_warm_starts

_put = Journal.put


@dataclass
class Clock:
    """Seconds since the process began its run, of what has happened so far."""

    making: bool = False
    ready: float | None = None
    done: float | None = None
    kept: float | None = None
    sample: Sample | None = field(default=None, repr=False)

    def told(self, progress: Progress) -> None:
        """Note that items are made from now on."""
        self.making = self.making or progress.stage == "making samples"

    def put(self, journal: Journal, item: Finished, *, waits: bool) -> None:
        """Note the first sample that is done, once it was written."""
        _put(journal, item, waits=waits)
        if self.done is None and isinstance(item.made, Sample):
            self.done = time.perf_counter()

    async def took(self, sample: Sample) -> None:
        """Note the first sample; it is on disk by now."""
        if self.kept is None:
            self.kept, self.sample = time.perf_counter(), sample


class Timed(Environments):
    """Environments that say when the first for an item was ready."""

    clock: Clock

    def __call__(self, specs: Sequence[ServerSpec]) -> AbstractAsyncContextManager[Environment]:
        """A fresh environment."""
        return self._noted(super().__call__(specs))

    @asynccontextmanager
    async def _noted(self, opened: AbstractAsyncContextManager[Environment]) -> AsyncGenerator[Environment]:
        async with opened as environment:
            if self.clock.making and self.clock.ready is None:
                self.clock.ready = time.perf_counter()
            yield environment


async def first(mcp: Path, samples: int, seed: int) -> Clock:
    """One run, timed."""
    clock = Clock()

    @asynccontextmanager
    async def timed() -> AsyncGenerator[Timed]:
        async with open_warm_starts() as starts, open_pool(starts) as pool:
            environments = Timed(pool)
            environments.clock = clock
            yield environments

    def put(self: Journal, item: Finished, *, waits: bool = True) -> None:
        clock.put(self, item, waits=waits)

    synthesis.warm_environments = timed
    Journal.put = put
    with tempfile.TemporaryDirectory(prefix="toolweave-first-") as folder:
        settings = RunSettings(mcp=mcp, samples=samples, seed=seed)
        await synthesis.run_job(settings, Path(folder) / "run", on_progress=clock.told, on_sample=clock.took)
    return clock


async def floor(mcp: Path, sample: Sample) -> float:
    """Seconds that the sample's own calls take on an environment that is ready."""
    named = {spec.name: spec for spec in load_mcp_config(mcp).servers}
    async with (
        open_warm_starts() as starts,
        open_pool(starts) as pool,
        pool.open([named[one.name] for one in sample.servers]) as environment,
    ):
        tools = {tool.name: tool for tool in environment.tools}
        began = time.perf_counter()
        for _, name, arguments in called(sample.messages):
            if name in tools:
                await environment.call(tools[name], arguments)
        return time.perf_counter() - began


def main() -> None:
    """Print a line a run, and medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mcp", type=Path, default=Path("mcp.json"))
    parser.add_argument("-n", "--samples", type=int, default=8)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    rows: list[tuple[float, float, float]] = []
    for seed in range(args.runs):
        clock = anyio.run(first, args.mcp, args.samples, seed)
        if clock.ready is None or clock.done is None or clock.kept is None or clock.sample is None:
            print(f"seed {seed}: no sample was kept")
            continue
        alone = anyio.run(floor, args.mcp, clock.sample)
        rows.append((clock.done - clock.ready, clock.kept - clock.ready, alone))
        print(
            f"seed {seed}: "
            + "on disk after {:.2f} s, in its turn after {:.2f} s, calls alone {:.2f} s".format(*rows[-1])
        )
    if rows:
        done, kept, alone = map(statistics.median, zip(*rows, strict=True))
        print(f"median {done:.2f} s on disk (bar 2.00), {done / alone:.0f} times its calls; {kept:.2f} s in its turn")


if __name__ == "__main__":
    main()
