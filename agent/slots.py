"""What there is to decide about a call: for every thing that it takes and every value that a user says, the choices."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolweave.agent.memory import names
from toolweave.agent.trace import Source
from toolweave.graph.plan import PlannedCall
from toolweave.servers.json_values import canonical

Blamed = tuple[str, ...]
"""What a choice is known by among the tries of one item: a row of an output, or a value of a parameter."""
MOST_COMBINED = 400
"""Combinations of choices that are looked at for one call."""


@dataclass(frozen=True, slots=True)
class Pick:
    """One choice."""

    values: dict[str, tuple[Any, Source]]
    """Parameter pattern → value and where it comes from."""
    blamed: Blamed
    places: tuple[str, ...] = ()
    """Where a row was taken, the leading place first; empty when the user says the value."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One thing to decide, with the choices in the order in which they should be tried."""

    name: str
    picks: tuple[Pick, ...]
    steps: frozenset[int] = frozenset()
    """Earlier steps that would have to be made otherwise for there to be other choices."""
    thing: tuple[str, int] | None = None
    """(call id, item), where a row is decided."""


@dataclass(frozen=True, slots=True)
class Filling:
    """The arguments of a call, as they were decided."""

    arguments: dict[str, Any]
    sources: dict[str, Source]
    picks: dict[str, Pick]
    """Name of the slot → what was chosen."""
    slots: tuple[Slot, ...] = ()

    @property
    def key(self) -> str:
        """Equal for equal arguments."""
        return canonical(self.arguments)

    def suspects(self, reason: str) -> list[Slot]:
        """The slots to blame for a failure: those whose value the error names, else all."""
        named = [
            slot
            for slot in self.slots
            if any(names(reason, value) for value, _ in self.picks[slot.name].values.values())
        ]
        return named or list(self.slots)


@dataclass
class Leg:
    """One planned call on the way through a plan, and what has been tried for it since an earlier one changed."""

    planned: PlannedCall
    turn: int
    inserted: bool = False
    """Whether it was put before a call that failed without it."""
    original: PlannedCall = field(init=False)
    done: Filling | None = None
    """How it was made last; made again on another environment, it is made like this."""
    tried: set[str] = field(default_factory=set[str])
    """Arguments that lead nowhere, by their key."""
    failures: int = 0
    first: Filling | None = None
    """Its first failure, for calls that might enable it."""
    reason: str = ""
    """What the server said of the first failure."""
    alike: int = 0
    """Failures for this very reason."""
    helped: set[str] = field(default_factory=set[str])
    """Tools that were tried in vain before it, and parameters that were added."""
    conflicts: set[int] = field(default_factory=set[int])
    """Earlier steps that later failures depend on too."""

    def __post_init__(self) -> None:
        self.original = self.planned

    def fail(self, filling: Filling, reason: str) -> None:
        """Note that these arguments lead nowhere."""
        self.reject(filling, reason)
        self.alike += reason == self.reason
        self.first = self.first or filling

    def reject(self, filling: Filling, reason: str) -> None:
        """Note that what comes after the call does not work with these arguments."""
        self.tried.add(filling.key)
        self.failures += 1
        self.reason = self.reason or reason
        self.done = None

    def kept(self) -> Leg:
        """The same call, to be made as it was made last."""
        leg = Leg(self.planned, self.turn, self.inserted)
        leg.original, leg.done = self.original, self.done
        return leg

    def anew(self) -> Leg:
        """The same call with nothing tried."""
        return Leg(self.original, self.turn)


def combined(slots: Sequence[Slot]) -> Iterator[dict[str, Pick]]:
    """Choices for all slots together, the first choices first; at most `MOST_COMBINED`."""
    queue: list[tuple[int, tuple[int, ...]]] = [(0, (0,) * len(slots))]
    seen = {queue[0][1]}
    for _ in range(MOST_COMBINED):
        if not queue:
            return
        rank, at = heapq.heappop(queue)
        yield {slot.name: slot.picks[number] for slot, number in zip(slots, at, strict=True)}
        for place, slot in enumerate(slots):
            further = (*at[:place], at[place] + 1, *at[place + 1 :])
            if further[place] < len(slot.picks) and further not in seen:
                seen.add(further)
                heapq.heappush(queue, (rank + 1, further))
