"""The tools that texts imply and no server has, as a simulated server of the run."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from toolweave.agent.texts.proposing import Proposal, together
from toolweave.agent.texts.resolving import ArgumentSource, Mapped, Returned
from toolweave.pipeline.onboarding.simulation import simulating_entry
from toolweave.servers.errors import RunError
from toolweave.servers.tools import Tool

SERVER = "from-text"
"""Name of the simulated server."""

Proposed = Sequence[Sequence[Proposal | None]]
"""For every procedure and each of its steps, the tool that it implies, where it has none."""


@dataclass(frozen=True, slots=True)
class Imitation:
    """What is simulated in a run."""

    proposed: Proposed

    @property
    def tools(self) -> list[dict[str, Any]]:
        """As a server lists them, each once."""
        return together(one for proposals in self.proposed for one in proposals if one is not None)

    def write(self, mcp: Path, user_mcp: Path, seed: int) -> None:
        """Write the `mcp.json` of the run: the servers of the user, and the simulated one where there is one.

        Raises:
            RunError: It cannot be written.
        """
        folder, tools = mcp.parent, self.tools
        servers = {SERVER: simulating_entry(SERVER, tools, folder, seed)} if tools else {}
        document = {"extends": os.fspath(user_mcp), "mcpServers": servers}
        try:
            mcp.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
        except OSError as error:
            raise RunError(f"{mcp} cannot be written: {error.strerror or error}") from error

    def mapped(self, mapped: Sequence[Sequence[Mapped]], tools: Sequence[Tool]) -> list[list[Mapped]]:
        """The steps, those with a proposal now with its tool."""
        own = {tool.name: tool for tool in tools if tool.server == SERVER}
        return [
            [old if one is None or one.name not in own else _with(old, one, own[one.name]) for old, one in pairs]
            for pairs in (
                zip(steps, proposals, strict=True) for steps, proposals in zip(mapped, self.proposed, strict=True)
            )
        ]


def _with(old: Mapped, proposal: Proposal, tool: Tool) -> Mapped:
    sources: dict[str, ArgumentSource] = {name: Returned(number, "id") for name, number in proposal.refers.items()}
    return replace(old, tool=tool, score=1.0, sources=sources | proposal.given, proposed=True)
