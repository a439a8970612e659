"""`toolweave plan`: what a run would do, before it does anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from toolweave.pipeline import console
from toolweave.pipeline.commands import run_options as options
from toolweave.pipeline.commands.options import JsonOption, McpOption, SeedOption, VerboseOption
from toolweave.pipeline.commands.settings_file import SettingsOption, settled, sources_of
from toolweave.pipeline.plans.cells import read_grid
from toolweave.pipeline.settings import DEFAULT_KINDS, RunSettings, read_shares

MOST_LISTED = 12
"""Things of one sort that are listed for a person; `--json` has all."""


def plan(
    context: typer.Context,
    settings_file: SettingsOption = None,
    mcp: McpOption = Path("mcp.json"),
    samples: options.SamplesOption = 24,
    seed: SeedOption = 0,
    turns: options.TurnsOption = 3,
    target: options.TargetOption = None,
    kind: options.KindOption = None,
    grid: options.GridOption = None,
    value_source: options.ValueSourceOption = None,
    probe_calls: options.ProbeCallsOption = 6,
    probe: Annotated[
        bool, typer.Option("--probe", help="Make the first experiments too, as a run does; without, no tool is called.")
    ] = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Show what a run would do: servers, which tools may be called and why, the first plans.

    Servers are started and listed; no tool is called, unless --probe lets the first experiments happen. With --probe
    the plans are those of a run with the same settings, until the run learns from what became of its first wave.

    Example: toolweave plan --mcp mcp.json -n 24 --seed 7

    Exit codes: 0 shown, 1 no server starts, 2 bad input.
    """
    console.set_up_logs(verbose)
    with console.kind_errors():
        settings = settled(
            RunSettings, context, mcp=mcp.absolute(), samples=samples, seed=seed, turns=turns,
            targets=tuple(target or ()), kinds=read_shares(kind) if kind else DEFAULT_KINDS, grid=read_grid(grid or ()),
            probe_calls=probe_calls, value_sources=tuple(value_source or ()),
        )  # fmt: skip
    show_plans(settings, sources_of(context), probing=probe, as_json=as_json)


def show_plans(settings: RunSettings, sources: dict[str, str], *, probing: bool, as_json: bool) -> None:
    """Draw the plans of a run and show them."""
    from toolweave.pipeline.running.preview import preview  # a second's worth of libraries, not for --help

    async def look() -> dict[str, Any]:
        return (await preview(settings, probing=probing)).as_json()

    found = {"settings": sources, **console.execute(look)}
    if as_json:
        console.print_json(found)
    else:
        _tell(found)


def _tell(found: dict[str, Any]) -> None:
    say = console.out.print
    if found["settings"]:
        say("given     " + ", ".join(f"{name} ({source})" for name, source in found["settings"].items()))
    say(f"servers   {len(found['servers']['started'])} start: {', '.join(found['servers']['started'])}")
    for name, why in found["servers"]["failed"].items():
        say(f"          {name} does not: {why}")
    tools = found["tools"]
    allowed = [tool for tool in tools if tool["may_be_called"]]
    say(f"tools     {len(tools)} listed, {len(allowed)} may be called, {_planned(allowed)} are in a plan")
    _list("may not be called", [f"{t['tool']}: {t['why']}" for t in tools if not t["may_be_called"]])
    missing = [f"{t['tool']}: nothing gives {t['without_source']!r}" for t in allowed if t["without_source"]]
    _list('needs "values", or a tool that gives them (experiments may find one)', missing)
    for server, values in found["values"].items():
        say(f'  in the "toolweave" block of {server}: "values": {json.dumps(values, ensure_ascii=False)}')
    learnt = f"{found['probed']} live calls" if found["probed"] else "schemas alone; a run learns more: --probe"
    say(f"plans     {len(found['plans'])}, from {learnt}")
    for item in found["plans"][:MOST_LISTED]:
        _tell_plan(item)
    if len(found["plans"]) > MOST_LISTED:
        say(f"          … and {len(found['plans']) - MOST_LISTED} more (--json lists all)")
    for number, cell in enumerate(found.get("grid", ())):
        say(
            f"{'' if number else 'grid':10}{cell['cell']}: {cell['planned']:.0%} planned of {cell['wanted']:.0%} wanted"
        )
    say("kinds     " + ", ".join(f"{kind}: {count}" for kind, count in found["kinds"].items()))
    if found["stopped"]:
        say(f"no more plans: {found['stopped']}")


def _planned(tools: list[dict[str, Any]]) -> int:
    return sum(1 for tool in tools if tool["planned"])


def _list(title: str, lines: list[str]) -> None:
    if not lines:
        return
    console.out.print(f"{title}: {len(lines)}")
    for line in lines[:MOST_LISTED]:
        console.out.print(f"  {line}")
    if len(lines) > MOST_LISTED:
        console.out.print(f"  … and {len(lines) - MOST_LISTED} more (--json lists all)")


def _tell_plan(item: dict[str, Any]) -> None:
    for number, turn in enumerate(item["turns"]):
        head = f"{item['index']:>4}" if number == 0 else "    "
        chain = " → ".join(turn["calls"]) or f"(nobody offers {turn['target']})"
        console.out.print(f"  {head}  {turn['kind']}, {turn['relation']}: {chain}")
