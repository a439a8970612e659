"""Peak memory of a run of 20,000 samples against one of 2,000; bar: within 20%.

    .venv/bin/python benchmarks/memory.py --run runs/demo --samples 2000 20000

Making 20,000 samples takes hours, so the items are not made but forged: copies of the samples of a finished run with
other values in the user's words, with all lines that their items left behind. All the rest is the real run in a process
of its own: first experiments, planning wave by wave, order, duplicates, files, the report at the end. Prints peak
resident memory and seconds of each run, and one JSON object with the ratio.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio

from toolweave.graph.plan import TrajectoryPlan
from toolweave.pipeline.engines.job import Job
from toolweave.pipeline.environments import Environments
from toolweave.pipeline.making.finished import Finished, Line
from toolweave.pipeline.plans.replanning import Lessons
from toolweave.pipeline.running import run as running
from toolweave.pipeline.running.synthesis import run_job
from toolweave.pipeline.sample import Sample
from toolweave.pipeline.settings import RunSettings
from toolweave.pipeline.storage.jsonl import read_lines
from toolweave.pipeline.teachers import Teacher


class Forge:
    """An engine that makes nothing: every item is a copy of one of a finished run, about other values."""

    def __init__(self, source: Path, teacher: Teacher) -> None:
        self.calls = 0
        self.teacher = teacher.facts
        self._samples = [(int(row["index"]), json.dumps(row)) for row in read_lines(source / "samples.jsonl")]
        self._lines: dict[int, list[Line]] = defaultdict(list)
        for name in ("events", "revisions"):
            for line in read_lines(source / f"{name}.jsonl"):
                if line.get("event") != "item" and "index" in line:
                    self._lines[int(line["index"])].append((name, line))

    async def make(self, plan: TrajectoryPlan, lessons: Lessons) -> Finished:
        """A forged item."""
        rng = random.Random(plan.seed)
        number, text = rng.choice(self._samples)
        facts: dict[str, Any] = json.loads(text)
        for item in facts["provenance"]:
            said = str(item["source"].get("text", ""))
            if len(said) > 3 and not re.fullmatch(r"[-\d.,]+", said):
                text = re.sub(rf"(?<!\w){re.escape(json.dumps(said)[1:-1])}(?!\w)", f"Kind{plan.index}", text)
        facts = json.loads(text) | {"id": f"tw-{plan.index:016x}", "index": plan.index, "seed": plan.seed}
        before = tuple((name, line | {"index": plan.index}) for name, line in self._lines[number])
        return Finished(plan.index, Sample.model_validate(facts), before=before)


def child(args: argparse.Namespace) -> None:
    """The run itself, in a process of its own."""

    @asynccontextmanager
    async def forging(_: Job, teacher: Teacher, __: Environments) -> AsyncGenerator[Forge]:
        yield Forge(args.run, teacher)

    running.open_bench = forging  # type: ignore[assignment]
    settings = RunSettings(mcp=args.mcp, samples=args.child, seed=3)
    began = time.monotonic()
    manifest = anyio.run(lambda: run_job(settings, args.out))
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    facts = {"samples": manifest["outcomes"]["kept"], "planned": manifest["planned"]}
    print(json.dumps(facts | {"mb": round(used, 1), "seconds": round(time.monotonic() - began)}))


def measured(args: argparse.Namespace, samples: int) -> dict[str, Any]:
    """What one run says of itself."""
    with tempfile.TemporaryDirectory(prefix="toolweave-memory-") as scratch:
        line = [sys.executable, __file__, "--child", str(samples), "--run", str(args.run), "--mcp", str(args.mcp)]
        done = subprocess.run([*line, "--out", f"{scratch}/run"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the run of {samples} ended with {done.returncode}: {done.stderr[-800:]}")
    print(done.stdout.strip(), flush=True)
    return json.loads(done.stdout)


def main() -> None:
    """Print what each run took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("runs/demo"), help="a finished run to take samples from")
    parser.add_argument("--mcp", type=Path, default=Path("mcp.json"))
    parser.add_argument("--samples", type=int, nargs=2, default=[2000, 20000])
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args)
        return
    small, large = (measured(args, samples) for samples in args.samples)
    print(json.dumps({"ratio": round(large["mb"] / small["mb"], 3), "bar": 1.2}))


if __name__ == "__main__":
    main()
