"""A started server as introspected."""

from __future__ import annotations

from dataclasses import dataclass, field

from toolweave.servers.json_values import digest
from toolweave.servers.tools import Tool

SIMULATOR = "toolweave-simulated"
"""How our server for simulated tools calls itself; what it answers is never taken for real."""


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What one server is and offers."""

    name: str
    """Its name in `mcp.json`."""
    software: str
    """The name by which it calls itself."""
    version: str
    protocol: str
    """Negotiated version of the protocol."""
    instructions: str
    tools: tuple[Tool, ...]
    """All that can be called in principle, in listing order; policy is another matter."""
    skipped: dict[str, str]
    """Name of a listed tool that cannot be used → reason."""
    simulated: bool = False
    """Whether it only imitates what its tools say, by its entry's word or its own."""
    noise: str = field(default="", compare=False)
    """The first line on stdout that was no message, where there was one by the time the tools were listed."""

    @property
    def digest(self) -> str:
        """SHA-256 over the tools' digests; changes when the offer of the server changes."""
        return digest(sorted(tool.digest for tool in self.tools))
