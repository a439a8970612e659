"""`toolweave init`: an `mcp.json` out of what other clients on this machine already have."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from toolweave.pipeline import console
from toolweave.pipeline.commands.options import JsonOption
from toolweave.pipeline.onboarding.clients import ClientFile, client_files, client_of
from toolweave.pipeline.onboarding.imports import Gathered, gather
from toolweave.pipeline.onboarding.mcp_file import written
from toolweave.pipeline.onboarding.sources import install_packages, world_entry
from toolweave.servers.errors import ConfigError

STARTER = "library"
"""The bundled world that a new file holds where no other client has a server."""


def init(
    source: Annotated[
        list[Path] | None,
        typer.Option("--from", help="A client's file to import; repeatable. By default all that are found."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="The file to write.")] = Path("mcp.json"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite it when it is there.")] = False,
    install_all: Annotated[
        bool, typer.Option("--install", help="Install what npx and uvx would download at every start, into .servers/.")
    ] = False,
    keep_secrets: Annotated[
        bool, typer.Option("--keep-secrets", help="Write keys and passwords as they are, not as ${NAME}.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write an mcp.json from the servers that Claude Desktop, Cursor, VS Code and others on this machine have.

    Only tools that call themselves read-only may be called until an entry says more. Keys become ${NAME}: what has to
    be set is listed. With --install, servers start without a network. Where no client is found, the file begins with a
    bundled world.

    Examples: toolweave init; toolweave init --from ~/.cursor/mcp.json --out my.json

    Exit codes: 0 written, 2 bad input, or the file is there already.
    """
    with console.kind_errors():
        if out.exists() and not force:
            raise ConfigError(f"{out} is there already; --force overwrites it, --out writes another")
        files = [client_of(path.expanduser()) for path in source or ()] or _on_this_machine()
        found = gather(files, out.resolve().parent, keep_secrets=keep_secrets)
        if source and not found.entries:
            raise ConfigError("nothing to import: " + ("; ".join(found.left_out) or "no file lists a server"))
        if install_all:
            console.execute(install_packages, found, out.resolve().parent)
        _write(out, found.entries or {STARTER: world_entry(STARTER)})
    facts = _facts(out, files, found)
    if as_json:
        console.print_json(facts)
    else:
        _tell(facts)


def _on_this_machine() -> list[ClientFile]:
    return client_files(Path.cwd(), Path.home(), os.environ, sys.platform)


def _write(out: Path, entries: dict[str, Any]) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(written(entries), "utf-8")
    except OSError as error:
        raise ConfigError(f"{out}: cannot be written: {error}") from error


def _facts(out: Path, files: list[ClientFile], found: Gathered) -> dict[str, Any]:
    return {
        "written": str(out),
        "servers": found.origins or {STARTER: "bundled"},
        "looked_at": [str(file.path) for file in files],
        "left_out": found.left_out,
        "set": {name: where for name, where in found.needed.items() if name not in os.environ},
    }


def _tell(facts: dict[str, Any]) -> None:
    say = console.out.print
    servers: dict[str, str] = facts["servers"]
    say(f"wrote {facts['written']}: {len(servers)} server{'s'[: len(servers) != 1]}")
    for name, origin in servers.items():
        say(f"  {name} (from {origin})")
    if not facts["looked_at"]:
        say(f"no other client was found on this machine, so it begins with the bundled world {STARTER!r}")
    for line in facts["left_out"]:
        say(f"left out  {line}")
    for name, where in facts["set"].items():
        say(f"set       {name} in your environment ({where})")
    say(f"next: toolweave doctor --mcp {facts['written']}")
