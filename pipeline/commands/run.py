"""`toolweave run`: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import anyio
import typer
from pydantic import ValidationError

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import (
    BaseUrlOption,
    JsonOption,
    McpOption,
    ModelOption,
    SeedOption,
    VerboseOption,
)
from toolweave.pipeline.reports.readable import write_readable
from toolweave.pipeline.reports.summary import print_summary
from toolweave.pipeline.running.governor import Governor
from toolweave.pipeline.running.interrupts import INTERRUPTED, heed_interrupts
from toolweave.pipeline.running.run import OnProgress
from toolweave.pipeline.running.synthesis import run_job
from toolweave.pipeline.settings import DEFAULT_KINDS, Pace, RunSettings, read_shares
from toolweave.servers.errors import ConfigError

NOTHING_KEPT = 3
STOPPED = 5
"""Exit code of a run that a limit or `toolweave stop` has ended before all was kept."""


def run(
    out: Annotated[Path, typer.Option("--out", help="Directory of the run; made when it is not there.")],
    mcp: McpOption = Path("mcp.json"),
    samples: Annotated[int, typer.Option("-n", "--samples", min=1, help="How many samples to keep.")] = 24,
    seed: SeedOption = 0,
    model: ModelOption = "offline",
    base_url: BaseUrlOption = None,
    turns: Annotated[int, typer.Option(min=1, max=8, help="Most user turns of a trajectory.")] = 3,
    attempts: Annotated[int, typer.Option(min=1, max=8, help="Most attempts at one reasoning step (K).")] = 3,
    probe_calls: Annotated[int, typer.Option(min=0, help="Live calls per tool for the first experiments.")] = 6,
    rehearsal_calls: Annotated[
        int, typer.Option(min=1, help="Live calls for finding a way through the plans of one item.")
    ] = 64,
    target: Annotated[
        list[str] | None, typer.Option(help="A tool that samples have to reach; may be repeated.")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Share of a turn kind, such as parallel=0.3; others are not planned. May be repeated."),
    ] = None,
    prompts: Annotated[Path | None, typer.Option(help="Folder of prompts that replace the built-in ones.")] = None,
    unlike: Annotated[
        list[Path] | None, typer.Option(help="Another run directory; twins of its samples are rejected. Repeatable.")
    ] = None,
    decontaminate: Annotated[
        list[Path] | None, typer.Option(help="A benchmark file; what shares something with it is rejected. Repeatable.")
    ] = None,
    wave: Annotated[
        int | None, typer.Option(min=1, help="Items that are planned at once [default: 12 to 64, by -n].")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="End the run when a server does not start.")] = False,
    concurrency: Annotated[int, typer.Option(min=1, help="Trajectories at a time.")] = 4,
    in_flight: Annotated[int | None, typer.Option(min=1, help="Most requests to the endpoint at a time.")] = None,
    max_calls: Annotated[int | None, typer.Option(min=1, help="Begin nothing more after so many live calls.")] = None,
    max_seconds: Annotated[float | None, typer.Option(help="Begin nothing more after so many seconds.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Begin nothing more after so many tokens.")] = None,
    budget_usd: Annotated[float | None, typer.Option(help="Begin nothing more at such costs; needs prices.")] = None,
    price_in: Annotated[float | None, typer.Option(help="USD for a million tokens of prompts.")] = None,
    price_out: Annotated[float | None, typer.Option(help="USD for a million tokens of completions.")] = None,
    preview: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many samples and estimate what all would take.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Make verified samples from the servers of an mcp.json.

    Ctrl-C once finishes what is in the making, twice stops at once; --resume goes on either way.

    Example: toolweave run --mcp mcp.json --out runs/first -n 24 --seed 7

    Exit codes: 0 done, 1 the run broke, 2 bad input, 3 nothing could be kept, 5 ended by a limit or `toolweave stop`,
    130 interrupted.
    """
    console.set_up_logs(verbose)
    with console.kind_errors():
        shares = read_shares(kind) if kind else DEFAULT_KINDS
        pace = _pace(
            concurrency=concurrency, in_flight=in_flight, max_calls=max_calls, max_seconds=max_seconds,
            max_tokens=max_tokens, budget_usd=budget_usd, price_in=price_in, price_out=price_out, preview=preview,
        )  # fmt: skip
    settings = RunSettings(
        mcp=mcp.absolute(), samples=samples, seed=seed, model=model, base_url=base_url if model != "offline" else None,
        turns=turns, attempts=attempts, probe_calls=probe_calls, rehearsal_calls=rehearsal_calls,
        strict=strict, targets=tuple(target or ()),
        prompts=prompts and prompts.absolute(), kinds=shares, wave=wave,
        unlike=_absolute(unlike), decontaminate=_absolute(decontaminate),
    )  # fmt: skip
    hint = f"Go on with: toolweave run --resume --out {out} and the same settings"
    with console.run_progress(as_json) as on_progress:
        manifest = console.execute(_run, settings, pace, out, resume, on_progress, hint=hint)
    if manifest is None:
        console.interrupted(hint)
    if as_json:
        console.print_json({"run": str(out), **manifest})
    else:
        print_summary(manifest, out)
    _leave(manifest, preview is not None, hint)


def _pace(**limits: Any) -> Pace:
    try:
        return Pace(**limits)
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f"--{str(name).replace('_', '-')}: " for name in first["loc"])
        raise ConfigError(f"{where}{first['msg'].removeprefix('Value error, ')}") from error


def _absolute(paths: list[Path] | None) -> tuple[Path, ...]:
    return tuple(path.absolute() for path in paths or ())


async def _run(
    settings: RunSettings, pace: Pace, out: Path, resume: bool, on_progress: OnProgress
) -> dict[str, Any] | None:
    """The manifest; `None` when the run was interrupted and left what was in the making."""
    governor, manifest = Governor(), None
    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as work:
            tasks.start_soon(heed_interrupts, governor, work, console.say)
            manifest = await run_job(settings, out, pace, resume=resume, governor=governor, on_progress=on_progress)
            write_readable(out)
        tasks.cancel_scope.cancel()
    return manifest


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
