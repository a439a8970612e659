"""Which kind of turn is wanted next: shares of the kept turns, steered by what was kept and what is on the way.

A turn on the way counts as what turns planned like it have become so far: kept, lost, or kept as another kind (calls
that were planned one by one may be made together). A kind that cannot be had gives its share to the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from toolweave.graph.plan import TURN_KINDS, TrajectoryPlan, TurnKind

PRIOR = 0.7
"""Yield that is assumed of a kind before anything is known of it."""
PRIOR_WEIGHT = 4.0
"""How many planned turns the assumption is worth."""
FRUITLESS = 8
"""Times that no turn of a kind could be planned, without ever one, before it is given up."""
HOPELESS_KIND = 24
"""Planned turns of a kind without one that was kept, before it is given up."""


def row_kinds(plan: TrajectoryPlan) -> list[TurnKind]:
    """Kinds of the turns of a plan's row.

    One in which the tool is missing is followed by one in which it is there; a long context is long for all turns.
    """
    plain: TurnKind = "long_context" if any(turn.kind == "long_context" for turn in plan.turns) else "base"
    found: list[TurnKind] = []
    for turn in plan.turns:
        found.append(plain if turn.kind == "base" else turn.kind)
        if turn.kind == "missing_function":
            found.append(plain)
    return found


def planned_turns(kinds: Sequence[TurnKind]) -> int:
    """How many planned turns a row with these kinds of turns shows."""
    return len(kinds) - kinds.count("missing_function")


class Quotas:
    """The kinds' shares of all kept turns, and how far they are met.

    Args:
        shares: Wanted share of each kind; those left out get none.

    Raises:
        ValueError: No share is above zero.
    """

    def __init__(self, shares: Mapping[TurnKind, float]) -> None:
        self._wanted: dict[TurnKind, float] = {
            kind: shares.get(kind, 0.0) for kind in TURN_KINDS if shares.get(kind, 0.0) > 0.0
        }
        if not self._wanted:
            raise ValueError("no kind of turn has a share above zero")
        self.kept = Counter[TurnKind]()
        """Turns of kept samples."""
        self._settled = Counter[TurnKind]()
        self._became: dict[TurnKind, Counter[TurnKind]] = {kind: Counter() for kind in TURN_KINDS}
        self._on_the_way = Counter[TurnKind]()
        self._fruitless = Counter[TurnKind]()

    def shares(self) -> dict[TurnKind, float]:
        """Shares of the kinds that can be had; they sum to 1."""
        alive: dict[TurnKind, float] = {
            kind: share for kind, share in self._wanted.items() if not self.given_up(kind)
        } or self._wanted
        total = sum(alive.values())
        return {kind: share / total for kind, share in alive.items()}

    def given_up(self, kind: TurnKind) -> bool:
        """Whether a kind could never be planned, or was planned often and never kept."""
        never_planned = not self._settled[kind] and not self._on_the_way[kind]
        return (never_planned and self._fruitless[kind] >= FRUITLESS) or (
            self._settled[kind] >= HOPELESS_KIND and not self.kept[kind]
        )

    def most_wanted(self, so_far: Sequence[TurnKind] = ()) -> list[TurnKind]:
        """Kinds by how much they lack, given the kinds of the trajectory under construction; the most wanted first."""
        waiting = Counter(self._on_the_way)
        waiting.update(so_far)
        have = {kind: self.kept[kind] + self._expected(kind, waiting) for kind in TURN_KINDS}
        total = sum(have.values()) + 1.0
        shares = self.shares()
        return sorted(shares, key=lambda kind: have[kind] - shares[kind] * total)

    def _expected(self, kind: TurnKind, waiting: Counter[TurnKind]) -> float:
        """How many turns of a kind will come of the turns on the way."""
        return sum(count * self.rate(planned, kind) for planned, count in waiting.items())

    def rate(self, planned: TurnKind, kept: TurnKind) -> float:
        """Share of the turns planned as one kind that were kept as this one, with a prior."""
        prior = PRIOR * PRIOR_WEIGHT * (planned == kept)
        return (self._became[planned][kept] + prior) / (self._settled[planned] + PRIOR_WEIGHT)

    def plan(self, kinds: Iterable[TurnKind]) -> None:
        """Count the turns of a row that is on the way."""
        self._on_the_way.update(kinds)

    def forget(self, kinds: Iterable[TurnKind]) -> None:
        """Count the turns of a row no more: another one is on the way instead."""
        self._on_the_way.subtract(list(kinds))

    def could_not_plan(self, kind: TurnKind) -> None:
        """Note that no turn of a kind was found where one was wanted."""
        self._fruitless[kind] += 1

    def learn(self, planned: Sequence[TurnKind], kept: Sequence[TurnKind]) -> None:
        """Note what became of the turns of a row that was on the way; the kept ones are the first."""
        self._settled.update(planned)
        self._on_the_way.subtract(planned)
        self.kept.update(kept)
        if len(kept) > len(planned):  # turns were divided, so nobody can say which became what
            return
        for before, after in zip(planned, kept, strict=False):  # a row may end early
            self._became[before][after] += 1
