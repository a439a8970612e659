"""Two workers of `--engine ray` against one, and against `--engine local`, on the same compute-bound run.

    .venv/bin/python benchmarks/ray_engine.py --mcp mcp.json -n 24 --rounds 3

The offline teacher and local servers make a run compute-bound. Rounds take turns. Counted are the seconds between the
first and the last item, because starting Ray takes some seconds that a long run does not feel. Prints one JSON object:
medians, two workers to one, one worker to the local engine, whether all samples were the same, and the load before.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ENGINES = {
    "local": ["--engine", "local"],
    "one": ["--engine", "ray", "--workers", "1"],
    "two": ["--engine", "ray", "--workers", "2"],
}


def timed(args: argparse.Namespace, engine: str, out: Path) -> tuple[float, float]:
    """Seconds from the first item to the last, and those of the whole command."""
    line = [sys.executable, "-m", "toolweave.pipeline", "run", "--mcp", str(args.mcp), "--out", str(out), "--json"]
    line += ["-n", str(args.samples), "--seed", str(args.seed), "--concurrency", str(args.concurrency)]
    line += ENGINES[engine]
    began, first, last = time.perf_counter(), 0.0, 0.0
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as run:
        assert run.stdout is not None
        for text in run.stdout:
            if json.loads(text).get("progress", {}).get("planned"):
                last = time.perf_counter()
                first = first or last
    assert run.returncode == 0, run.returncode
    return last - first, time.perf_counter() - began


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mcp", type=Path, default=Path("mcp.json"))
    parser.add_argument("-n", "--samples", type=int, default=24)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    load = os.getloadavg()[0]
    seconds: dict[str, list[tuple[float, float]]] = {engine: [] for engine in ENGINES}
    rows: set[bytes] = set()
    with tempfile.TemporaryDirectory(prefix="toolweave-ray-") as scratch:
        for number in range(args.rounds):
            for engine, found in seconds.items():
                out = Path(scratch, f"{engine}{number}")
                found.append(timed(args, engine, out))
                rows.add((out / "samples.jsonl").read_bytes())
    making = {engine: statistics.median(making for making, _ in found) for engine, found in seconds.items()}
    whole = {engine: statistics.median(whole for _, whole in found) for engine, found in seconds.items()}
    facts = {
        "two_to_one": round(making["one"] / making["two"], 2),
        "one_to_local": round(making["local"] / making["one"], 2),
        "seconds_of_items": {engine: round(value, 1) for engine, value in making.items()},
        "seconds_of_commands": {engine: round(value, 1) for engine, value in whole.items()},
        "same_samples": len(rows) == 1,
        "cores": os.cpu_count(),
        "load_before": round(load, 1),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
