"""Tools as introspected: names, schemas and hints, canonical enough to hash."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from toolweave.servers.json_values import as_list, as_object, digest


@dataclass(frozen=True, slots=True)
class Annotations:
    """Hints from an untrusted party; `None` means that the server did not say."""

    title: str | None = None
    read_only: bool | None = None
    destructive: bool | None = None
    idempotent: bool | None = None
    open_world: bool | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """One MCP tool of one server, with its JSON Schemas kept as they came."""

    server: str
    """Name of the server in `mcp.json`; empty when tools were read from a bare schema file."""
    name: str
    description: str = ""
    input_schema: dict[str, Any] = field(default_factory=lambda: {"type": "object"})
    output_schema: dict[str, Any] | None = None
    annotations: Annotations = Annotations()

    def __hash__(self) -> int:
        return hash((self.server, self.name))

    @property
    def id(self) -> str:
        """`server/name`, or the bare name where there is no server: the key used everywhere inside."""
        return f"{self.server}/{self.name}" if self.server else self.name

    @property
    def parameters(self) -> dict[str, Any]:
        """Top-level parameters with their schemas; empty when the schema has no usable `properties`."""
        return as_object(self.input_schema.get("properties"))

    @property
    def required(self) -> frozenset[str]:
        """Names of the required top-level parameters that the schema really has."""
        names = as_list(self.input_schema.get("required"))
        return frozenset(name for name in names if isinstance(name, str) and name in self.parameters)

    @property
    def digest(self) -> str:
        """SHA-256 over name, description and schemas with sorted keys; changes when the tool changes."""
        facts = [self.name, self.description, self.input_schema, self.output_schema]
        return digest(facts)


def offered_names(tools: Iterable[Tool], separator: str = "/") -> dict[str, str]:
    """Map each tool id to the name that people see: the bare name, or `server/name` where two servers share it."""
    tools = list(tools)
    count = Counter(tool.name for tool in tools)
    return {
        tool.id: tool.name if count[tool.name] == 1 or not tool.server else f"{tool.server}{separator}{tool.name}"
        for tool in tools
    }


@lru_cache(maxsize=1 << 14)
def spellings(server: str, name: str) -> tuple[str, ...]:
    """The names under which a tool may be offered: alone, and beside a namesake of another server."""
    tool, beside = Tool(server, name), Tool(f"{server}'", name)
    return function_names([tool])[tool.id], function_names([tool, beside])[tool.id]


def function_names(tools: Iterable[Tool]) -> dict[str, str]:
    """Map each tool id to a name that OpenAI-compatible endpoints accept: `[A-Za-z0-9_-]`, at most 64, unique."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for tool_id, name in offered_names(tools, "__").items():
        plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64]
        spelt = next(n for n in (plain, *(f"{plain[:60]}_{i}" for i in range(2, 1000))) if n not in taken)
        names[tool_id] = spelt
        taken.add(spelt)
    return names
