"""`toolweave doctor`: does every server start, what may be called, does the endpoint answer; how to mend the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from toolweave.agent.roles import ValueAsk
from toolweave.pipeline import console
from toolweave.pipeline.commands.options import BaseUrlOption, JsonOption, McpOption, ModelOption, VerboseOption
from toolweave.pipeline.onboarding.diagnosis import complaints, how_to_allow, told
from toolweave.pipeline.onboarding.trial import Trial
from toolweave.pipeline.teachers import OFFLINE, open_teacher
from toolweave.servers.config import load_what_works
from toolweave.servers.environment import open_environment
from toolweave.servers.errors import ConfigError, ToolweaveError
from toolweave.servers.tools import Tool


def doctor(
    mcp: McpOption = Path("mcp.json"),
    model: ModelOption = OFFLINE,
    base_url: BaseUrlOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Check every server of an mcp.json, and the endpoint when a model is named.

    What is wrong gets one line, with how to mend it.

    Example: toolweave doctor --mcp mcp.json

    Exit codes: 0 everything works, 1 something does not, 2 bad input.
    """
    console.set_up_logs(verbose)
    with console.kind_errors():
        if not mcp.exists():
            raise ConfigError(f"{mcp}: there is no such file; `toolweave init` makes one")
    lines = console.execute(_examine, mcp) + console.execute(_ask, model, base_url)
    for line in lines:
        if as_json:
            console.print_json(line)
        else:
            console.out.print(f"{'ok  ' if line['ok'] else 'BAD '} {line['name']}: {line['says']}")
    if not all(line["ok"] for line in lines):
        raise typer.Exit(1)


async def _examine(mcp: Path) -> list[dict[str, Any]]:
    config, problems = load_what_works(mcp)
    lines = [_line(name, ok=False, says=str(error)) for name, error in problems.items()]
    async with open_environment(config.servers) as environment:
        for spec in config.servers:
            info, failure = environment.servers.get(spec.name), environment.failures.get(spec.name, "")
            lines.append(diagnosed(Trial(spec, info, failure)))
    return lines or [_line(str(mcp), ok=False, says="it lists no servers; `toolweave servers add` puts one in")]


def diagnosed(trial: Trial) -> dict[str, Any]:
    """One line on a server that was tried: `name`, `ok`, `says`, and `tools` where it has started."""
    if trial.info is None:
        return _line(trial.spec.name, ok=False, says=told(trial))
    found = complaints(trial)
    says = f"{trial.info.version or 'no version'}, {len(trial.tools)} tools, {len(trial.callable)} callable"
    if trial.refused and trial.callable:
        says += f"; {len(trial.refused)} are not: {how_to_allow(trial)}"
    says = "; ".join([says, *found])
    return {**_line(trial.spec.name, ok=bool(trial.tools), says=says), "tools": len(trial.tools)}


def _line(name: str, *, ok: bool, says: str) -> dict[str, Any]:
    return {"name": name, "ok": ok, "says": says}


async def _ask(model: str, base_url: str | None) -> list[dict[str, Any]]:
    if model == OFFLINE:
        return [_line("teacher offline", ok=True, says="embedded, needs no network")]
    ask = ValueAsk(Tool("", "register_guest"), "/name", {"type": "string", "description": "A person's name"}, 0)
    try:
        async with open_teacher(model, base_url) as teacher:
            reply = await teacher.model.value(ask)
        return [_line(f"teacher {model}", ok=True, says=f"answers, e.g. {reply.value!r}")]
    except ToolweaveError as error:
        return [_line(f"teacher {model}", ok=False, says=str(error))]
