"""`toolweave export`: the kept samples as a trainer reads them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import JsonOption, RunDirectory
from toolweave.pipeline.exports import export as export_rows
from toolweave.pipeline.store import read_lines
from toolweave.servers.errors import ToolweaveError


def export(
    directory: RunDirectory,
    to: Annotated[str, typer.Option("--to", help="The format: openai or trl.")],
    out: Annotated[Path, typer.Option("--out", help="The file to write.")],
    as_json: JsonOption = False,
) -> None:
    """Write the kept samples in a trainer's format.

    Example: toolweave export runs/first --to trl --out train.jsonl
    """
    try:
        report = export_rows(lambda: read_lines(directory / "samples.jsonl"), to, out)
    except ToolweaveError as error:
        console.fail(error)
    if as_json:
        console.print_json({"format": to, "out": str(out), **asdict(report)})
        return
    console.out.print(f"{report.samples} samples written to {out} in {report.rows} lines")
    for what, count in report.losses.items():
        console.out.print(f"the format has no place for {what}: {count} left out")
