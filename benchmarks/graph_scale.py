"""How building the graph from schemas scales, and how it compares with scoring all pairs.

    graph_scale.py --corpus mcp_tools.jsonl.gz [--most 100000] [--bare]

The corpus holds one server a line: `{"file", "tools": [MCP tool, …]}`. Larger sets are made of copies of it whose
server and tool names carry invented words, so that copies are not the same tools. `--bare` leaves the servers out, as
in a plain list of tools: the hardest case, since then every tool may feed every other. Each size is built in a fresh
process for its own peak memory. Prints one line per size, the exponent of growth, and the all-pairs loop with the same
scorer on the unmultiplied corpus: measured on evenly spaced parameters against all fields, and extrapolated to all.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from toolweave.graph.build import LEAST_LOGIT, build_graph, read_tools
from toolweave.graph.confidence import Confidence
from toolweave.graph.edges_file import tools_from_json
from toolweave.servers.tools import Tool

SYLLABLES = ("ka", "lo", "mi", "ne", "ru", "ta", "vo", "zi", "pe", "du")
SAMPLED_PARAMETERS = 150


def corpus(path: Path) -> list[Tool]:
    """All tools of the corpus, each with its server."""
    tools: list[Tool] = []
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        row: dict[str, Any] = json.loads(line)
        tools += tools_from_json({"tools": [{**tool, "server": row["file"]} for tool in row["tools"]]})[0]
    return tools


def invented(number: int) -> str:
    """A word for a number."""
    return "".join(SYLLABLES[int(digit)] for digit in str(number))


def perturbed(tool: Tool, copy: int, bare: bool) -> Tool:
    """A copy of a tool under another name, on another server."""
    first, *rest = tool.name.split("_")
    name = "_".join([first, invented(copy), *rest]) if copy else tool.name
    if bare:
        return replace(tool, server="", name=f"{name}_{invented(sum(map(ord, tool.server)))}" if copy else name)
    return replace(tool, server=f"{tool.server}-{copy}", name=name)


def multiplied(tools: list[Tool], size: int, bare: bool) -> Iterator[Tool]:
    """The corpus over and over, up to a number of tools."""
    for number in range(size):
        yield perturbed(tools[number % len(tools)], number // len(tools), bare)


def measure(path: Path, size: int, bare: bool) -> dict[str, float]:
    """Build one size here; wall seconds, CPU seconds, peak memory in GiB."""
    tools = list(multiplied(corpus(path), size, bare))
    wall, cpu = time.perf_counter(), time.process_time()
    graph = build_graph(tools)
    return {
        "tools": len(graph.tools),
        "edges": len(graph.edges),
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def all_pairs_seconds(tools: list[Tool]) -> tuple[float, int, int]:
    """CPU seconds of scoring every (field, parameter) pair, extrapolated; pairs measured; pairs in all."""
    readings = read_tools(tools, {})
    confidence = Confidence(tools, readings)
    fields = [slot for reading in readings for slot in reading.gives]
    parameters = [slot for reading in readings for slot in reading.takes]
    sampled = parameters[:: max(1, len(parameters) // SAMPLED_PARAMETERS)]
    start = time.process_time()
    for parameter in sampled:
        for produced in fields:
            confidence.logit(parameter, produced, LEAST_LOGIT)
    spent = time.process_time() - start
    return spent * len(parameters) / len(sampled), len(sampled) * len(fields), len(parameters) * len(fields)


def main() -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--most", type=int, default=100_000)
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    if options.one:
        sys.stdout.write(json.dumps(measure(options.corpus, options.one, options.bare)))
        return
    tools = corpus(options.corpus)
    sizes = [size for size in (len(tools), 10_000, 30_000, 100_000) if size <= options.most]
    rows = [in_fresh_process(options, size) for size in sizes]
    for row in rows:
        console.print(
            f"{row['tools']:>7.0f} tools {row['edges']:>8.0f} edges {row['wall']:7.1f} s wall {row['cpu']:7.1f} s CPU "
            f"{row['gib']:5.2f} GiB"
        )
    first, last = rows[0], rows[-1]
    if last["tools"] > first["tools"]:
        exponent = math.log(last["cpu"] / first["cpu"]) / math.log(last["tools"] / first["tools"])
        console.print(f"exponent {first['tools']:.0f} to {last['tools']:.0f} tools: {exponent:.2f} (CPU)")
    spent, measured, pairs = all_pairs_seconds([perturbed(tool, 0, options.bare) for tool in tools])
    console.print(
        f"all pairs at {len(tools)} tools: {spent:.1f} s CPU, extrapolated from {measured:,} of {pairs:,} pairs; "
        f"ours {first['cpu']:.1f} s with reading the schemas: {spent / first['cpu']:.0f} times faster"
    )


def in_fresh_process(options: argparse.Namespace, size: int) -> dict[str, float]:
    """Measure one size in a process of its own."""
    command = [sys.executable, __file__, "--corpus", str(options.corpus), "--one", str(size)]
    done = subprocess.run([*command, "--bare"] if options.bare else command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
