"""`toolweave verify`: check every kept sample again, on fresh environments or by what was recorded."""

from __future__ import annotations

from typing import Annotated

import typer

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import JsonOption, OptionalMcpOption, RunDirectory, VerboseOption, specs_of
from toolweave.pipeline.storage.jsonl import count_lines
from toolweave.pipeline.verify import verify as verify_dataset
from toolweave.pipeline.verify import verify_recorded


def verify(
    directory: RunDirectory,
    mcp: OptionalMcpOption = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Samples at a time.")] = 4,
    recorded: Annotated[
        bool, typer.Option("--replay", help="Check against the run's recording; no server is started.")
    ] = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Check every kept sample again: the gates on the row, then its checker, on fresh environments.

    With --replay the servers' recorded answers are used: a call that is not among them fails the sample.

    Example: toolweave verify runs/first

    The last line on stdout is one JSON object. Exit codes: 0 all passed, 1 some failed, 2 bad input.
    """
    console.set_up_logs(verbose)
    samples = directory / "samples.jsonl"

    with console.kind_errors():
        specs = {} if recorded else specs_of(directory, mcp)
    with console.counting("checking samples", count_lines(samples), as_json) as count:

        def tell(name: str, problem: str | None) -> None:
            count()
            if as_json:
                console.print_json({"sample": name, "passed": problem is None, "reason": problem})
            elif problem is not None:
                console.err.print(f"{name}: {problem}")

        if recorded:
            found = console.execute(verify_recorded, samples, concurrency, tell)
        else:
            found = console.execute(verify_dataset, samples, specs, concurrency, tell)
    console.print_json(found.as_json())
    if found.failures:
        raise typer.Exit(1)
