"""`toolweave doctor`: does every server start, how many tools may be called, does the endpoint answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from toolweave.agent.roles import ValueAsk
from toolweave.pipeline import console
from toolweave.pipeline.commands.options import BaseUrlOption, JsonOption, McpOption, ModelOption, VerboseOption
from toolweave.pipeline.teachers import OFFLINE, open_teacher
from toolweave.servers.config import load_mcp_config
from toolweave.servers.environment import open_environment
from toolweave.servers.errors import ToolweaveError
from toolweave.servers.policy import decide
from toolweave.servers.tools import Tool


def doctor(
    mcp: McpOption = Path("mcp.json"),
    model: ModelOption = OFFLINE,
    base_url: BaseUrlOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Check every server of an mcp.json, and the endpoint when a model is named.

    Exit codes: 0 everything works, 1 something does not, 2 bad input.
    """
    console.set_up_logs(verbose)
    lines = console.execute(_examine, mcp) + console.execute(_ask, model, base_url)
    for line in lines:
        if as_json:
            console.print_json(line)
        else:
            console.out.print(f"{'ok  ' if line['ok'] else 'BAD '} {line['name']}: {line['says']}")
    if not all(line["ok"] for line in lines):
        raise typer.Exit(1)


async def _examine(mcp: Path) -> list[dict[str, Any]]:
    specs = load_mcp_config(mcp).servers
    lines: list[dict[str, Any]] = []
    async with open_environment(specs) as environment:
        for spec in specs:
            if (info := environment.servers.get(spec.name)) is None:
                lines.append({"name": spec.name, "ok": False, "says": environment.failures[spec.name]})
                continue
            refused = [decide(spec, tool) for tool in info.tools if not decide(spec, tool).allowed]
            says = f"{info.version or 'no version'}, {len(info.tools)} tools, {len(info.tools) - len(refused)} callable"
            says += f"; e.g. {refused[0].reason}" if refused else ""
            says += "".join(f"; skipped {name}: {reason}" for name, reason in info.skipped.items())
            lines.append({"name": spec.name, "ok": bool(info.tools), "says": says, "tools": len(info.tools)})
    return lines


async def _ask(model: str, base_url: str | None) -> list[dict[str, Any]]:
    if model == OFFLINE:
        return [{"name": "teacher offline", "ok": True, "says": "embedded, needs no network"}]
    ask = ValueAsk(Tool("", "register_guest"), "/name", {"type": "string", "description": "A person's name"}, 0)
    try:
        async with open_teacher(model, base_url) as teacher:
            reply = await teacher.model.value(ask)
        return [{"name": f"teacher {model}", "ok": True, "says": f"answers, e.g. {reply.value!r}"}]
    except ToolweaveError as error:
        return [{"name": f"teacher {model}", "ok": False, "says": str(error)}]
