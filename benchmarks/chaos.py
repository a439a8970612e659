"""Kills a run with SIGKILL at random moments, resumes it, and compares with a run that was left alone.

    .venv/bin/python benchmarks/chaos.py --mcp mcp.json --kills 10 -n 8

Prints one line a kill and one JSON object at the end: samples lost, samples twice, processes left. Only processes that
this script started are counted: they live in its scratch directory.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FILES = ("samples.jsonl", "rejected.jsonl")
"""Equal to the byte, unless servers answer differently from run to run."""


def ids(out: Path) -> list[str]:
    """Ids of the kept samples, in the order of the file."""
    path = out / "samples.jsonl"
    if not path.exists():
        return []
    found: list[str] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            found.append(json.loads(line)["id"])
        except (ValueError, KeyError):
            continue  # the line that the kill tore off
    return found


def survivors(scratch: Path) -> list[int]:
    """Processes whose working directory or environment lies in the scratch directory of a run."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        try:
            where = str((entry / "cwd").readlink()) if entry.name.isdigit() else ""
            if where.startswith(str(scratch)) or str(scratch).encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue  # it ended while we looked, is not ours, or is no process
    return found


def command(mcp: Path, out: Path, samples: int, seed: int) -> list[str]:
    """The run, begun or resumed."""
    head = [sys.executable, "-m", "toolweave.pipeline", "run", "--resume", "--mcp", str(mcp), "--out", str(out)]
    return [*head, "-n", str(samples), "--seed", str(seed), "--json"]


def one_kill(args: argparse.Namespace, delay: float, whole: Path, scratch: Path, number: int) -> dict[str, int]:
    """Kill a run after `delay` seconds, look for what is left of it, resume it, and compare with one left alone."""
    expected = ids(whole)
    out, own = scratch / f"run{number}", scratch / f"tmp{number}"
    own.mkdir()
    line = command(args.mcp, out, args.samples, args.seed)
    process = subprocess.Popen(
        line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"TMPDIR": str(own)}
    )
    time.sleep(delay)
    process.kill()
    process.wait()
    before = set(ids(out))
    time.sleep(2.5)
    left = len(survivors(own))
    subprocess.run(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = ids(out)
    facts = {
        "kept before": len(before),
        "lost": len((before | set(expected)) - set(after)),
        "twice": len(after) - len(set(after)),
        "extra": len(set(after) - set(expected)),
        "other bytes": any((out / name).read_bytes() != (whole / name).read_bytes() for name in FILES),
        "processes left": left,
    }
    sys.stdout.write(f"kill {number} after {delay:5.1f} s: {facts}\n")
    sys.stdout.flush()
    shutil.rmtree(out, ignore_errors=True)
    return facts


def main() -> None:
    """Print a line for each kill, and the totals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mcp", type=Path, default=Path("mcp.json"))
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("-n", "--samples", type=int, default=8)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="toolweave-chaos-"))
    began = time.monotonic()
    subprocess.run(command(args.mcp, scratch / "whole", args.samples, args.seed), stdout=subprocess.DEVNULL, check=True)
    seconds = time.monotonic() - began
    expected = ids(scratch / "whole")
    sys.stdout.write(f"left alone: {len(expected)} samples in {seconds:.1f} s\n")
    rng = random.Random(args.seed)
    facts = [
        one_kill(args, rng.uniform(0.5, seconds), scratch / "whole", scratch, number) for number in range(args.kills)
    ]
    shutil.rmtree(scratch, ignore_errors=True)
    totals = {key: sum(item[key] for item in facts) for key in facts[0]}
    sys.stdout.write(json.dumps({"kills": args.kills, "samples": len(expected), **totals}) + "\n")


if __name__ == "__main__":
    main()
