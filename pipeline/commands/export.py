"""`toolweave export`: the kept samples as a trainer reads them."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import JsonOption, RunDirectory
from toolweave.pipeline.exports import ExportReport, Options
from toolweave.pipeline.exports import export as export_rows
from toolweave.pipeline.exports.card import card as card_of
from toolweave.pipeline.exports.format import Split
from toolweave.pipeline.exports.registry import FORMATS, find_format
from toolweave.pipeline.storage.jsonl import write_whole
from toolweave.pipeline.storage.labels import Kept
from toolweave.servers.errors import ConfigError

_FORMATS = "; ".join(f"{name}: {FORMATS[name].consumers}" for name in sorted(FORMATS))


ToOption = Annotated[str, typer.Option("--to", help=f"The format. {_FORMATS}.")]
OutOption = Annotated[Path, typer.Option("--out", help="The file to write; for some formats a folder.")]
SplitTurns = Annotated[
    bool, typer.Option("--split-turns", help="A line for each user turn, without the reasoning of earlier turns.")
]
SplitSteps = Annotated[bool, typer.Option("--split-steps", help="A line for each message to learn, which ends it.")]
AllowLoss = Annotated[
    list[str] | None, typer.Option("--allow-loss", help="Leave out what the format has no place for, by name.")
]
CheckOption = Annotated[
    str,
    typer.Option(
        "--check",
        help="auto: read the file again. A chat template (a file, a model's folder, a name of TRL's): render every "
        "line too, and see that tools, calls, observations, reasoning and loss masks survive.",
    ),
]
CardOption = Annotated[Path | None, typer.Option("--card", help="Also write a card of the data set: Markdown.")]


def export(
    directory: RunDirectory,
    to: ToOption,
    out: OutOption,
    split_turns: SplitTurns = False,
    split_steps: SplitSteps = False,
    allow_loss: AllowLoss = None,
    check: CheckOption = "auto",
    card: CardOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the kept samples in a trainer's format.

    Samples that were labelled to drop, as `toolweave view` does, are left out.

    Example: toolweave export runs/first --to trl --out train.jsonl
    """
    with console.kind_errors():
        options = Options(_split(split_turns, split_steps), frozenset(allow_loss or ()), check)
        rows = Kept(partial(find_format(to).rows, directory), directory)
        report = export_rows(rows, to, out, options)
        if card is not None:
            write_whole(card, card_of(directory, to, out.stem, report))
    if as_json:
        console.print_json({"format": to, "out": str(out), **asdict(report), "dropped": len(rows.dropped)})
    else:
        _tell(to, out, report)
        if rows.dropped:
            console.out.print(f"{len(rows.dropped)} samples left out, as labels.jsonl wants them dropped")


def _tell(to: str, out: Path, report: ExportReport) -> None:
    console.out.print(f"{report.samples} samples written to {out} in {report.rows} lines, and read again as written")
    for what, count in report.losses.items():
        console.out.print(f"the format has no place for {what}: {count} left out")
    if hint := find_format(to).hint:
        console.out.print(hint)


def _split(turns: bool, steps: bool) -> Split:
    if turns and steps:
        raise ConfigError("--split-turns and --split-steps exclude each other")
    return "turn" if turns else "step" if steps else "conversation"
