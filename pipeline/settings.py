"""Settings of a run: what shapes the dataset, and what only shapes how fast it is made."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from toolweave.graph.plan import TURN_KINDS, TurnKind
from toolweave.servers.errors import ConfigError

DEFAULT_KINDS: dict[TurnKind, float] = {
    "base": 0.40,
    "parallel": 0.13,
    "missing_parameter": 0.12,
    "missing_function": 0.08,
    "irrelevant": 0.07,
    "error_recovery": 0.10,
    "long_context": 0.10,
}


def read_shares(texts: Sequence[str]) -> dict[TurnKind, float]:
    """Shares of turn kinds from texts such as `parallel=0.3`.

    Raises:
        ConfigError: A text is no such pair.
    """
    shares: dict[TurnKind, float] = {}
    known: dict[str, TurnKind] = {kind: kind for kind in TURN_KINDS}
    for text in texts:
        name, _, share = text.partition("=")
        kind = known.get(name.strip())
        if kind is None:
            close = difflib.get_close_matches(name, TURN_KINDS, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise ConfigError(f"--kind {text!r}: no such kind; choose of {', '.join(TURN_KINDS)}{hint}")
        if not re.fullmatch(r"\s*\d*\.?\d+\s*", share):
            raise ConfigError(f"--kind {text!r}: write it as {kind}=0.3")
        shares[kind] = float(share)
    if not sum(shares.values()):
        raise ConfigError("--kind: one share must be more than 0")
    return shares


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
    long_offered: int = Field(default=96, ge=40)
    """Most tools on offer in a sample of the kind `long_context`; they come from all servers."""
    kinds: dict[TurnKind, float] = DEFAULT_KINDS
    """Wanted share of every turn kind among the turns of the kept samples; kinds that are left out are not planned."""
    targets: tuple[str, ...] = ()
    """Tools to which targets are restricted, as `server/tool` or by name; empty for all."""
    prompts: Path | None = None
    """Folder of prompt files that replace the built-in ones of the same name."""
    strict: bool = False
    """Whether a server that does not start ends the run."""

    @field_validator("kinds")
    @classmethod
    def _shares(cls, kinds: dict[TurnKind, float]) -> dict[TurnKind, float]:
        """Shares in proportion, so that they sum to 1."""
        total = sum(kinds.values())
        if min(kinds.values(), default=-1.0) < 0 or total <= 0:
            raise ValueError("shares of turn kinds must not be negative, and one must be more than 0")
        return {kind: share / total for kind, share in kinds.items()}

    def resolved(self) -> dict[str, Any]:
        """As `settings.json` keeps them."""
        return self.model_dump(mode="json")


class Pace(BaseModel):
    """What shapes only how fast the dataset is made; may change between a run and its resumption."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    concurrency: int = Field(default=4, ge=1)
    """Trajectories at a time."""
