"""Settings of a run: what shapes the dataset, and what only shapes how fast it is made."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from toolweave.agent.cast import ROLES, Role
from toolweave.graph.plan import TURN_KINDS, TurnKind
from toolweave.pipeline.plans.cells import cells_of
from toolweave.servers.errors import ConfigError

EngineName = Literal["local", "ray"]
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


def read_roles(texts: Sequence[str]) -> dict[Role, str]:
    """Models of roles from texts such as `query=my-model`.

    Raises:
        ConfigError: A text is no such pair.
    """
    known: dict[str, Role] = {role: role for role in ROLES}
    found: dict[Role, str] = {}
    for text in texts:
        name, _, model = text.partition("=")
        role = known.get(name.strip())
        if role is None or not model.strip():
            raise ConfigError(f"--role {text!r}: write it as query=MODEL; roles are {', '.join(ROLES)}")
        found[role] = model.strip()
    return found


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
    roles: dict[Role, str] = {}
    """Models of the same endpoint, teachers of other packages, or `offline`, each for a role that the teacher leaves to
    it: tooling, query, user, step, critique, value."""
    turns: int = Field(default=3, ge=1, le=8)
    """Most user turns of one trajectory."""
    attempts: int = Field(default=3, ge=1, le=8)
    """Most attempts at one reasoning step (K)."""
    probe_calls: int = Field(default=6, ge=0)
    """Live calls per tool that the first experiments may make, on average."""
    rehearsal_calls: int = Field(default=64, ge=1)
    """Live calls that may be spent on finding a way through the plans of one item, beside those that are made again on
    fresh servers because they are known to work."""
    offered: int = Field(default=24, ge=1)
    """Most tools on offer in one sample, unless it calls more."""
    long_offered: int = Field(default=96, ge=40)
    """Most tools on offer in a sample of the kind `long_context`; they come from all servers."""
    kinds: dict[TurnKind, float] = DEFAULT_KINDS
    """Wanted share of every turn kind among the turns of the kept samples; kinds that are left out are not planned."""
    grid: dict[str, float] = {}
    """Wanted share of the samples of every cell: a server (or several, `a+b`), a band of difficulty (`easy`, `medium`,
    `hard`), a kind of turn, or two or three of them with `/` between."""
    targets: tuple[str, ...] = ()
    """Tools to which targets are restricted, as `server/tool` or by name; empty for all."""
    weak: Path | None = None
    """What `toolweave eval` wrote of a model: three of four turns go for what it gets wrong."""
    prompts: Path | None = None
    """Folder of prompt files that replace the built-in ones of the same name."""
    role_play: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share of the items that are role-played: a simulated user with a private goal and an assistant without hints act
    freely, and what the checker of the plan passes is kept."""
    gates: tuple[str, ...] = ()
    """Gates of other packages, by the names of their entry points: they reject what passed all of ours."""
    stages: tuple[str, ...] = ()
    """Stages of other packages, by the names of their entry points, in their order: each sees every finished sample,
    and may note something about it or reject it."""
    value_sources: tuple[str, ...] = ()
    """Sources of other packages, by the names of their entry points: values that a user could say, where the `mcp.json`
    has none."""
    judge: Path | None = None
    """A rubric: every sample that passed all other gates is judged by it, and rejected where it does not hold up."""
    unlike: tuple[Path, ...] = ()
    """Directories of other runs: a sample that is the twin of one that they keep is rejected."""
    decontaminate: tuple[Path, ...] = ()
    """Benchmark files: a sample that shares requests, tools or distinctive values with them is rejected."""
    wave: int | None = Field(default=None, ge=1)
    """Items of the first wave; while a wave is made, the next is planned, so twice as many may be in the making. By
    default a quarter of `samples`, from 12 to 64. Later waves grow with the run, to 256 at most."""
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

    @field_validator("grid")
    @classmethod
    def _cells(cls, grid: dict[str, float]) -> dict[str, float]:
        """Cells that can be met together."""
        cells_of(grid)
        return grid

    def resolved(self) -> dict[str, Any]:
        """As `settings.json` keeps them."""
        return self.model_dump(mode="json")


class Pace(BaseModel):
    """What shapes only how fast the dataset is made; may change between a run and its resumption."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    concurrency: int = Field(default=4, ge=1)
    """Trajectories at a time, in all."""
    engine: EngineName = "local"
    """Where items are made: in this process, or by actors of Ray, which needs `toolweave[ray]`."""
    workers: int | None = Field(default=None, ge=1)
    """Actors of Ray. By default one for each CPU that Ray has, no more than `concurrency`."""
    in_flight: int | None = Field(default=None, ge=1)
    """Most requests to the endpoint at a time, fewer while it is busy. By default `concurrency`, at least 32."""
    retries: int = Field(default=5, ge=0)
    """Times that a request to the endpoint is sent again for one reply, while it is busy, slow or broken."""
    max_calls: int | None = Field(default=None, ge=1)
    """Live calls of tools after which nothing more is begun; like the limits below, of this invocation."""
    max_seconds: float | None = Field(default=None, gt=0)
    """Seconds after which nothing more is begun."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Tokens of the teacher after which nothing more is begun."""
    budget_usd: float | None = Field(default=None, gt=0)
    """Costs of the teacher after which nothing more is begun; needs both prices."""
    price_in: float | None = Field(default=None, ge=0)
    """What a million tokens of prompts cost, in USD."""
    price_out: float | None = Field(default=None, ge=0)
    """What a million tokens of completions cost, in USD."""
    preview: int | None = Field(default=None, ge=1)
    """Samples after which nothing more is begun, to see what they are like and what the rest would take."""

    @property
    def limited(self) -> bool:
        """Whether anything but the number of samples ends the run."""
        limits = (self.max_calls, self.max_seconds, self.max_tokens, self.budget_usd, self.preview)
        return any(limit is not None for limit in limits)

    @model_validator(mode="after")
    def _priced(self) -> Self:
        if (self.price_in is None) != (self.price_out is None):
            raise ValueError("give both --price-in and --price-out, or neither")
        if self.budget_usd is not None and self.price_in is None:
            raise ValueError("--budget-usd needs --price-in and --price-out (USD per million tokens)")
        return self
