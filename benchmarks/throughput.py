"""The row job: 500 rows of one request each, by the stream and by a bare loop, in turns on the same endpoint.

    .venv/bin/python benchmarks/throughput.py                            # 50 ms, 64 and 256 in flight
    .venv/bin/python benchmarks/throughput.py --median 0.3 --sigma 1     # heavy-tailed

Prints one JSON object for each number in flight: medians of the rounds, the ratio of the rates (stream to bare loop),
peak memory, and seconds from the start of the command to the first request that reached the endpoint.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def measured(script: str, port: int, rows: int, in_flight: int, path: Path) -> dict[str, Any]:
    """One round of one contender, in a process of its own."""
    began = time.time()
    line = [sys.executable, str(HERE / script), str(port), str(rows), str(in_flight), str(path)]
    done = subprocess.run(line, capture_output=True, text=True, check=True, timeout=600)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/arrivals", timeout=10) as reply:
        arrivals = json.loads(reply.read())
    assert arrivals["count"] == rows, arrivals
    return json.loads(done.stdout.splitlines()[-1]) | {"first": arrivals["first"] - began, "most": arrivals["most"]}


def compared(port: int, rows: int, in_flight: int, rounds: int) -> dict[str, Any]:
    """Both contenders, in turns; medians."""
    found: dict[str, list[dict[str, Any]]] = {"rows_bare.py": [], "rows_stream.py": []}
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(rounds):
            for script, facts in found.items():
                facts.append(measured(script, port, rows, in_flight, Path(scratch, f"{script}-{number}")))
    bare, ours = ({key: statistics.median(item[key] for item in facts) for key in facts[0]} for facts in found.values())
    ratios = [one["seconds"] / two["seconds"] for one, two in zip(*found.values(), strict=True)]
    return {
        "in_flight": in_flight,
        "rows": rows,
        "ratio": round(bare["seconds"] / ours["seconds"], 3),
        "ratio_of_each_round": [round(ratio, 3) for ratio in ratios],
        "bare": {key: round(value, 3) for key, value in bare.items()},
        "stream": {key: round(value, 3) for key, value in ours.items()},
    }


def main() -> None:
    """Print a line for each number in flight."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--median", type=float, default=0.05, help="Seconds.")
    parser.add_argument("--sigma", type=float, default=0.0)
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--in-flight", type=int, nargs="+", default=[64, 256])
    args = parser.parse_args()
    line = [sys.executable, str(HERE / "slow_endpoint.py"), "--median", str(args.median), "--sigma", str(args.sigma)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as endpoint:
        assert endpoint.stdout is not None
        try:
            port = int(endpoint.stdout.readline())
            for in_flight in args.in_flight:
                print(json.dumps(compared(port, args.rows, in_flight, args.rounds)), flush=True)
        finally:
            endpoint.kill()


if __name__ == "__main__":
    main()
