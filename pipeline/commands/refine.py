"""`toolweave refine`: a second model edits the words of kept samples."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import (
    BaseUrlOption,
    JsonOption,
    OptionalMcpOption,
    RunDirectory,
    SeedOption,
    VerboseOption,
    specs_of,
)
from toolweave.pipeline.commands.run_options import PromptsOption
from toolweave.pipeline.refining.refine import Outcome, RefineSettings
from toolweave.pipeline.refining.refine import refine as refine_run
from toolweave.pipeline.storage.jsonl import count_lines


def refine(
    directory: RunDirectory,
    out: Annotated[Path, typer.Option("--out", help="Directory of the reworded run; must not be there yet.")],
    model: Annotated[
        str, typer.Option("--model", help="Who rewords: a model id of the endpoint, or offline.")
    ] = "offline",
    base_url: BaseUrlOption = None,
    seed: SeedOption = 0,
    prompts: PromptsOption = None,
    mcp: OptionalMcpOption = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Samples at a time.")] = 4,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Let a second model edit what users say and assistants think and answer, never calls, observations or tools.

    Every gate has to pass a reworded sample again, on fresh servers; where one does not, the sample stays as it was.
    What was there before is in revisions.jsonl of the new directory, what became of each sample in refined.jsonl.
    A refining that was ended goes on by the same command; what an endpoint has answered is not asked again.

    The last line on stdout is one JSON object. Exit codes: 0 done, 2 bad input.

    Example: toolweave refine runs/first --model my-model --base-url http://127.0.0.1:8000/v1 --out runs/first-refined
    """
    console.set_up_logs(verbose)
    with console.kind_errors():
        specs = specs_of(directory, mcp)
    settings = RefineSettings(model, base_url if model != "offline" else None, prompts, seed, concurrency)
    with console.counting("samples reworded", count_lines(directory / "samples.jsonl"), as_json) as count:

        def tell(outcome: Outcome) -> None:
            count()
            line = outcome.as_json()
            if as_json:
                console.print_json(line)
            elif outcome.dropped is not None:
                console.err.print(f"{line['sample']} stays as it was: {outcome.dropped}")

        hint = "The same command goes on; what an endpoint has answered is not asked again."
        report = console.execute(refine_run, directory, out, specs, settings, tell, hint=hint)
    console.print_json(report)
