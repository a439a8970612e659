"""How many turns have many dependent calls: of kept rows, and of plans that are on the way.

A plan's turn may be divided before it is spoken, or its chain may come out shorter. So what counts is the rows; a plan
on the way counts for as many long turns as plans with so many have brought so far.
"""

from __future__ import annotations

from dataclasses import dataclass

from toolweave.graph.plan import TrajectoryPlan, TurnPlan
from toolweave.graph.planning.draft import depends

LONG = 3
"""Dependent calls that make a turn long."""
PRIOR_WEIGHT = 12.0
"""How many planned long turns the assumption is worth that each becomes one long turn."""


def is_long(turn: TurnPlan) -> bool:
    """Whether a turn has many calls that depend on earlier ones."""
    return sum(depends(call) for call in turn.calls) >= LONG


@dataclass
class LongTurns:
    """Turns of kept rows and of plans on the way."""

    turns: int = 0
    long: int = 0
    """Those of the turns of kept rows that are long."""
    planned: int = 0
    """Long turns of the plans that these rows, and those that were lost, were made of."""
    turns_ahead: int = 0
    long_ahead: int = 0
    """Long turns of plans that are on the way."""

    def plan(self, plan: TrajectoryPlan) -> None:
        """Count a plan that is on the way."""
        self.turns_ahead += len(plan.turns)
        self.long_ahead += sum(map(is_long, plan.turns))

    def forget(self, plan: TrajectoryPlan) -> None:
        """Count a plan no more."""
        self.turns_ahead -= len(plan.turns)
        self.long_ahead -= sum(map(is_long, plan.turns))

    def settle(self, plan: TrajectoryPlan, turns: int, long: int) -> None:
        """Count what became of a plan on the way: so many turns of a row, so many of them long."""
        self.forget(plan)
        self.planned += sum(map(is_long, plan.turns))
        self.turns += turns
        self.long += long

    def are_wanted(self, share: float) -> bool:
        """Whether fewer than this share of the turns are long, or will be."""
        rate = (self.long + PRIOR_WEIGHT) / (self.planned + PRIOR_WEIGHT)
        return self.long + rate * self.long_ahead < share * (self.turns + self.turns_ahead + 1)
