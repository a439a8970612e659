"""Licences of servers, as the packages that they were installed from state them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from itertools import pairwise
from pathlib import Path
from typing import Any

from toolweave.servers.config import load_mcp_config
from toolweave.servers.errors import ConfigError

UNKNOWN = "unknown"


def licences(mcp: Path) -> dict[str, str]:
    """Server of an `mcp.json` → its package's licence; nothing where the file cannot be read any more."""
    try:
        specs = load_mcp_config(mcp).servers
    except ConfigError:
        return {}
    return {spec.name: _licence(_program(mcp, spec.command), spec.args) for spec in specs}


def _program(mcp: Path, command: str) -> Path:
    """A command as a path, as the file means it: one with a slash lies beside the file."""
    return mcp.resolve().parent / command if "/" in command else Path(command)


def _licence(command: Path, arguments: Iterable[str]) -> str:
    """The licence of the package whose module or script a command runs."""
    modules = [module.partition(".")[0] for flag, module in pairwise(arguments) if flag == "-m"]
    for distribution in distributions(path=_search_path(command)):
        scripts = [entry.name for entry in distribution.entry_points if entry.group == "console_scripts"]
        if command.name in scripts or any(module in _modules(distribution) for module in modules):
            return _stated(distribution)
    return UNKNOWN


def _search_path(command: Path) -> list[str]:
    """Where the packages of the environment lie that a command is from."""
    beside = sorted(str(path) for path in command.parent.parent.glob("lib/python*/site-packages"))
    return beside if command.is_absolute() and beside else sys.path


def _modules(distribution: Distribution) -> Iterator[str]:
    yield from (distribution.read_text("top_level.txt") or "").split()
    yield distribution.metadata["Name"].replace("-", "_").lower()


def _stated(distribution: Distribution) -> str:
    facts: dict[str, Any] = distribution.metadata.json
    named = [line.rpartition("::")[2].strip() for line in facts.get("classifier", ()) if line.startswith("License ::")]
    stated = facts.get("license_expression") or ", ".join(named) or facts.get("license")
    return str(stated or UNKNOWN).partition("\n")[0]
