"""The first look at all servers of an `mcp.json`: what started, what may be called, and what was refused and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from toolweave.graph.model import ToolGraph
from toolweave.pipeline.environments import OpenEnvironment
from toolweave.servers.config import ServerSpec
from toolweave.servers.errors import ServerError
from toolweave.servers.policy import decide
from toolweave.servers.tools import Tool


@dataclass(frozen=True, slots=True)
class Introspection:
    """What all servers offer."""

    tools: tuple[Tool, ...]
    versions: dict[str, dict[str, Any]]
    """Server → version, protocol and digest."""
    failures: dict[str, str]
    """Server → one line."""
    refused: dict[str, str]
    """Tool id → why policy does not let it be called."""

    @property
    def allowed(self) -> frozenset[str]:
        """Ids of the tools that may be called."""
        return frozenset(tool.id for tool in self.tools) - self.refused.keys()

    def beside(self, other: Introspection) -> Introspection:
        """What both have seen, of different servers."""
        return Introspection(
            (*self.tools, *other.tools),
            self.versions | other.versions,
            self.failures | other.failures,
            self.refused | other.refused,
        )

    def checked_against(self, graph: ToolGraph, specs: Mapping[str, ServerSpec]) -> Introspection:
        """Without the tools that say that they only read, and were seen to change something."""
        caught = [tool for tool in self.tools if tool.id in self.allowed and graph.fact(tool.id).access == "writes"]
        decisions = {tool.id: decide(specs[tool.server], tool, seen_to_change=True) for tool in caught}
        refused = {tool: decision.reason for tool, decision in decisions.items() if not decision.allowed}
        return replace(self, refused=self.refused | refused)

    def as_json(self) -> dict[str, Any]:
        """As the manifest keeps it, without the tools."""
        facts = asdict(self)
        del facts["tools"]
        return facts


async def introspect(
    specs: Sequence[ServerSpec], open_fresh: OpenEnvironment, *, strict: bool = False
) -> Introspection:
    """Start every server once and list its tools.

    Raises:
        ServerError: No server started, or one did not and `strict` is set.
    """
    async with open_fresh(specs) as environment:
        if strict and environment.failures:
            raise ServerError(f"not every server started: {'; '.join(environment.failures.values())}")
        if not environment.servers:
            raise ServerError(f"no server started: {'; '.join(environment.failures.values())}")
        by_name = {spec.name: spec for spec in specs}
        decisions = {tool.id: decide(by_name[tool.server], tool) for tool in environment.tools}
        versions = {
            name: {"version": info.version, "protocol": info.protocol, "digest": info.digest, "tools": len(info.tools)}
            for name, info in environment.servers.items()
        }
        refused = {tool: decision.reason for tool, decision in decisions.items() if not decision.allowed}
        return Introspection(environment.tools, versions, dict(environment.failures), refused)
