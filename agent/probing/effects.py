"""What walks have shown: which call, made first, lets another succeed or fail, and which calls change what is read.

A *situation* is an origin (ids that exist from the start, or nothing) and the calls made since, in order. In equal
situations on fresh environments a call is taken to end the same way, so two situations that differ by one call at
their end are the same experiment without and with that call. What a thing that was made on the way lived through since
then is its *life*; lives that began with the same call are alike, and what they suggest is worth an experiment.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from toolweave.graph.model import Edge, Effect, Evidence

Action = tuple[str, int]
"""(tool id, variant of its arguments)."""
Situation = tuple[str | Action, ...]
"""Origin, then the actions made since."""

SEEN_ENOUGH = 2
"""Equal outcomes without and with a call after which the pair is left alone."""


Pairs = dict[tuple[Action, str], Counter[tuple[bool, bool]]]
"""(first action, second tool) → how often the second worked (without, with) the first before it."""


@dataclass(slots=True)
class Rows:
    """How calls ended, by situation."""

    ends: dict[Situation, dict[Action, set[bool]]] = field(default_factory=dict[Situation, dict[Action, set[bool]]])
    sent: dict[tuple[Situation, Action], str] = field(default_factory=dict[tuple[Situation, Action], str])
    """The arguments of those calls, as text."""

    def note(self, situation: Situation, action: Action, arguments: str, worked: bool) -> None:
        """Take in how a call ended."""
        self.ends.setdefault(situation, {}).setdefault(action, set()).add(worked)
        self.sent[situation, action] = arguments

    def known(self, situation: Situation, action: Action) -> bool | None:
        """How a call ends in a situation; `None` when nothing is known or it depends on something else."""
        seen = self.ends.get(situation, {}).get(action, set())
        return next(iter(seen)) if len(seen) == 1 else None

    def pairs(self) -> Pairs:
        """Outcomes of equal calls in situations that differ by one call at their end."""
        found: Pairs = {}
        for situation, row in self.ends.items():
            last = situation[-1]
            if isinstance(last, str) or len(situation) < 2:
                continue
            for action in row:
                before, after = self.known(situation[:-1], action), self.known(situation, action)
                same = self.sent.get((situation[:-1], action)) == self.sent[situation, action]
                if before is not None and after is not None and same:
                    found.setdefault((last, action[0]), Counter())[before, after] += 1
        return found


@dataclass(slots=True)
class Effects:
    """What is known, and what is only suspected."""

    exact: Rows = field(default_factory=Rows)
    """By the whole situation: experiments that differ in one call and in nothing else."""
    lives: Rows = field(default_factory=Rows)
    """By what was done since the thing that a call is about was made: alike enough to raise suspicion."""
    changed: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Tool id → ids of tools whose output was different after it."""
    compared: Counter[str] = field(default_factory=Counter[str])
    """Tool id → times that outputs were read before and after it."""
    _sure: Pairs = field(default_factory=Pairs)
    _likely: Pairs = field(default_factory=Pairs)

    def refresh(self) -> None:
        """Compare anew."""
        self._sure, self._likely = self.exact.pairs(), self.lives.pairs()

    def suspected(self, first: Action, second: str) -> bool:
        """Whether alike experiments suggest an effect that no exact one has shown or refuted."""
        likely, sure = self._likely.get((first, second)), self._sure.get((first, second), Counter())
        if likely is None:
            return False
        return any(
            likely[without, not without] and not sure[without, not without] and sure[without, without] < SEEN_ENOUGH
            for without in (True, False)
        )

    def settled(self, first: Action, second: str, without: bool | None) -> bool:
        """Whether one more experiment would hardly teach anything; `without` is how the second ends without."""
        if self.suspected(first, second):
            return False
        sure, likely = self._sure.get((first, second), Counter()), self._likely.get((first, second), Counter())
        if without is None:
            shown = sure[False, True] + sure[True, False]
            return shown > 0 or sum(sure.values()) + sum(likely.values()) >= 2 * SEEN_ENOUGH
        return sure[without, not without] > 0 or sure[without, without] + likely[without, without] >= SEEN_ENOUGH

    def edges(self) -> list[Edge]:
        """The state edges that were shown."""
        found: list[Edge] = []
        summed: dict[tuple[str, str], Counter[tuple[bool, bool]]] = {}
        for (first, second), counts in self.exact.pairs().items():
            if first[0] != second:
                summed.setdefault((first[0], second), Counter()).update(counts)
        for (first, second), counts in sorted(summed.items()):
            for effect, without in (("enables", False), ("disables", True)):
                flips, same = counts[without, not without], counts[without, without]
                if flips:
                    found.append(_edge(first, second, "enables" if effect == "enables" else "disables", flips, same))
        known = {(edge.source, edge.target) for edge in found}
        for first, others in sorted(self.changed.items()):
            found += [_affects(first, other) for other in sorted(others) if (first, other) not in known]
        return found


def _edge(first: str, second: str, effect: Effect, flips: int, same: int) -> Edge:
    share = (flips + 1) / (flips + same + 1)
    does = "works only after" if effect == "enables" else "no longer works after"
    why = f"{second} {does} {first}, all else being equal"
    evidence = Evidence("intervened", round(share, 4), flips + same, flips, why=why)
    return Edge(first, "", second, "", "state", round(0.7 + 0.25 * share, 4), (evidence,), effect)


def _affects(first: str, second: str) -> Edge:
    evidence = Evidence("intervened", 1.0, 1, 1, why=f"{second} returns something else after {first}")
    return Edge(first, "", second, "", "state", 0.5, (evidence,), "affects")
