"""The reference page of the command line, generated from the commands' own help."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from toolweave.pipeline.cli import COMMANDS, load_command

_HEAD = """\
## Where a setting comes from

For `run` and `plan`, the first of these that says something:

1. a flag: `--seed 7`;
2. the environment: `TOOLWEAVE_SEED=7` (the flag's name in capitals; `TOOLWEAVE_SETTINGS` names a settings file);
3. a settings file: `--settings run.toml` with `seed = 7`, `kinds = {base = 0.5, parallel = 0.5}`, and so on; paths in
   it are relative to it, and a key that is no setting is refused;
4. the default.

`toolweave plan`, and `run --dry-run`, print which settings were given and where.

## Exit codes

| code | meaning |
|---|---|
| 0 | done |
| 1 | it broke: no server starts, a check failed, a directory cannot be used |
| 2 | bad input: a file, a flag or a setting is wrong |
| 3 | a run could keep nothing |
| 4 | something was found that should not be there (`decontaminate`, `duplicates`) |
| 5 | a run was ended by a limit or by `toolweave stop` |
| 130 | interrupted |

Each command says below which of them it uses.

## Completion

`toolweave --install-completion` sets it up for the shell that it is called in; `--show-completion` prints it.
"""


def command_page() -> str:
    """All commands with their help."""
    head = [
        "# The command line",
        "",
        "Generated from the commands by `python -m toolweave.pipeline.reports.reference`.",
    ]
    return "\n".join([*head, "", _HEAD, *_commands()])


def _commands() -> Iterator[str]:
    for name in COMMANDS:
        command: Any = load_command(name)
        yield from _section(f"toolweave {name}", command)
        for own, inner in getattr(command, "commands", {}).items():
            yield from _section(f"toolweave {name} {own}", inner)


def _section(title: str, command: Any) -> Iterator[str]:
    yield from (f"## `{title}`", "", inspect.cleandoc(command.help or ""), "")
