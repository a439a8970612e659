"""The bundled worlds behind the servers of a run, as backends on which one conversation is played."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import ValidationError

from toolweave.pipeline.exports.backend import backend, load, shown, tools_of
from toolweave.pipeline.exports.bfcl_calls import Call
from toolweave.pipeline.exports.format import Row, samples_of
from toolweave.pipeline.storage.jsonl import read_json
from toolweave.servers.config import load_mcp_config
from toolweave.servers.program import read_program
from toolweave.servers.spec import ServerSpec

WORLDS = "toolweave.servers.worlds."
DEFAULT_SEED = 7
"""What `servers/world.py` takes when none is named."""


def with_worlds(directory: Path) -> Iterator[Row]:
    """The rows of a run, each with `worlds`: name of a server → class, module and seed of the world that it serves.

    Raises:
        ToolweaveError: A file is missing or damaged.
    """
    specs = load_mcp_config(Path(str(read_json(directory / "settings.json")["mcp"]))).servers
    worlds = {spec.name: world for spec in specs if (world := world_of(spec)) is not None}
    for row in samples_of(directory):
        yield row | {"worlds": worlds}


def world_of(spec: ServerSpec) -> Row | None:
    """Class, module and seed of the bundled world that a server is; `None` when it is something else."""
    program = read_program([spec.command or "", *spec.args])
    if program is None or program.kind != "module" or not program.target.startswith(WORLDS):
        return None
    match program.arguments:
        case []:
            seed = DEFAULT_SEED
        case ["--seed", number]:
            seed = int(number)
        case _:
            return None
    return {"class": re.sub(r"\W", "_", spec.name).capitalize(), "module": program.target, "seed": seed}


@dataclass(frozen=True, slots=True)
class Stage:
    """The worlds of one conversation."""

    worlds: dict[str, Row]
    """Class of a backend → `module` and `seed` of its world."""

    @classmethod
    def of(cls, row: Row) -> Stage:
        """The worlds that have a tool on offer in a row of `with_worlds`."""
        offered = {tool["function"]["name"] for tool in row["tools"]}
        return cls(
            {
                world["class"]: {key: world[key] for key in ("module", "seed")}
                for world in row["worlds"].values()
                if offered & tools_of(world["module"])
            }
        )

    @property
    def owners(self) -> dict[str, str]:
        """Tool → class of its backend; of namesakes, the last one's."""
        return {tool: name for name, world in self.worlds.items() for tool in tools_of(world["module"])}

    @property
    def has_namesakes(self) -> bool:
        """Whether two worlds have a tool of one name."""
        return sum(len(tools_of(world["module"])) for world in self.worlds.values()) > len(self.owners)

    def unoffered(self, offered: Iterable[str]) -> list[str]:
        """Tools that a conversation does not offer, world by world."""
        known = frozenset(offered)
        return [tool for world in self.worlds.values() for tool in sorted(tools_of(world["module"]) - known)]

    def shows(self, made: Iterable[tuple[Call, str]]) -> bool:
        """Whether all calls, made on fresh backends in this order, answer what was observed of them."""
        owners = self.owners
        backends = {name: backend(name, world["module"])() for name, world in self.worlds.items()}
        for name, world in self.worlds.items():
            load(backends[name], world["seed"])
        for (tool, arguments), observed in made:
            try:
                answer = getattr(backends[owners[tool]], tool)(**arguments)
            except (ToolError, ValidationError):
                return False
            if shown(answer) != observed:
                return False
        return True
