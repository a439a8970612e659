"""`toolweave decontaminate`: what the kept samples share with benchmark files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import JsonOption, RunDirectory
from toolweave.pipeline.contamination import ContaminationReport, Screen, screen_samples
from toolweave.pipeline.contamination.dataset import read_samples, write_report, write_without

FOUND = 4
"""Exit code when samples are contaminated."""
EXAMPLES = 5


def decontaminate(
    directory: RunDirectory,
    against: Annotated[list[Path], typer.Option("--against", help="A benchmark file: JSON or JSON lines. Repeatable.")],
    field: Annotated[
        list[str] | None, typer.Option("--field", help="Dotted name of the field that holds the request. Repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The report [default: DIR/contamination.json].")] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Also write DIR/samples.clean.jsonl without them.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Hold every kept sample against benchmark files: requests, tools and distinctive values.

    Exit codes: 0 clean, 2 bad input, 4 contaminated samples found (also with --drop). `samples.jsonl` is never changed.

    Example: toolweave decontaminate runs/first --against tests.jsonl --drop
    """
    target = out or directory / "contamination.json"
    with console.kind_errors():
        report = screen_samples(read_samples(directory), Screen.read(against, field or ()))
        write_report(target, report.as_json())
        cleaned = _cleaned(directory, report) if drop else None
    if as_json:
        console.print_json({**report.totals(), "report": str(target), "cleaned": str(cleaned) if cleaned else None})
    else:
        _tell(report, target, cleaned)
    if report.condemned:
        raise typer.Exit(FOUND)


def _cleaned(directory: Path, report: ContaminationReport) -> Path:
    return write_without(directory, "samples.clean.jsonl", frozenset(report.condemned), report.samples)


def _tell(report: ContaminationReport, target: Path, cleaned: Path | None) -> None:
    totals = report.totals()
    console.out.print(
        f"{report.samples} samples held against {len(report.screen.rows)} benchmark rows: "
        f"{totals['contaminated']} contaminated, {totals['noted']} with something to look at"
    )
    if bare := sum(not row.questions for row in report.screen.rows):
        console.out.print(f"  {bare} benchmark rows hold no request; their tools and values were compared")
    for rule, count in totals["rules"].items():
        console.out.print(f"  {rule}: {count}")
    found = [(name, finding) for name, all_of in report.findings.items() for finding in all_of if finding.contaminated]
    for name, finding in found[:EXAMPLES]:
        console.out.print(
            f"{name}, {finding.where}: {finding.rule} of {finding.file} ({finding.row}): {finding.shared}"
        )
    console.out.print(f"report in {target}" + (f", the others in {cleaned}" if cleaned else ""))
