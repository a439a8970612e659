"""`toolweave report`: what a run covers, and what it could not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import JsonOption, RunDirectory
from toolweave.pipeline.making.composites import composites
from toolweave.pipeline.reports.coverage import coverage_of, read_run
from toolweave.pipeline.reports.grid import drift_line
from toolweave.pipeline.reports.html import write_html
from toolweave.pipeline.storage.jsonl import read_lines

NAMES_OF_MARKS = {"role_play": "role-played", "refined": "reworded"}
MOST_LISTED = 12
"""Things of one sort that are listed for a person; `--json` has all."""


HtmlOption = Annotated[
    Path | None, typer.Option("--html", help="Write one file for a browser instead: graph, figures, ten samples.")
]


def report(directory: RunDirectory, html: HtmlOption = None, as_json: JsonOption = False) -> None:
    """Show what a run covers: tools, edges, shapes of chains and kinds of turns, and why the rest is missing.

    Works on runs that are not finished. Exit codes: 0 shown, 2 bad input.

    Example: toolweave report runs/demo --html report.html
    """
    with console.kind_errors():
        if html is not None:
            facts = write_html(directory, html)
            console.print_json(facts) if as_json else console.out.print(f"{html} shows {facts['samples']} samples")
            return
        found = coverage_of(read_run(directory))
        found["advanced"] = composites(read_lines(directory / "samples.jsonl"))
    if as_json:
        console.print_json(found)
    else:
        show(found)


def show(found: dict[str, Any]) -> None:
    """Tables for a person."""
    tools, edges, shapes, values = found["tools"], found["edges"], found["shapes"], found["values"]
    lost = ", ".join(f"{count} at {stage}" for stage, count in found["lost"].items()) or "none"
    marks = "".join(f", {count} {NAMES_OF_MARKS[mark]}" for mark, count in found.get("marks", {}).items())
    facts = {
        "samples": f"{found['samples']} kept{marks}; lost: {lost}",
        "tools": f"{tools['called']} called and {tools['targets']} targets of {tools['reachable']} reachable "
        f"({tools['callable']} callable, {tools['listed']} listed)",
        "edges": f"{_of(edges['confirmed'])} confirmed, {_of(edges['data'])} data, {_of(edges['enabling'])} enabling",
        "calls": f"{values['calls']}, {values['dependent_share']:.0%} depend on an earlier call",
        "turns": f"{shapes['turns']}, {shapes['long_share']:.0%} with three or more dependent calls",
        "shapes": f"{shapes['diamonds']} diamonds, {shapes['loops']} loops",
        "calls a turn": _histogram(shapes["calls_per_turn"]),
        "depth": _histogram(shapes["depth"]),
        "width": _histogram(shapes["width"]),
        "relations": _histogram(found["relations"]),
        "values": _histogram(values["sources"]),
        "servers": _histogram(dict(sorted(found["server_pairs"].items(), key=lambda item: -item[1])[:MOST_LISTED])),
    }
    console.out.print(_facts(facts))
    console.out.print(_kinds(found["kinds"]))
    if "grid" in found:
        _show_grid(found["grid"])
    if found["failures"]["classes"]:
        console.out.print(_failures(found["failures"]))
    _show_composites(found["advanced"])
    _show_missing("tools that no sample calls", tools["not_called"])
    _show_missing("confirmed edges not followed", {item["edge"]: item["why"] for item in edges["not_followed"]})


def _show_composites(tools: Sequence[dict[str, Any]]) -> None:
    """What turns amount to: what goes in, what comes out."""
    if not tools:
        return
    table = Table("advanced tool", "in", "out", "turns", box=None, pad_edge=False)
    for tool in tools[:MOST_LISTED]:
        table.add_row(tool["name"], ", ".join(tool["inputs"]) or "-", tool["output"], f"{tool['turns']}")
    console.out.print(table)


def _of(share: dict[str, int]) -> str:
    return f"{share['followed']} of {share['known']}"


def _histogram(counts: dict[str, int]) -> str:
    return "  ".join(f"{name}: {count}" for name, count in counts.items()) or "-"


def _facts(facts: dict[str, str]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, text in facts.items():
        table.add_row(name, text)
    return table


def _kinds(kinds: dict[str, dict[str, float]]) -> Table:
    table = Table("kind of turn", "turns", "share", "wanted", "off by", box=None, pad_edge=False)
    for kind, facts in kinds.items():
        share, wanted = facts["share"], facts["wanted"]
        table.add_row(
            kind, f"{facts['turns']}", f"{share:.1%}", f"{wanted:.1%}", f"{100 * (share - wanted):+.1f} points"
        )
    return table


def _show_grid(grid: dict[str, Any]) -> None:
    """Quotas of cells with what is short and why, and how difficult samples came out against what was asked."""
    table = Table("cell", "samples", "share", "wanted", "off by", "why", box=None, pad_edge=False)
    for quota in grid["cells"]:
        off = f"{100 * (quota['reached'] - quota['wanted']):+.1f} points"
        share, wanted = f"{quota['reached']:.1%}", f"{quota['wanted']:.1%}"
        table.add_row(quota["cell"], f"{quota['samples']}", share, wanted, off, quota["why"] or "-")
    console.out.print(table)
    bands = Table("asked to be", "kept", "are", "easier", "harder", box=None, pad_edge=False)
    for band, facts in grid["bands"].items():
        bands.add_row(band, *(str(facts[name]) for name in ("kept", "as_asked", "easier", "harder")))
    console.out.print(bands)
    for drift in grid["drifts"]:
        console.out.print(drift_line(drift))


def _failures(lost: dict[str, dict[str, Any]]) -> Table:
    """Kinds of failure, in all and by server."""
    table = Table("lost by", *lost["classes"], box=None, pad_edge=False)
    for name, counts in {"all": lost["classes"], **lost["servers"]}.items():
        table.add_row(name, *(str(counts.get(one, "-")) for one in lost["classes"]))
    return table


def _show_missing(title: str, why: dict[str, str]) -> None:
    if not why:
        return
    console.out.print(f"\n{title}: {len(why)}")
    for name, reason in list(why.items())[:MOST_LISTED]:
        console.out.print(f"  {name}: {reason[:160]}")
    if len(why) > MOST_LISTED:
        console.out.print(f"  … and {len(why) - MOST_LISTED} more (--json lists all)")
