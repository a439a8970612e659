"""What there is to decide about a call: for every thing that it takes and every value that a user says, the choices."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolweave.agent.memory import names
from toolweave.agent.trace import Source
from toolweave.graph.plan import PlannedCall
from toolweave.servers.json_values import canonical

Blamed = tuple[str, ...]
"""What a choice is known by among the tries of one item: a row of an output, or a value of a parameter."""
Culprit = dict[str, Blamed]
"""Choices by the name of their slot; a call that has all of them does not work."""
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

    def chosen(self, slots: Iterable[Slot]) -> Culprit:
        """What was chosen in some of the slots."""
        return {slot.name: self.picks[slot.name].blamed for slot in slots}

    def named(self, reason: str) -> list[Slot]:
        """The slots whose value an error names."""
        return [
            slot
            for slot in self.slots
            if any(names(reason, value) for value, _ in self.picks[slot.name].values.values())
        ]


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
    refused: list[tuple[Filling, str]] = field(default_factory=list[tuple[Filling, str]])
    """How it failed, and why."""
    culprits: list[Culprit] = field(default_factory=list[Culprit])
    """What the failures had in common; none is part of another."""
    helped: set[str] = field(default_factory=set[str])
    """Tools that were tried before it."""
    conflicts: set[int] = field(default_factory=set[int])
    """Earlier steps that later failures depend on too."""

    def __post_init__(self) -> None:
        self.original = self.planned

    def fail(self, filling: Filling, reason: str) -> None:
        """Note that these arguments lead nowhere."""
        self.reject(filling, reason)
        self.alike += reason == self.reason
        self.first = self.first or filling
        self.refused.append((filling, reason))
        culprit = filling.chosen(filling.named(reason)) or self._in_common(reason)
        self.culprits = [one for one in self.culprits if not culprit.items() <= one.items()]
        self.culprits.append(culprit)

    def is_doomed(self, filling: Filling) -> bool:
        """Whether the arguments have something that every failure for one reason had."""
        return any(culprit.items() <= filling.chosen(filling.slots).items() for culprit in self.culprits)

    def suspects(self) -> list[Slot]:
        """The slots of which one has to be decided otherwise."""
        found = {name for culprit in self.culprits for name in culprit}
        return [slot for slot in self.refused[-1][0].slots if slot.name in found] if self.refused else []

    def _in_common(self, reason: str) -> Culprit:
        """What all calls had that failed for this very reason: whatever else they had is not to blame."""
        choices = [filling.chosen(filling.slots) for filling, why in self.refused if why == reason]
        return {name: one for name, one in choices[0].items() if all(each.get(name) == one for each in choices)}

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
