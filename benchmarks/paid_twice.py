"""How many requests a killed run pays twice: killed with SIGKILL at random moments, resumed until it is done.

    .venv/bin/python benchmarks/paid_twice.py -n 12 --kills 5

The endpoint answers on loopback with the logic of the offline teacher and counts what it is asked. A request with the
same bytes counts as paid again. Prints one line a kill and one JSON object; exit code 1 when more was paid twice than
was in flight at the kills, or the samples are not those of a run that nobody killed.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from faulty_endpoint import FaultyEndpoint, Wire, serving
from wire_teacher import WireTeacher

MOST_SECONDS = 600
"""For one run with all its kills."""


@dataclass
class Ledger(FaultyEndpoint):
    """An endpoint that never fails and knows how many requests are not answered yet."""

    latency: float = 0.05
    asked: list[str] = field(default_factory=list[str])

    def answer(self, request: dict[str, Any]) -> Wire:
        """What goes back, after a while."""
        self.asked.append(json.dumps(request, sort_keys=True))
        return replace(super().answer(request), delay=self.latency)

    @property
    def paid_twice(self) -> int:
        """Requests that had been asked before."""
        return len(self.asked) - len(set(self.asked))


def started(args: argparse.Namespace, out: Path, url: str) -> subprocess.Popen[str]:
    """The run, begun or resumed."""
    line = [sys.executable, "-m", "toolweave.pipeline", "run", "--mcp", str(args.mcp), "--out", str(out), "--resume"]
    line += ["-n", str(args.samples), "--seed", str(args.seed), "--model", "behind-the-wire", "--base-url", url]
    line += ["--in-flight", str(args.in_flight), "--json"]
    return subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def killed(args: argparse.Namespace, out: Path, endpoint: Ledger, most: int) -> bool:
    """Let the run go on until `most` requests more were asked, then kill it; whether it came to that."""
    until, deadline = len(endpoint.asked) + most, time.monotonic() + MOST_SECONDS
    run = started(args, out, endpoint.url)
    while run.poll() is None and len(endpoint.asked) < until and time.monotonic() < deadline:
        time.sleep(0.01)
    alive = run.poll() is None
    run.kill()
    run.communicate()
    return alive


def whole(args: argparse.Namespace, out: Path, kills: int, rng: random.Random, most: int) -> tuple[bytes, int, int]:
    """The samples of one run, how many requests it paid twice, and how many it made."""
    endpoint = Ledger(WireTeacher(out / "graph.json"), 0.0, "schema", args.seed)
    with serving(endpoint):
        for number in range(kills):
            went_on = killed(args, out, endpoint, rng.randint(1, max(2, most)))
            print(
                f"kill {number + 1}: after {len(endpoint.asked)} requests, {endpoint.paid_twice} paid twice", flush=True
            )
            if not went_on:
                break
        run = started(args, out, endpoint.url)
        _, errors = run.communicate(timeout=MOST_SECONDS)
    if run.returncode:
        raise SystemExit(f"the run ended with {run.returncode}: {errors[-600:]}")
    return (out / "samples.jsonl").read_bytes(), endpoint.paid_twice, len(endpoint.asked)


def main() -> int:
    """Print what was paid twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mcp", type=Path, default=Path("mcp.json"))
    parser.add_argument("-n", "--samples", type=int, default=12)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--in-flight", type=int, default=8)
    parser.add_argument("--seed", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="toolweave-paid-") as scratch:
        alone, _, requests = whole(args, Path(scratch) / "alone", 0, random.Random(0), 0)
        rng = random.Random(args.seed)
        found, twice, _ = whole(args, Path(scratch) / "killed", args.kills, rng, requests // args.kills)
    bar = args.kills * args.in_flight
    facts = {"requests": requests, "paid_twice": twice, "bar": bar, "same_samples": found == alone}
    print(json.dumps(facts))
    return 0 if found == alone and twice <= bar else 1


if __name__ == "__main__":
    raise SystemExit(main())
