"""`toolweave verify`: replay every kept sample on fresh environments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import JsonOption, OptionalMcpOption, RunDirectory, VerboseOption
from toolweave.pipeline.store import read_json
from toolweave.pipeline.verify import verify as verify_dataset
from toolweave.servers.config import load_mcp_config
from toolweave.servers.errors import ToolweaveError


def verify(
    directory: RunDirectory,
    mcp: OptionalMcpOption = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Samples at a time.")] = 4,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Check every kept sample again: the gates on the row, then a replay on fresh environments.

    The last line on stdout is one JSON object. Exit codes: 0 all passed, 1 some failed, 2 bad input.
    """
    console.set_up_logs(verbose)
    try:
        source = mcp or Path(str(read_json(directory / "settings.json").get("mcp")))
        specs = {spec.name: spec for spec in load_mcp_config(source).servers}
    except ToolweaveError as error:
        console.fail(error)

    def tell(name: str, problem: str | None) -> None:
        if as_json:
            console.print_json({"sample": name, "passed": problem is None, "reason": problem})
        elif problem is not None:
            console.err.print(f"{name}: {problem}")

    found = console.execute(verify_dataset, directory / "samples.jsonl", specs, concurrency, tell)
    console.print_json(found.as_json())
    if found.failures:
        raise typer.Exit(1)
