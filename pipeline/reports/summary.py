"""What a person reads at the end of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from toolweave.pipeline.console import out
from toolweave.pipeline.reports.grid import grid_lines


def print_summary(manifest: dict[str, Any], root: Path) -> None:
    """What was kept, why the rest was not, and where to look."""
    outcomes, tools = manifest["outcomes"], manifest["tools"]
    started, failed = manifest["servers"]["versions"], manifest["servers"]["failures"]
    out.print(f"servers   {len(started)} started: {', '.join(started)}")
    for name, reason in failed.items():
        out.print(f"          {name} did not start: {reason}")
    out.print(f"tools     {tools['listed']} listed, {tools['callable']} callable, {tools['reachable']} reachable")
    if unreachable := manifest.get("unreachable"):
        why = next(iter(unreachable.values()))
        out.print(f"          {len(unreachable)} not in reach ({why}): `toolweave plan --probe` says what to give them")
    out.print(f"samples   {outcomes['kept']} kept of {manifest['planned']} planned ({manifest['wanted']} wanted)")
    for name in ("rejected", "failed", "unresolved"):
        if outcomes[name]:
            out.print(f"          {outcomes[name]} {name}")
    for stage, count in sorted(manifest["reasons"].items(), key=lambda item: -item[1]):
        out.print(f"            {count:3} at {stage}")
    out.print(f"teacher   {manifest['teacher']['name']}")
    if estimate := manifest.get("estimate"):
        out.print(f"estimate  {_estimate(estimate)}")
    _print_grid(manifest.get("grid"))
    out.print(f"dataset   {root / 'samples.jsonl'}")
    out.print(f"one sample to read: {root / 'sample.md'};  why the rest was not kept: {root / 'rejected.jsonl'}")


def _print_grid(grid: dict[str, Any] | None) -> None:
    if grid is None:
        return
    for number, line in enumerate(grid_lines(grid)):
        out.print(f"{'' if number else 'grid':10}{line}")


def _estimate(estimate: dict[str, Any]) -> str:
    if estimate["seconds"] is None:
        return "none: nothing was kept"
    tokens = f", {estimate['tokens']} tokens" if estimate["tokens"] else ""
    usd = f", {estimate['usd']:.2f} USD" if estimate["usd"] else ""
    minutes, seconds = divmod(estimate["seconds"], 60)
    return f"{estimate['samples']} samples: about {minutes} min {seconds} s, {estimate['calls']} calls{tokens}{usd}"
