"""What a dataset should rather be about than its coverage alone would have it: what a model gets wrong."""

from __future__ import annotations

from dataclasses import dataclass

FOCUSED = 0.75
"""Share of the turns that are planned for what is in focus; the others keep what the model gets right."""


@dataclass(frozen=True, slots=True)
class Focus:
    """Where plans should go first; nowhere by default."""

    tools: frozenset[str] = frozenset()
    """Ids of the tools that should be targets."""
    options: bool = False
    """Whether targets should carry values that they could do without."""
    deep: bool = False
    """Whether more trajectories should go on from their longest chain."""


EVERYWHERE = Focus()
