"""`toolweave run`: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from toolweave.pipeline import console
from toolweave.pipeline.commands import run_options as options
from toolweave.pipeline.commands.making import absolute, make
from toolweave.pipeline.commands.options import (
    BaseUrlOption,
    JsonOption,
    McpOption,
    ModelOption,
    SeedOption,
    VerboseOption,
)
from toolweave.pipeline.commands.plan import show_plans
from toolweave.pipeline.commands.sandboxing import heed_sandbox
from toolweave.pipeline.commands.settings_file import SettingsOption, settled, sources_of
from toolweave.pipeline.plans.cells import read_grid
from toolweave.pipeline.reports.summary import print_summary
from toolweave.pipeline.running.governor import Governor
from toolweave.pipeline.running.progress import OnProgress
from toolweave.pipeline.settings import DEFAULT_KINDS, Pace, RunSettings, read_roles, read_shares


def run(
    context: typer.Context,
    out: options.OutOption,
    settings_file: SettingsOption = None,
    mcp: McpOption = Path("mcp.json"),
    samples: options.SamplesOption = 24,
    seed: SeedOption = 0,
    model: ModelOption = "offline",
    base_url: BaseUrlOption = None,
    turns: options.TurnsOption = 3,
    attempts: options.AttemptsOption = 3,
    probe_calls: options.ProbeCallsOption = 6,
    rehearsal_calls: options.RehearsalCallsOption = 64,
    target: options.TargetOption = None,
    kind: options.KindOption = None,
    grid: options.GridOption = None,
    weak: options.WeakOption = None,
    role: options.RoleOption = None,
    prompts: options.PromptsOption = None,
    unlike: options.UnlikeOption = None,
    decontaminate: options.DecontaminateOption = None,
    role_play: options.RolePlayOption = 0.0,
    gate: options.GateOption = None,
    stage: options.StageOption = None,
    value_source: options.ValueSourceOption = None,
    judge: options.JudgeOption = None,
    wave: options.WaveOption = None,
    strict: options.StrictOption = False,
    require_sandbox: options.RequireSandboxOption = False,
    concurrency: options.ConcurrencyOption = 4,
    in_flight: options.InFlightOption = None,
    max_calls: options.MaxCallsOption = None,
    max_seconds: options.MaxSecondsOption = None,
    max_tokens: options.MaxTokensOption = None,
    budget_usd: options.BudgetOption = None,
    price_in: options.PriceInOption = None,
    price_out: options.PriceOutOption = None,
    preview: options.PreviewOption = None,
    engine: options.EngineOption = "local",
    workers: options.WorkersOption = None,
    resume: options.ResumeOption = False,
    dry_run: options.DryRunOption = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Make verified samples from the servers of an mcp.json.

    Ctrl-C once finishes what is in the making, twice stops at once; --resume goes on either way.

    A flag goes before TOOLWEAVE_NAME in the environment, that before --settings FILE (TOML), that before the default.

    Examples: toolweave run --mcp mcp.json --out runs/first -n 24 --seed 7; toolweave run --settings run.toml --resume

    Exit codes: 0 done, 1 the run broke, 2 bad input, 3 nothing could be kept, 5 ended by a limit or `toolweave stop`,
    130 interrupted.
    """
    console.set_up_logs(verbose)
    with console.kind_errors():
        pace = settled(
            Pace, context, concurrency=concurrency, in_flight=in_flight, max_calls=max_calls, max_seconds=max_seconds,
            max_tokens=max_tokens, budget_usd=budget_usd, price_in=price_in, price_out=price_out, preview=preview,
            engine=engine, workers=workers,
        )  # fmt: skip
        heed_sandbox(mcp, require_sandbox)
        settings = settled(
            RunSettings, context, mcp=mcp.absolute(), samples=samples, seed=seed, model=model, wave=wave, strict=strict,
            base_url=base_url if model != "offline" or role else None, turns=turns, attempts=attempts,
            probe_calls=probe_calls, rehearsal_calls=rehearsal_calls, targets=tuple(target or ()),
            kinds=read_shares(kind) if kind else DEFAULT_KINDS, grid=read_grid(grid or ()),
            roles=read_roles(role or ()), prompts=prompts and prompts.absolute(),
            weak=weak and weak.absolute(), gates=tuple(gate or ()), stages=tuple(stage or ()),
            value_sources=tuple(value_source or ()), judge=judge and judge.absolute(),
            unlike=absolute(unlike), decontaminate=absolute(decontaminate), role_play=role_play,
        )  # fmt: skip
    if dry_run:
        show_plans(settings, sources_of(context), probing=False, as_json=as_json)
    else:
        _report(settings, pace, out, resume, as_json)


def _report(settings: RunSettings, pace: Pace, out: Path, resume: bool, as_json: bool) -> None:
    """Do the job, say what it came to, and exit as it went."""

    async def job(governor: Governor, on_progress: OnProgress) -> dict[str, Any]:
        from toolweave.pipeline.running.synthesis import run_job  # a second's worth of libraries, not for --help

        return await run_job(settings, out, pace, resume=resume, governor=governor, on_progress=on_progress)

    hint = f"Go on with: toolweave run --resume --out {out} and the same settings"
    make(job, out, print_summary, hint, as_json=as_json, previewed=pace.preview is not None)
