"""`toolweave run`: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import (
    BaseUrlOption,
    JsonOption,
    McpOption,
    ModelOption,
    SeedOption,
    VerboseOption,
)
from toolweave.pipeline.environments import warm_environments
from toolweave.pipeline.readable import write_readable
from toolweave.pipeline.run import OnProgress, Run
from toolweave.pipeline.settings import DEFAULT_KINDS, Pace, RunSettings, read_shares
from toolweave.pipeline.store import Store
from toolweave.pipeline.summary import print_summary
from toolweave.pipeline.teachers import open_teacher
from toolweave.servers.config import load_mcp_config
from toolweave.servers.errors import ToolweaveError

NOTHING_KEPT = 3


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
    concurrency: Annotated[int, typer.Option(min=1, help="Trajectories at a time.")] = 4,
    target: Annotated[
        list[str] | None, typer.Option(help="A tool that samples have to reach; may be repeated.")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Share of a turn kind, such as parallel=0.3; others are not planned. May be repeated."),
    ] = None,
    prompts: Annotated[Path | None, typer.Option(help="Folder of prompts that replace the built-in ones.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="End the run when a server does not start.")] = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Make verified samples from the servers of an mcp.json.

    Example: toolweave run --mcp mcp.json --out runs/first -n 24 --seed 7

    Exit codes: 0 done, 1 the run broke, 2 bad input, 3 nothing could be kept, 130 interrupted.
    """
    console.set_up_logs(verbose)
    with console.kind_errors():
        shares = read_shares(kind) if kind else DEFAULT_KINDS
    settings = RunSettings(
        mcp=mcp.absolute(), samples=samples, seed=seed, model=model, base_url=base_url if model != "offline" else None,
        turns=turns, attempts=attempts, probe_calls=probe_calls, strict=strict, targets=tuple(target or ()),
        prompts=prompts and prompts.absolute(), kinds=shares,
    )  # fmt: skip
    hint = f"Go on with: toolweave run --resume --out {out} and the same settings"
    with console.run_progress(as_json) as on_progress:
        manifest = console.execute(_run, settings, Pace(concurrency=concurrency), out, resume, on_progress, hint=hint)
    if as_json:
        console.print_json({"run": str(out), **manifest})
    else:
        print_summary(manifest, out)
    if not manifest["outcomes"]["kept"]:
        raise typer.Exit(NOTHING_KEPT)


async def _run(settings: RunSettings, pace: Pace, out: Path, resume: bool, on_progress: OnProgress) -> dict[str, Any]:
    digest = load_mcp_config(settings.mcp).digest
    resolved = {**settings.resolved(), "mcp_digest": digest}
    with (Store.resume if resume else Store.create)(out, resolved) as store:
        try:
            async with (
                open_teacher(settings.model, settings.base_url, settings.prompts) as teacher,
                warm_environments() as open_fresh,
            ):
                manifest = await Run(settings, pace, store, teacher, on_progress, open_fresh).execute()
        except ToolweaveError as error:
            store.record("broken", reason=str(error))
            raise
    write_readable(out)
    return manifest
