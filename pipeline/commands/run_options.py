"""The options of `toolweave run`, each with its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolweave.pipeline.settings import EngineName

OutOption = Annotated[Path, typer.Option("--out", help="Directory of the run; made when it is not there.")]
SamplesOption = Annotated[int, typer.Option("-n", "--samples", min=1, help="How many samples to keep.")]
TurnsOption = Annotated[int, typer.Option(min=1, max=8, help="Most user turns of a trajectory.")]
AttemptsOption = Annotated[int, typer.Option(min=1, max=8, help="Most attempts at one reasoning step (K).")]
ProbeCallsOption = Annotated[int, typer.Option(min=0, help="Live calls per tool for the first experiments.")]
RehearsalCallsOption = Annotated[
    int, typer.Option(min=1, help="Live calls for finding a way through the plans of one item.")
]
TargetOption = Annotated[list[str] | None, typer.Option(help="A tool that samples have to reach; may be repeated.")]
KindOption = Annotated[
    list[str] | None,
    typer.Option(help="Share of a turn kind, such as parallel=0.3; others are not planned. May be repeated."),
]
GridOption = Annotated[
    list[str] | None,
    typer.Option(help="Share of samples by server, difficulty, kind, such as clinic/hard=0.2. May be repeated."),
]
WeakOption = Annotated[
    Path | None, typer.Option(help="What `toolweave eval` wrote of a model: go for what it gets wrong.")
]
RoleOption = Annotated[
    list[str] | None, typer.Option(help="Another model for one role, such as query=my-model. May be repeated.")
]
PromptsOption = Annotated[Path | None, typer.Option(help="Folder of prompts that replace the built-in ones.")]
UnlikeOption = Annotated[
    list[Path] | None, typer.Option(help="Another run directory; twins of its samples are rejected. Repeatable.")
]
DecontaminateOption = Annotated[
    list[Path] | None, typer.Option(help="A benchmark file; what shares something with it is rejected. Repeatable.")
]
RolePlayOption = Annotated[
    float,
    typer.Option(
        "--role-play", min=0.0, max=1.0, help="Share of the items in which simulated user and assistant act freely."
    ),
]
GateOption = Annotated[
    list[str] | None, typer.Option(help="A gate that an installed package offers, by its name. Repeatable.")
]
StageOption = Annotated[
    list[str] | None, typer.Option(help="A stage that an installed package offers, by its name. Repeatable.")
]
ValueSourceOption = Annotated[
    list[str] | None, typer.Option(help="A source of values that an installed package offers, by its name. Repeatable.")
]
JudgeOption = Annotated[
    Path | None, typer.Option(help="A rubric (TOML): what does not hold up before a judging model is rejected.")
]
WaveOption = Annotated[
    int | None, typer.Option(min=1, help="Items that are planned at once (default: 12 to 64, by -n).")
]
StrictOption = Annotated[bool, typer.Option("--strict", help="End the run when a server does not start.")]
ConcurrencyOption = Annotated[int, typer.Option(min=1, help="Trajectories at a time.")]
InFlightOption = Annotated[int | None, typer.Option(min=1, help="Most requests to the endpoint at a time.")]
MaxCallsOption = Annotated[int | None, typer.Option(min=1, help="Begin nothing more after so many live calls.")]
MaxSecondsOption = Annotated[float | None, typer.Option(help="Begin nothing more after so many seconds.")]
MaxTokensOption = Annotated[int | None, typer.Option(min=1, help="Begin nothing more after so many tokens.")]
BudgetOption = Annotated[float | None, typer.Option(help="Begin nothing more at such costs; needs prices.")]
PriceInOption = Annotated[float | None, typer.Option(help="USD for a million tokens of prompts.")]
PriceOutOption = Annotated[float | None, typer.Option(help="USD for a million tokens of completions.")]
PreviewOption = Annotated[
    int | None, typer.Option(min=1, help="Stop after so many samples and estimate what all would take.")
]
EngineOption = Annotated[EngineName, typer.Option(help="Where items are made: in this process, or by Ray's actors.")]
WorkersOption = Annotated[int | None, typer.Option(min=1, help="Actors of --engine ray (default: one for each CPU).")]
RequireSandboxOption = Annotated[
    bool, typer.Option("--require-sandbox", help="Refuse to start a local server outside a sandbox.")
]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be called, as `toolweave plan` does.")]
