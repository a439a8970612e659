"""`toolweave import`: samples back from an `openai` export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import JsonOption
from toolweave.pipeline.exports.companion import read_samples
from toolweave.pipeline.storage.jsonl import line_of, write_whole
from toolweave.servers.errors import RunError


def import_samples(
    file: Annotated[Path, typer.Argument(help="What `toolweave export --to openai` wrote; the .rest file beside it.")],
    out: Annotated[Path, typer.Option("--out", help="The directory to write samples.jsonl into.")],
    as_json: JsonOption = False,
) -> None:
    """Read samples back from an export, with whatever was changed in it since then.

    The directory serves verify, export and eval; they take the servers from --mcp. What was changed is counted, and not
    checked: `toolweave verify` does.

    Example: toolweave import train.jsonl --out runs/back && toolweave verify runs/back --mcp mcp.json
    """
    with console.kind_errors():
        path = out / "samples.jsonl"
        if path.exists():
            raise RunError(f"{path} is there already: import into another directory")
        found = list(read_samples(file))
        write_whole(path, "".join(line_of(one.row) for one in found))
    changed = sum(one.changed for one in found)
    if as_json:
        console.print_json({"out": str(path), "samples": len(found), "changed": changed})
    else:
        console.out.print(f"{len(found)} samples read back into {path}, {changed} of them changed since their export")
