"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolweave.pipeline.storage.jsonl import read_json
from toolweave.servers.config import ServerSpec, load_mcp_config

McpOption = Annotated[Path, typer.Option("--mcp", help="The mcp.json with the servers.")]
OptionalMcpOption = Annotated[Path | None, typer.Option("--mcp", help="Another mcp.json than the run's own.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Equal seeds give equal results.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable lines on stdout, nothing else.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="More logs on stderr.")]
ModelOption = Annotated[str, typer.Option("--model", help="The teacher: an endpoint's model id, or offline.")]
BaseUrlOption = Annotated[
    str | None,
    typer.Option(
        "--base-url", envvar="OPENAI_BASE_URL", help="An OpenAI-compatible endpoint, such as http://127.0.0.1:8000/v1."
    ),
]
RunDirectory = Annotated[Path, typer.Argument(help="A run directory, as `toolweave run --out` made it.")]


def specs_of(directory: Path, mcp: Path | None) -> dict[str, ServerSpec]:
    """The servers of a run by name, or those of another `mcp.json`.

    Raises:
        ToolweaveError: One of the files cannot be read.
    """
    source = mcp or Path(str(read_json(directory / "settings.json").get("mcp")))
    return {spec.name: spec for spec in load_mcp_config(source).servers}
