"""`toolweave verify`: check every kept sample again, on fresh environments or by what was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import JsonOption, OptionalMcpOption, RunDirectory, VerboseOption
from toolweave.pipeline.store import read_json
from toolweave.pipeline.verify import verify as verify_dataset
from toolweave.pipeline.verify import verify_recorded
from toolweave.servers.config import ServerSpec, load_mcp_config
from toolweave.servers.errors import ToolweaveError


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

    The last line on stdout is one JSON object. Exit codes: 0 all passed, 1 some failed, 2 bad input.
    """
    console.set_up_logs(verbose)
    samples = directory / "samples.jsonl"

    def tell(name: str, problem: str | None) -> None:
        if as_json:
            console.print_json({"sample": name, "passed": problem is None, "reason": problem})
        elif problem is not None:
            console.err.print(f"{name}: {problem}")

    if recorded:
        found = console.execute(verify_recorded, samples, concurrency, tell)
    else:
        found = console.execute(verify_dataset, samples, _specs(directory, mcp), concurrency, tell)
    console.print_json(found.as_json())
    if found.failures:
        raise typer.Exit(1)


def _specs(directory: Path, mcp: Path | None) -> dict[str, ServerSpec]:
    """The servers of the run, or of another `mcp.json`."""
    try:
        source = mcp or Path(str(read_json(directory / "settings.json").get("mcp")))
        return {spec.name: spec for spec in load_mcp_config(source).servers}
    except ToolweaveError as error:
        console.fail(error)
