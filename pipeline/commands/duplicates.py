"""`toolweave duplicates`: kept samples that ask for the same things by the same calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from toolweave.pipeline import console
from toolweave.pipeline.commands.decontaminate import EXAMPLES, FOUND
from toolweave.pipeline.commands.options import JsonOption, RunDirectory
from toolweave.pipeline.contamination.dataset import read_samples, write_report, write_without
from toolweave.pipeline.duplicates import Weeder, candidate
from toolweave.servers.errors import ConfigError


def duplicates(
    directory: RunDirectory,
    against: Annotated[list[Path] | None, typer.Option("--against", help="Another run directory. Repeatable.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The report [default: DIR/duplicates.json].")] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Also write DIR/samples.unique.jsonl without them.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Find near-duplicates in a run, and with other runs; of twins the first stays.

    Exit codes: 0 none, 2 bad input, 4 duplicates found (also with --drop). `samples.jsonl` is never changed.

    Example: toolweave duplicates runs/second --against runs/first --drop
    """
    target = out or directory / "duplicates.json"
    with console.kind_errors():
        weeder = _weeded(directory, against or ())
        write_report(target, weeder.as_json())
        dropped = frozenset(pair.position for pair in weeder.pairs)
        unique = write_without(directory, "samples.unique.jsonl", dropped, weeder.samples) if drop else None
    if as_json:
        console.print_json({**weeder.totals(), "report": str(target), "unique": str(unique) if unique else None})
    else:
        _tell(weeder, target, unique)
    if weeder.pairs:
        raise typer.Exit(FOUND)


def _weeded(directory: Path, others: Sequence[Path]) -> Weeder:
    weeder = Weeder(str(directory))
    for other in others:
        if other.resolve() == directory.resolve():
            raise ConfigError(f"--against {other}: that is the run itself; twins within it are found anyway")
        weeder.against(str(other), map(candidate, read_samples(other)))
    deque(weeder.weed(map(candidate, read_samples(directory))), maxlen=0)
    return weeder


def _tell(weeder: Weeder, target: Path, unique: Path | None) -> None:
    beside = f" and {weeder.others} of other runs" if weeder.others else ""
    console.out.print(f"{weeder.samples} samples{beside}: {len(weeder.pairs)} duplicates")
    for pair in weeder.pairs[:EXAMPLES]:
        console.out.print(f"{pair.id}: {pair.twin} in {pair.kept_in}")
    console.out.print(f"report in {target}" + (f", the others in {unique}" if unique else ""))
