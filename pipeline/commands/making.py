"""What the commands that make samples share: a job that heeds Ctrl-C, and the end that it comes to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import typer

from toolweave.pipeline import console
from toolweave.pipeline.running.governor import Governor
from toolweave.pipeline.running.interrupts import INTERRUPTED, until_interrupted
from toolweave.pipeline.running.progress import OnProgress

NOTHING_KEPT = 3
STOPPED = 5
"""Exit code of a run that a limit or `toolweave stop` has ended before all was kept."""
Job = Callable[[Governor, OnProgress], Awaitable[dict[str, Any]]]
"""Makes samples and returns the manifest."""


def absolute(paths: list[Path] | None) -> tuple[Path, ...]:
    """The paths of an option that can be given several times."""
    return tuple(path.absolute() for path in paths or ())


def make(
    job: Job,
    out: Path,
    show: Callable[[dict[str, Any], Path], None],
    hint: str,
    *,
    as_json: bool,
    previewed: bool = False,
) -> None:
    """Do the job, say what it came to, and exit as it went."""
    with console.run_progress(as_json) as on_progress:
        manifest = console.execute(_done, job, out, on_progress, hint=hint)
    if manifest is None:
        console.interrupted(hint)
    if as_json:
        console.print_json({"run": str(out), **manifest})
    else:
        show(manifest, out)
    _leave(manifest, previewed, hint)


async def _done(job: Job, out: Path, on_progress: OnProgress) -> dict[str, Any] | None:
    """The manifest; `None` when the run was interrupted and left what was in the making."""
    from toolweave.pipeline.reports.readable import write_readable  # a second's worth of libraries, not for --help

    async def work(governor: Governor) -> dict[str, Any]:
        manifest = await job(governor, on_progress)
        write_readable(out)
        return manifest

    return await until_interrupted(work, console.say)


def _leave(manifest: dict[str, Any], previewed: bool, hint: str) -> None:
    """The exit code of a run that has ended, and how to go on with it."""
    if manifest["ended"] == INTERRUPTED:
        console.interrupted(hint)
    if manifest["ended"]:
        console.say(f"{manifest['ended']}. {hint}")
    if manifest["ended"] and not previewed:
        raise typer.Exit(STOPPED)
    if not manifest["outcomes"]["kept"]:
        raise typer.Exit(NOTHING_KEPT)
