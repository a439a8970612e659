"""Plans: the calls that reach a target, each parameter with the place that its value comes from.

Steps are numbered over the whole trajectory, so a later turn may take values from an earlier turn's calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class FromCall:
    """The value comes out of an earlier step's output."""

    step: int
    """Number of the producing step, counted over the whole trajectory."""
    field: str
    """Field pattern in that step's decoded output."""


@dataclass(frozen=True, slots=True)
class Supplied:
    """No call gives the value: the user says it, or the schema fixes it."""


ValueSource = FromCall | Supplied
Purpose = Literal["target", "data", "state"]


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call of a plan, before anything was executed."""

    step: int
    tool: str
    """Tool id."""
    sources: dict[str, ValueSource]
    """For each parameter pattern that the call will carry, where its value comes from."""
    purpose: Purpose
    """Why the call is there: it is the target, it feeds a parameter, or it enables a later call."""
    after: frozenset[int] = frozenset()
    """Numbers of the steps that must come before it."""


@dataclass(frozen=True, slots=True)
class TurnPlan:
    """The smallest chain found that reaches `target`; its call is the last one."""

    target: str
    calls: tuple[PlannedCall, ...]


@dataclass(frozen=True, slots=True)
class TrajectoryPlan:
    """One planned item: what every turn is to reach, before anything was executed."""

    index: int
    seed: int
    turns: tuple[TurnPlan, ...]

    @property
    def tools(self) -> tuple[str, ...]:
        """Ids of the tools that the plan calls, in order, each once."""
        return tuple(dict.fromkeys(call.tool for turn in self.turns for call in turn.calls))


@dataclass(frozen=True, slots=True)
class NoSource:
    """Why a target cannot be planned: this parameter of this tool has no source."""

    tool: str
    parameter: str

    def __str__(self) -> str:
        return f"{self.tool}: parameter {self.parameter!r} has no source"
