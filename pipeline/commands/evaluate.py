"""`toolweave eval`: how an assistant fares on kept samples, live."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import (
    BaseUrlOption,
    JsonOption,
    OptionalMcpOption,
    RunDirectory,
    VerboseOption,
    specs_of,
)
from toolweave.pipeline.evaluation.evaluate import EvalSettings
from toolweave.pipeline.evaluation.evaluate import evaluate as evaluate_samples
from toolweave.pipeline.evaluation.results import line_of
from toolweave.pipeline.evaluation.trials import Trial
from toolweave.pipeline.storage.jsonl import count_lines
from toolweave.pipeline.storage.replies import Replies


def evaluate(
    directory: RunDirectory,
    model: Annotated[
        str, typer.Option("--model", help="A model id of the endpoint; or offline, random, idle, gold.")
    ] = "offline",
    base_url: BaseUrlOption = None,
    times: Annotated[int, typer.Option("--times", "-k", min=1, help="Trials of every sample, for pass^k.")] = 1,
    most: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first samples.")] = None,
    temperature: Annotated[float | None, typer.Option(help="Left to the endpoint by default.")] = None,
    mcp: OptionalMcpOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Where to write; DIR/eval/MODEL by default.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Trials at a time.")] = 4,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Try an assistant on every kept sample, on fresh environments, and score it by the samples' checkers.

    Writes trials.jsonl (a line per trial) and eval.json (the figures). The last line on stdout is one JSON object with
    pass@1, its 95% interval, pass^k and the failures. Exit codes: 0 done, 2 bad input. Ended before that, the same
    command asks an endpoint only what it has not answered yet.

    Example: toolweave eval runs/demo --model my-model --base-url http://127.0.0.1:8000/v1 -k 4
    """
    console.set_up_logs(verbose)
    folder = out or directory / "eval" / model.replace("/", "_")
    settings = EvalSettings(model, base_url, temperature, times, most, concurrency)
    lines: list[dict[str, Any]] = []

    with console.kind_errors():
        specs = list(specs_of(directory, mcp).values())
    samples = directory / "samples.jsonl"
    trials = times * min(most or sys.maxsize, count_lines(samples))
    with console.counting(f"trials of {model}", trials, as_json) as count:

        def tell(trial: Trial) -> None:
            count()
            lines.append(line_of(trial))
            if as_json:
                console.print_json(lines[-1])

        folder.mkdir(parents=True, exist_ok=True)
        with closing(Replies(folder / "replies.sqlite")) as replies:
            hint = "The same command makes the trials again; what an endpoint has answered is not asked again."
            found = console.execute(evaluate_samples, samples, specs, settings, tell, replies, hint=hint)
            _write(folder, lines, found)
            replies.remove()
    if not as_json:
        console.err.print(as_table(found))
    console.print_json({key: value for key, value in found.items() if key != "kinds"})


def as_table(found: dict[str, Any]) -> str:
    """The figures for a person: all samples, then those with each kind of turn."""
    rows = [("all", found), *found["kinds"].items()]
    lines = [f"{'':20}{'samples':>8}{'pass@1':>8}  {'95% interval':15}{'acted':>7}{'calls':>7}  most frequent failure"]
    for name, one in rows:
        low, high = one["interval"]
        worst = next(iter(one["failures"].items()), ("none", 0))
        lines.append(
            f"{name:20}{one['samples']:>8}{one['pass@1']:>8.1%}  {f'{low:.0%} to {high:.0%}':15}{one['acted']:>7.0%}"
            f"{one['calls']:>7.0%}  {worst[0].replace('_', ' ')} ({worst[1]})"
        )
    powers = ", ".join(f"pass^{k} {share:.1%}" for k, share in found["pass^k"].items())
    return "\n".join([*lines, powers])


def _write(folder: Path, lines: list[dict[str, Any]], found: dict[str, Any]) -> None:
    ordered = sorted(lines, key=lambda line: (line["index"], line["trial"]))
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in ordered)
    (folder / "trials.jsonl").write_text(text, encoding="utf-8")
    (folder / "eval.json").write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
