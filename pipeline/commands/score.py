"""`toolweave score`: what runs are worth, side by side, and how much of a gap a trained model has closed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import JsonOption
from toolweave.pipeline.reports.worth import as_rows, compared, recovered

LABELS = {
    "teacher": "teacher",
    "planned": "plans compared",
    "same_targets": "same first target",
    "kept": "samples kept",
    "kept_share": "yield",
    "usd_per_kept": "cost per sample, in the currency of the prices",
    "tokens_per_kept": "tokens per sample",
    "attempts": "attempts (k), mean",
    "at_once": "right at once",
    "plans_apart": "different chains per sample",
    "calls_apart": "different calls per call",
    "distinct_2": "distinct-2 of requests",
    "difficulty": "difficulty, mean",
    "depth": "depth, mean",
    "grounded": "arguments from outputs",
    "lost": "lost at",
}
SHARES = frozenset(("same_targets", "kept_share", "at_once", "grounded"))


def score(
    runs: Annotated[list[Path], typer.Argument(help="Run directories, made from the same plans.")],
    base: Annotated[float | None, typer.Option(help="Benchmark score of the model before training.")] = None,
    student: Annotated[float | None, typer.Option(help="Its score after training on the data.")] = None,
    reference: Annotated[float | None, typer.Option(help="Score of the model that it is measured by.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare runs (two teachers, two settings) on the plans that all of them made.

    With three benchmark scores: the share of the gap from base to reference that training has closed, in percent. What
    is not known prints n/a. Exit codes: 0 compared, 2 bad input.

    Example: toolweave score runs/offline runs/large-teacher --base 41 --student 52 --reference 63
    """
    with console.kind_errors():
        found = as_rows(compared(runs))
    gap = None if base is None or student is None or reference is None else recovered(base, student, reference)
    if as_json:
        console.print_json(found | {"performance_gap_recovered": gap})
        return
    console.out.print(_table(found))
    console.out.print(f"performance gap recovered: {'n/a' if gap is None else f'{gap:.1f}%'}")


def _table(found: dict[str, list[Any]]) -> Table:
    table = Table("", *found["run"], box=None, pad_edge=False)
    for name, label in LABELS.items():
        table.add_row(label, *_shown(name, found[name]))
    return table


def _shown(name: str, values: Sequence[Any]) -> list[str]:
    return [_text(name, value) for value in values]


def _text(name: str, value: Any) -> str:
    if value is None or value == {}:
        return "n/a" if value is None else "-"
    if isinstance(value, dict):
        return "  ".join(f"{stage}: {count}" for stage, count in value.items())  # pyright: ignore[reportUnknownVariableType]
    if name in SHARES:
        return f"{value:.1%}"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
