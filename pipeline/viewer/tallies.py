"""What a run has spent so far, added up line by line: live calls by server and tool, drafts that were turned down."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ServerTally:
    """Live calls of one server."""

    calls: int = 0
    failed: int = 0
    ms: float = 0.0
    """Milliseconds in all."""


@dataclass
class Tallies:
    """Sums over the events and revisions of a run."""

    servers: dict[str, ServerTally] = field(default_factory=dict[str, ServerTally])
    tools: Counter[str] = field(default_factory=Counter[str])
    mistakes: Counter[str] = field(default_factory=Counter[str])

    def count_call(self, event: dict[str, Any]) -> None:
        """Add a live call."""
        tool = str(event.get("tool"))
        tally = self.servers.setdefault(tool.partition("/")[0], ServerTally())
        tally.calls += 1
        tally.failed += event.get("status") != "ok" or event.get("reason") is not None
        tally.ms += event.get("ms") or 0
        self.tools[tool] += 1

    def as_json(self) -> dict[str, Any]:
        """All sums."""
        servers = {
            name: {"calls": one.calls, "failed": one.failed, "ms": round(one.ms)}
            for name, one in sorted(self.servers.items())
        }
        return {
            "servers": servers,
            "mistakes": dict(sorted(self.mistakes.items(), key=lambda item: (-item[1], item[0]))),
        }
