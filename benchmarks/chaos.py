"""Kills a run, a server of it, or both with SIGKILL at random moments, resumes it, and compares with one left alone.

    .venv/bin/python benchmarks/chaos.py --mcp mcp.json --kills 20 -n 8

Prints one line a kill, a table by what was killed, and one JSON object: samples lost, samples twice, runs with other
bytes, processes left. Only processes that this script started are looked at: they live in its scratch directory.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

FILES = ("samples.jsonl", "rejected.jsonl")
"""Equal to the byte, unless servers answer differently from run to run."""
KINDS = ("process", "server", "both")
REAPED_WITHIN = 2.5
"""Seconds after which nothing of a killed run may be alive."""


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


def processes(scratch: Path) -> dict[int, str]:
    """Living processes whose folder or environment lies in the scratch directory of a run, and that folder."""
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        try:
            where = str((entry / "cwd").readlink()) if entry.name.isdigit() else ""
            if where.startswith(str(scratch)) or str(scratch).encode() in (entry / "environ").read_bytes():
                found[int(entry.name)] = where
        except OSError:
            continue  # it ended while we looked, is not ours, or is no process
    return found


def command(mcp: Path, out: Path, samples: int, seed: int) -> list[str]:
    """The run, begun or resumed."""
    head = [sys.executable, "-m", "toolweave.pipeline", "run", "--resume", "--mcp", str(mcp), "--out", str(out)]
    return [*head, "-n", str(samples), "--seed", str(seed), "--json"]


def servers_of(own: Path, run: subprocess.Popen[bytes]) -> list[int]:
    """Processes that live in folders of a run, from the moment at which there are any; none when it ends before."""
    while run.poll() is None:
        if found := sorted(pid for pid, where in processes(own).items() if where.startswith(str(own))):
            return found
        time.sleep(0.02)
    return []


def kill(kind: str, run: subprocess.Popen[bytes], own: Path, rng: random.Random) -> str:
    """Kill what is to be killed; says what was there to kill."""
    servers = [] if kind == "process" else servers_of(own, run)
    hit = ""
    if servers:
        with suppress(ProcessLookupError):
            os.kill(rng.choice(servers), signal.SIGKILL)
            hit = "server"
    if kind != "server":
        run.kill()
        hit = f"{hit}+process".lstrip("+")
    return hit or "nothing"


def one_kill(args: argparse.Namespace, kind: str, delay: float, scratch: Path, rng: random.Random) -> Counter[str]:
    """Kill after `delay` seconds, look for what is left, resume until done, and compare with the run left alone."""
    out, own, whole = scratch / "run", scratch / "tmp", scratch / "whole"
    own.mkdir()
    line = command(args.mcp, out, args.samples, args.seed)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    run = subprocess.Popen(line, **quiet, env=os.environ | {"TMPDIR": str(own)})  # type: ignore[call-overload]
    with suppress(subprocess.TimeoutExpired):
        run.wait(delay)
    hit = kill(kind, run, own, rng)
    if kind == "server":
        run.wait()
    before = set(ids(out))
    time.sleep(REAPED_WITHIN)
    left = len(processes(own))
    subprocess.run(line, **quiet, check=False)  # type: ignore[call-overload]
    expected, after = ids(whole), ids(out)
    facts = Counter(
        {
            "kills": 1,
            "in vain": hit == "nothing",
            "kept before": len(before),
            "lost": len((before | set(expected)) - set(after)),
            "twice": len(after) - len(set(after)),
            "extra": len(set(after) - set(expected)),
            "other bytes": any((out / name).read_bytes() != (whole / name).read_bytes() for name in FILES),
            "processes left": left,
        }
    )
    print(f"{kind} after {delay:5.1f} s, hit {hit}: {dict(facts)}", flush=True)
    for folder in (out, own):
        shutil.rmtree(folder, ignore_errors=True)
    return facts


def main() -> None:
    """Print a line for each kill, the table, and the totals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mcp", type=Path, default=Path("mcp.json"))
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("-n", "--samples", type=int, default=8)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="toolweave-chaos-"))
    began = time.monotonic()
    subprocess.run(command(args.mcp, scratch / "whole", args.samples, args.seed), stdout=subprocess.DEVNULL, check=True)
    seconds = time.monotonic() - began
    print(f"left alone: {len(ids(scratch / 'whole'))} samples in {seconds:.1f} s", flush=True)
    rng = random.Random(args.seed)
    table: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for number in range(args.kills):
        kind = KINDS[number % len(KINDS)]
        table[kind] += one_kill(args, kind, rng.uniform(0.5, seconds), scratch, rng)
    shutil.rmtree(scratch, ignore_errors=True)
    columns = ("kills", "in vain", "kept before", "lost", "twice", "extra", "other bytes", "processes left")
    print("| killed | " + " | ".join(columns) + " |\n|---" + "|---" * len(columns) + "|")
    for kind, facts in table.items():
        print(f"| {kind} | " + " | ".join(str(facts[column]) for column in columns) + " |")
    totals = sum(table.values(), Counter[str]())
    print(json.dumps({column: totals[column] for column in columns}))


if __name__ == "__main__":
    main()
