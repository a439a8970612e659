"""`toolweave status | pause | resume | stop`: a look at a running job, and a hand on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import JsonOption, RunDirectory
from toolweave.pipeline.running.control import Order, give_order, status_of


def status(directory: RunDirectory, as_json: JsonOption = False) -> None:
    """Show what the job in a run directory is doing.

    Example: toolweave status runs/first

    Exit codes: 0 shown, 1 there is no run.
    """
    with console.kind_errors():
        found = status_of(directory)
    if as_json:
        console.print_json(found)
    else:
        _show(found, directory)


def pause(directory: RunDirectory) -> None:
    """Let a running job begin nothing more until `toolweave resume`; what is in the making is finished.

    Example: toolweave pause runs/first

    Exit codes: 0 told, 1 no job is running there.
    """
    _order(directory, "pause", "begins nothing more until: toolweave resume")


def resume(directory: RunDirectory) -> None:
    """Let a paused job go on. A job that has ended goes on with `toolweave run --resume`.

    Example: toolweave resume runs/first

    Exit codes: 0 told, 1 no job is running there.
    """
    _order(directory, "resume", "goes on")


def stop(directory: RunDirectory) -> None:
    """End a running job after what is in the making. It can be resumed.

    Example: toolweave stop runs/first

    Exit codes: 0 told, 1 no job is running there.
    """
    _order(directory, "stop", "ends when what is in the making is done; go on later with: toolweave run --resume --out")


def _order(directory: Path, order: Order, says: str) -> None:
    with console.kind_errors():
        give_order(directory, order)
    console.out.print(f"the job {says} {directory}")


def _show(found: dict[str, Any], directory: Path) -> None:
    say = console.out.print
    say(f"state     {found['state']}" + (f" ({found['ended']})" if found.get("ended") else ""))
    if "outcomes" in found:
        outcomes, spent = found["outcomes"], found["spent"]
        lost = found["planned"] - outcomes.get("kept", 0)
        say(f"samples   {outcomes.get('kept', 0)} kept of {found['wanted']} wanted, {lost} not kept")
        say(f"making    {found['in_flight']} at present, {found['waiting']} wait for their turn; {found['stage']}")
        tokens = "" if not spent["tokens"] else f", {spent['tokens']} tokens"
        say(f"spent     {spent['seconds']:.0f} s, {spent['calls']} calls{tokens} since it was last begun")
    if not found["running"] and found["state"] != "finished":
        say(f"go on with: toolweave run --resume --out {directory} and the same settings")
