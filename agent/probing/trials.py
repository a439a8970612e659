"""Trials: calls whose end is known at two points of one path.

A *situation* is a fresh environment and the calls made since, in order. In equal situations a call is taken to end the
same way. A *trial* is one call whose end is known at two points of one path: what happened in between made the
difference, or none of it did.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from toolweave.agent.probing.calltext import Action
from toolweave.graph.model import Effect

Situation = tuple[Action, ...]
"""`START`, then the actions made since."""
START: Action = ("", "")
"""A fresh environment."""

End = int
"""How a call ended: 0 when it worked, else the number of its kind of error."""
WORKED: End = 0
UNKNOWN: End = -1
"""Some error, nobody knows which."""

HOW_CLOSE = " ?~="
"""How closely a call can be about what a step is about, by one parameter."""
NAMED, NEAR, FAR, BESIDE = 1.5, 0.8, 0.35, 0.4
"""Worth of a trial of a call whose error named what the step is about, and of one between calls about neighbours,
neighbours of neighbours, and when one is about no thing."""


@dataclass(slots=True)
class Rows:
    """How calls ended, by situation."""

    ends: dict[Situation, dict[Action, set[End]]] = field(default_factory=dict[Situation, dict[Action, set[End]]])

    def note(self, situation: Situation, action: Action, end: End) -> None:
        """Take in how a call ended."""
        self.ends.setdefault(situation, {}).setdefault(action, set()).add(end)

    def known(self, situation: Situation, action: Action) -> End | None:
        """How a call ends in a situation; `None` when nothing is known or it depends on something else."""
        seen = self.ends.get(situation, {}).get(action, set())
        return next(iter(seen)) if len(seen) == 1 else None

    def last_known(self, situation: Situation, action: Action) -> tuple[int, End] | None:
        """The longest beginning of a path after which it is known how a call ends: its length, and the end."""
        for size in range(len(situation), 0, -1):
            end = self.known(situation[:size], action)
            if end is not None:
                return size, end
            if action in self.ends.get(situation[:size], {}):
                return None
        return None

    def trials(self) -> Iterator[Trial]:
        """Calls whose end is known at two points of one path."""
        for situation, row in self.ends.items():
            for action in row if len(situation) > 1 else ():
                after, before = self.known(situation, action), self.last_known(situation[:-1], action)
                if before is not None and after is not None:
                    yield Trial(situation, before[0], action, before[1], after)


@dataclass(frozen=True, slots=True)
class Trial:
    """One call whose end is known at two points of one path."""

    situation: Situation
    since: int
    """Length of the path at the first point."""
    action: Action
    before: End
    after: End

    @property
    def between(self) -> Situation:
        """The steps between the two points."""
        return self.situation[self.since :]

    @property
    def effect(self) -> Effect:
        """What would show if the ends differed."""
        return "disables" if self.before == WORKED else "enables"

    @property
    def changed(self) -> bool:
        """Whether the call failed at both points for different reasons."""
        return self.before != self.after and self.before > WORKED and self.after > WORKED

    @property
    def flipped(self) -> bool:
        """Whether the call worked at one of the points only."""
        return (self.before == WORKED) != (self.after == WORKED)


def closeness(manner: str) -> float:
    """How closely a call is about what a step is about, by the parameters that make it so."""
    if "!" in manner:
        return NAMED
    if "=" in manner:
        return 1.0
    if "~" in manner:
        return NEAR
    return FAR if "?" in manner else BESIDE


@lru_cache(maxsize=1 << 14)
def as_close(one: str, other: str) -> bool:
    """Whether one manner is at least as close as another one in every parameter."""
    if "!" in other and "!" not in one:
        return False
    how = {part[:-1]: part[-1] for part in one.rstrip("!").split(",") if part}
    return all(
        HOW_CLOSE.find(how.get(part[:-1], " ")) >= HOW_CLOSE.index(part[-1])
        for part in other.rstrip("!").split(",")
        if part and part[-1] in HOW_CLOSE
    )
