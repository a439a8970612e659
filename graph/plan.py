"""Plans: the calls that reach a target, each parameter with the place that its value comes from.

Steps are numbered over the whole trajectory, so a later turn may take values from an earlier turn's calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

TurnKind = Literal[
    "base", "parallel", "missing_parameter", "missing_function", "irrelevant", "error_recovery", "long_context"
]
TURN_KINDS: tuple[TurnKind, ...] = get_args(TurnKind)
Relation = Literal["opens", "continues", "switches", "returns", "corrects"]
"""How a turn stands to the earlier ones: it uses something of the last turn, of none, of an older turn; or it makes an
earlier call once more with another value."""


@dataclass(frozen=True, slots=True)
class FromCall:
    """The value comes out of an earlier step's output."""

    step: int
    """Number of the producing step, counted over the whole trajectory."""
    field: str
    """Field pattern in that step's decoded output."""
    item: int = 0
    """Which thing of that output: sources with the same number take from one row, others from other rows."""


@dataclass(frozen=True, slots=True)
class Supplied:
    """No call gives the value: the user says it, or the schema fixes it."""


@dataclass(frozen=True, slots=True)
class Stated(Supplied):
    """No call gives the value, and it is known beforehand: this one and no other."""

    value: Any
    schema: Literal["const", "enum", "default"] | None = None
    """The keyword of the schema that fixes it; `None`: the user says it."""


ValueSource = FromCall | Stated | Supplied
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
    corrects: int | None = None
    """Step of an earlier turn that this call makes once more: every source is as it was there, but for `changed`."""
    changed: str | None = None
    """The parameter that the user wants otherwise; set together with `corrects`."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """The value that the user leaves out at first (`missing_parameter`)."""

    step: int
    parameter: str
    """Pattern of a required parameter that only the user can supply."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A call that is first made wrongly, so that the server's own error can be read and mended (`error_recovery`)."""

    step: int
    """The planned call of this turn that is made wrongly first."""
    parameter: str | None = None
    """This parameter gets the user's words for the thing instead of what a call returns; `None`: the call is made
    before the calls with purpose `state` that enable it."""


@dataclass(frozen=True, slots=True)
class TurnPlan:
    """The chain of one turn; the call of `target` is the last one.

    What a kind asks of the plan: `parallel` has at least two calls none of which comes after the other;
    `missing_parameter` has `withheld`; `error_recovery` has `slip`; `irrelevant` has no call, and its target is a tool
    that is never on offer and whose required values a user can say; `missing_function` is offered its target only
    after the user has asked once in vain; `long_context` offers the tools of all servers.
    """

    target: str
    calls: tuple[PlannedCall, ...]
    kind: TurnKind = "base"
    relation: Relation = "opens"
    withheld: Withheld | None = None
    slip: Slip | None = None


@dataclass(frozen=True, slots=True)
class TrajectoryPlan:
    """One planned item: what every turn is to reach, before anything was executed."""

    index: int
    seed: int
    turns: tuple[TurnPlan, ...]
    deep: bool = False
    """Whether its turns are to go on from the longest chain: where one breaks off, it is gone on with elsewhere."""

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
