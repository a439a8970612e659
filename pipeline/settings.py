"""Settings of a run: what shapes the dataset, and what only shapes how fast it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class RunSettings(BaseModel):
    """Everything that shapes the dataset; a resumed run must have the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mcp: Path
    """The `mcp.json`."""
    samples: int = Field(default=24, ge=1)
    """How many samples to keep."""
    seed: int = 0
    model: str = "offline"
    """The teacher: a model id of the endpoint, or `offline`."""
    base_url: str | None = None
    turns: int = Field(default=3, ge=1, le=8)
    """Most user turns of one trajectory."""
    attempts: int = Field(default=3, ge=1, le=8)
    """Most attempts at one reasoning step (K)."""
    probe_calls: int = Field(default=6, ge=0)
    """Live calls per tool that the first experiments may make, on average."""
    offered: int = Field(default=24, ge=1)
    """Most tools on offer in one sample, unless it calls more."""
    strict: bool = False
    """Whether a server that does not start ends the run."""

    def resolved(self) -> dict[str, Any]:
        """As `settings.json` keeps them."""
        return self.model_dump(mode="json")


class Pace(BaseModel):
    """What shapes only how fast the dataset is made; may change between a run and its resumption."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    concurrency: int = Field(default=4, ge=1)
    """Trajectories at a time."""
