"""`toolweave from-text`: samples of the procedures in manuals, runbooks and FAQs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from toolweave.pipeline import console
from toolweave.pipeline.commands import run_options as options
from toolweave.pipeline.commands.making import NOTHING_KEPT, absolute, make
from toolweave.pipeline.commands.options import (
    BaseUrlOption,
    JsonOption,
    McpOption,
    ModelOption,
    SeedOption,
    VerboseOption,
)
from toolweave.pipeline.commands.sandboxing import heed_sandbox
from toolweave.pipeline.reports.texts import print_mapped, print_texts
from toolweave.pipeline.running.governor import Governor
from toolweave.pipeline.running.progress import OnProgress
from toolweave.pipeline.settings import Pace, RunSettings
from toolweave.servers.errors import ConfigError


def from_text(
    files: Annotated[list[Path], typer.Argument(help="Manuals in Markdown or plain text, or folders of them.")],
    out: Annotated[Path | None, typer.Option("--out", help="Directory of the run; made when it is not there.")] = None,
    mcp: McpOption = Path("mcp.json"),
    seed: SeedOption = 0,
    model: ModelOption = "offline",
    base_url: BaseUrlOption = None,
    simulate: Annotated[
        bool, typer.Option("--simulate/--no-simulate", help="Whether steps that no tool fits get a simulated tool.")
    ] = True,
    attempts: options.AttemptsOption = 3,
    probe_calls: options.ProbeCallsOption = 6,
    prompts: options.PromptsOption = None,
    unlike: options.UnlikeOption = None,
    decontaminate: options.DecontaminateOption = None,
    gate: options.GateOption = None,
    strict: options.StrictOption = False,
    require_sandbox: options.RequireSandboxOption = False,
    concurrency: options.ConcurrencyOption = 4,
    in_flight: options.InFlightOption = None,
    resume: options.ResumeOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the procedures and the tools that their steps mean; call none.")
    ] = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Make verified samples of the procedures in manuals, runbooks and FAQs.

    Procedures are lists of orders, answers that say how, and prose with "first", "then" and "finally". Every step
    becomes a call of one of your tools, or, where none fits, of a simulated one, which the sample then says. Nothing is
    made up that the text does not say: what a call needs and nothing gives ends the procedure, with the reason.

    Examples: toolweave from-text docs/runbooks --mcp mcp.json --out runs/runbooks; toolweave from-text faq.md --dry-run

    Exit codes: 0 done, 1 the run broke, 2 bad input, 3 no procedure was found or kept, 130 interrupted.
    """
    console.set_up_logs(verbose)
    with console.kind_errors():
        if out is None and not dry_run:
            raise ConfigError("--out: where do the samples go? (--dry-run needs none)")
        heed_sandbox(mcp, require_sandbox)
        settings = RunSettings(
            mcp=mcp.absolute(), seed=seed, model=model, base_url=base_url if model != "offline" else None,
            attempts=attempts, probe_calls=probe_calls, prompts=prompts and prompts.absolute(), strict=strict,
            unlike=absolute(unlike), decontaminate=absolute(decontaminate), gates=tuple(gate or ()),
        )  # fmt: skip
        pace = Pace(concurrency=concurrency, in_flight=in_flight)
    if out is None or dry_run:
        _show(files, settings, simulate, as_json)
    else:
        _make(files, settings, pace, out, simulate, resume, as_json)


def _show(files: list[Path], settings: RunSettings, simulate: bool, as_json: bool) -> None:
    from toolweave.pipeline.from_text.preview import preview_texts  # what --help does not need

    found = console.execute(preview_texts, files, settings, simulate)
    if as_json:
        console.print_json({"procedures": found})
    else:
        print_mapped(found)
    if not found:
        raise typer.Exit(NOTHING_KEPT)


def _make(
    files: list[Path], settings: RunSettings, pace: Pace, out: Path, simulate: bool, resume: bool, as_json: bool
) -> None:
    run = out.absolute()

    async def job(governor: Governor, on_progress: OnProgress) -> dict[str, Any]:
        from toolweave.pipeline.from_text.job import run_texts  # a second's worth of libraries, not for --help

        return await run_texts(
            files, settings, run, pace,
            resume=resume, governor=governor, simulate=simulate, on_progress=on_progress,
        )  # fmt: skip

    hint = f"Go on with: toolweave from-text --resume --out {out} and the same texts and settings"
    make(job, out, print_texts, hint, as_json=as_json)
