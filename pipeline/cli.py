"""The `toolweave` command. What a command needs is loaded when that command is called, so help comes at once."""

from __future__ import annotations

import importlib.metadata
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

COMMANDS = {
    "init": ("init:init", "Write an mcp.json from the servers that Claude Desktop, Cursor, VS Code and others have."),
    "servers": ("servers:app", "List, add, remove and simulate the servers of an mcp.json."),
    "plan": ("plan:plan", "Show what a run would do: servers, which tools may be called and why, the first plans."),
    "run": ("run:run", "Make verified samples from the servers of an mcp.json."),
    "from-text": ("from_text:from_text", "Make verified samples of the procedures in manuals, runbooks and FAQs."),
    "status": ("control:status", "Show what the job in a run directory is doing."),
    "pause": ("control:pause", "Let a running job begin nothing more until `toolweave resume`."),
    "resume": ("control:resume", "Let a paused job go on."),
    "stop": ("control:stop", "End a running job after what is in the making."),
    "verify": ("verify:verify", "Check every kept sample again: the row, then its checker, on fresh environments."),
    "eval": ("evaluate:evaluate", "Try an assistant on every kept sample, live, and score it by their checkers."),
    "refine": (
        "refine:refine",
        "Let a second model edit the words of kept samples; every gate has to pass them again.",
    ),
    "export": ("export:export", "Write the kept samples in a trainer's format."),
    "import": ("import_:import_samples", "Read samples back from an openai export."),
    "serve": ("serve:serve", "Serve the servers of an mcp.json, every path in a fresh environment."),
    "report": ("report:report", "Show what a run covers, and why the rest is missing."),
    "score": ("score:score", "Compare runs (two teachers, two settings) on the plans that all of them made."),
    "view": ("view:view", "Read a run in the browser, also while it goes on."),
    "duplicates": ("duplicates:duplicates", "Find near-duplicates in a run, and with other runs."),
    "decontaminate": ("decontaminate:decontaminate", "Hold every kept sample against benchmark files."),
    "doctor": ("doctor:doctor", "Check every server of an mcp.json, and the endpoint when a model is named."),
    "graph": ("graph:app", "Which tool feeds which, with the evidence."),
}
"""Name → where its function or its own commands are, and what it does in a line."""

BY_ENVIRONMENT = ("run", "plan")
"""Commands whose options may be set in the environment: `TOOLWEAVE_SEED` is `--seed`."""
PREFIX = "TOOLWEAVE"


class Commands(TyperGroup):
    """Knows names and lines of all commands; loads the one that is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=line) for name, (_, line) in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """As in the base class, with the command that was named in full."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and load_command(str(name)), rest


def load_command(name: str) -> Any:
    """A command with its options, or with its own commands."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    found = getattr(import_module(f"toolweave.pipeline.commands.{module}"), attribute)
    if isinstance(found, typer.Typer):
        return get_command(found)
    alone = typer.Typer(add_completion=False)
    alone.command(name, context_settings={"auto_envvar_prefix": PREFIX if name in BY_ENVIRONMENT else None})(found)
    return get_command(alone)


app = typer.Typer(
    name="toolweave",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"toolweave {importlib.metadata.version('toolweave')}")
        raise typer.Exit


@app.callback()
def toolweave(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Turn any MCP servers into verified multi-turn tool-use training data."""


def main() -> None:
    """Entry point of the `toolweave` command."""
    app()
