"""How much faster checking is than making: one run, then `verify` on it, live and from its recording.

    .venv/bin/python benchmarks/verify_speed.py --mcp mcp.json -n 20

Seconds are those of the work itself: what `verify` prints, and for the run the whole command less its start. Exit
code 1 when live checking is not 5 times faster, or checking from the recording not 20 times.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

LIVE, RECORDED = 5.0, 20.0


def command(*arguments: str) -> tuple[dict[str, Any], float]:
    """The last line of a command, decoded, and its seconds."""
    began = time.monotonic()
    line = [sys.executable, "-m", "toolweave.pipeline", *arguments]
    done = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return json.loads(done.stdout.splitlines()[-1]), time.monotonic() - began


def main() -> int:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mcp", type=Path, default=Path("mcp.json"))
    parser.add_argument("-n", "--samples", type=int, default=20)
    parser.add_argument("--seed", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="toolweave-speed-") as scratch:
        out = str(Path(scratch) / "run")
        start = _start()
        wanted = ("-n", str(args.samples), "--seed", str(args.seed), "--json")
        manifest, seconds = command("run", "--mcp", str(args.mcp), "--out", out, *wanted)
        made = seconds - start
        live, _ = command("verify", out, "--json")
        recorded, _ = command("verify", out, "--replay", "--json")
    kept = manifest["outcomes"]["kept"]
    ratios = made / live["seconds"], made / max(recorded["seconds"], 0.01)
    print(f"{kept} samples made in {made:.1f} s")
    print(f"live: {live['seconds']:.1f} s, {live['failed']} failed, {ratios[0]:.1f} times faster (bar {LIVE:.0f})")
    print(f"recorded: {recorded['seconds']:.2f} s, {recorded['failed']} failed, {ratios[1]:.0f} times faster", end=" ")
    print(f"(bar {RECORDED:.0f})")
    return 0 if ratios[0] >= LIVE and ratios[1] >= RECORDED and not live["failed"] + recorded["failed"] else 1


def _start() -> float:
    """Seconds that the program takes to do nothing."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "toolweave.pipeline", "--help"], stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - began


if __name__ == "__main__":
    raise SystemExit(main())
