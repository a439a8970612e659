"""One start of one server, to see what it offers and what of it may be called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolweave.servers.entry import read_entry
from toolweave.servers.environment import open_environment
from toolweave.servers.info import ServerInfo
from toolweave.servers.interpolation import Variables
from toolweave.servers.policy import decide
from toolweave.servers.spec import ServerSpec
from toolweave.servers.tools import Tool


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it."""

    spec: ServerSpec
    info: ServerInfo | None
    failure: str = ""
    """Why it did not start, in one line."""

    @property
    def tools(self) -> tuple[Tool, ...]:
        """Everything that it lists and that can be used."""
        return self.info.tools if self.info else ()

    @property
    def refused(self) -> dict[str, str]:
        """Tool → why policy does not let it be called."""
        decisions = {tool.name: decide(self.spec, tool) for tool in self.tools}
        return {name: decision.reason for name, decision in decisions.items() if not decision.allowed}

    @property
    def callable(self) -> list[str]:
        """Names of the tools that may be called."""
        refused = self.refused
        return [tool.name for tool in self.tools if tool.name not in refused]


def spec_of(name: str, entry: dict[str, Any], path: Path) -> ServerSpec:
    """The entry as it will be read from the file.

    Raises:
        ConfigError: It cannot be used.
    """
    folder = path.resolve().parent
    return read_entry(name, entry, folder, Variables.for_file(path, {}), f'{path}: server "{name}"')


async def try_server(spec: ServerSpec) -> Trial:
    """Start a server once, list its tools, end it."""
    async with open_environment([spec]) as environment:
        info = environment.servers.get(spec.name)
        return Trial(spec, info, environment.failures.get(spec.name, ""))
