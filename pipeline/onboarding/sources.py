"""What a user names as a server — a package, an address, a bundled world, a command — as an entry of `mcp.json`."""

from __future__ import annotations

import difflib
import pkgutil
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolweave.pipeline.onboarding.imports import Gathered
from toolweave.pipeline.onboarding.packages import Installed, install, package_of
from toolweave.pipeline.onboarding.runners import package_behind
from toolweave.servers import worlds
from toolweave.servers.errors import ConfigError

_ADDRESS = re.compile(r"https?://([^/:]+)")


@dataclass(frozen=True, slots=True)
class Source:
    """What was asked for."""

    words: Sequence[str]
    """A package, an address or a world, with arguments; or a command line."""
    folder: Path
    """Where `mcp.json` lies."""
    beside: Sequence[str] = ()
    """Requirements to be installed with a package."""
    program: str | None = None
    """Which program of a package is the server."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry, and a name for it."""

    name: str
    entry: dict[str, Any] = field(default_factory=dict[str, Any])
    package: Installed | None = None


def world_names() -> list[str]:
    """The bundled worlds."""
    return sorted(module.name for module in pkgutil.iter_modules(worlds.__path__))


def world_entry(name: str) -> dict[str, Any]:
    """The entry of a bundled world."""
    return {"command": "python", "args": ["-m", f"{worlds.__name__}.{name}"], "toolweave": {"disposable": True}}


async def find(source: Source) -> Found:
    """The entry of what was asked for; packages are installed.

    Raises:
        ConfigError: It names nothing, or cannot be installed.
    """
    head, *rest = package_behind(source.words) or source.words
    if package := package_of(head, source.folder):
        made = await install(package, source.beside, source.program)
        entry = {"command": made.command, "args": [*made.args, *rest]}
        return Found(package.short, _lean({**entry, "toolweave": {"package": made.reference}}), made)
    if match := _ADDRESS.match(head):
        words = [word for word in match[1].split(".") if word not in ("www", "mcp", "api")]
        return Found(words[0] if words else match[1], {"type": "http", "url": head})
    if head in world_names() and not rest:
        return Found(head, world_entry(head))
    if not shutil.which(head) and not _is_program(head, source.folder):
        raise ConfigError(_unknown(head))
    return Found(_name_of_command(source.words), _lean({"command": _relative(head, source.folder), "args": rest}))


async def install_packages(found: Gathered, folder: Path) -> None:
    """Install what the commands of imported servers would download at every start; what fails stays as it is."""
    for name, entry in found.entries.items():
        words = [str(entry.get("command", "")), *map(str, entry.get("args", ()))]
        if package_behind(words) is None:
            continue
        try:
            made = await find(Source(words, folder))
        except ConfigError as error:
            found.left_out.append(f"{name}: its package: {error}")
            continue
        rest = {key: value for key, value in entry.items() if key not in ("command", "args", "toolweave")}
        ours = {**made.entry["toolweave"], **entry.get("toolweave", {})}
        found.entries[name] = {**made.entry, **rest, "toolweave": ours}


def _is_program(head: str, folder: Path) -> bool:
    beside_us = Path(sys.executable).parent / head
    return head in ("python", "python3") or beside_us.is_file() or (folder / head).is_file()


def name_beforehand(source: Source) -> str | None:
    """The name that a package or a world will get, known before anything is installed."""
    head = (package_behind(source.words) or source.words)[0]
    package = package_of(head, source.folder)
    return package.short if package else head if head in world_names() else None


def _relative(head: str, folder: Path) -> str:
    """A path that the user gave from where he stands, as it has to stand in `mcp.json`."""
    if "/" not in head or Path(head).is_absolute() or (folder / head).is_file():
        return head
    return str(Path(head).absolute())


def _unknown(head: str) -> str:
    near = difflib.get_close_matches(head, world_names(), 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return (
        f"{head!r} is no program on PATH, no address and no bundled world ({', '.join(world_names())}); {hint}"
        f"a package is written pypi:{head} or npm:{head}"
    )


def _name_of_command(words: Sequence[str]) -> str:
    """A name out of a command line: the package or module that it runs, else the program."""
    flags = ("-m", "-y", "--from", "--yes", "run", "-i", "--rm", "tool")
    runners = ("python", "python3", "npx", "uvx", "uv", "node", "docker", "deno", "bunx")
    named = [word for word in words if word not in runners and not word.startswith("-") and word not in flags]
    text = re.sub(r"(\.(py|js|ts|mjs))$", "", (named or list(words))[0].rstrip("/").rpartition("/")[2])
    text = re.sub(r"(==|@).*$", "", text).rpartition(".")[2]
    parts = [part for part in re.split(r"[-_.]", text.lower()) if part not in ("mcp", "server", "")]
    return "-".join(parts) or text


def _lean(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value}
