"""A plan: the calls that reach a target, each parameter with the place that its value comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class FromCall:
    """The value comes out of an earlier step's output."""

    step: int
    """Index of the producing step, counted over the whole trajectory."""
    field: str
    """Field pattern in that step's decoded output."""


@dataclass(frozen=True, slots=True)
class Supplied:
    """No tool of the plan gives the value: the user says it, or the schema fixes it."""

    how: Literal["user", "default", "const"] = "user"


ValueSource = FromCall | Supplied


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call of a plan, before anything was executed."""

    tool: str
    """Tool id."""
    sources: dict[str, ValueSource]
    """For each parameter that the call will carry, where its value comes from."""
    purpose: Literal["target", "data", "state"] = "data"
    """Why the call is there: it is the target, it feeds a parameter, or it enables a later call."""
    after: frozenset[int] = frozenset()
    """Indices of the steps that must come before (data and state)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The smallest chain found that reaches `target`; the last call is the target's."""

    target: str
    calls: tuple[PlannedCall, ...]
