"""What walks have shown: which call, made first, lets another succeed or fail, and which calls change what is read.

A *situation* is an origin (ids that exist from the start, or nothing) and the calls made since, in order. In equal
situations on fresh environments a call is taken to end the same way, so two situations that differ by one call at
their end are the same experiment without and with that call. What a thing that was made on the way lived through since
then is its *life*; lives that began with the same call are alike, and what they suggest is worth an experiment.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from toolweave.agent.probing.session import Observation, alike
from toolweave.graph.model import Edge, Effect, Evidence

Action = tuple[str, str]
"""(tool id, its arguments as text, with things made on the way named by the step that made them); in lives, (tool id,
choice of arguments)."""
Situation = tuple[str | Action, ...]
"""Origin, then the actions made since; a life has no origin."""

SEEN_ENOUGH = 2
"""Equal outcomes without and with a call after which the pair is left alone."""


End = int
"""How a call ended: 0 when it worked, else the number of its kind of error."""
WORKED: End = 0
Pairs = dict[tuple[Action, str], Counter[tuple[End, End]]]
"""(first action, second tool) → how often the second ended so (without, with) the first before it."""


@dataclass(slots=True)
class Rows:
    """How calls ended, by situation."""

    ends: dict[Situation, dict[Action, set[End]]] = field(default_factory=dict[Situation, dict[Action, set[End]]])

    def note(self, situation: Situation, action: Action, end: End) -> None:
        """Take in how a call ended."""
        self.ends.setdefault(situation, {}).setdefault(action, set()).add(end)

    def size(self) -> int:
        """How many outcomes are known."""
        return sum(map(len, self.ends.values()))

    def known(self, situation: Situation, action: Action) -> End | None:
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
                if before is not None and after is not None:
                    found.setdefault((last, action[0]), Counter())[before, after] += 1
        return found


@dataclass(slots=True)
class Effects:
    """What is known, and what is only suspected."""

    exact: Rows = field(default_factory=Rows)
    """By the whole situation: experiments that differ in one call and in nothing else."""
    lives: Rows = field(default_factory=Rows)
    """By what was done since the thing that a call is about was made: alike enough to raise suspicion."""
    kinds: dict[Action, Action] = field(default_factory=dict[Action, Action])
    """Action of exact rows → (tool id, choice of arguments)."""
    firsts: Counter[tuple[Action, str]] = field(default_factory=Counter[tuple[Action, str]])
    """(kind of the last action, tool id) → times that the tool was tried without knowing how it ended before."""
    changed: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Tool id → ids of tools whose output was different after it."""
    compared: Counter[str] = field(default_factory=Counter[str])
    """Tool id → times that outputs were read before and after it."""
    _sure: Pairs = field(default_factory=Pairs)
    _likely: Pairs = field(default_factory=Pairs)

    _errors: dict[str, list[frozenset[str]]] = field(default_factory=dict[str, list[frozenset[str]]])

    def end(self, seen: Observation) -> End:
        """The kind of an outcome; errors of one kind say the same, whatever values they name."""
        if seen.worked:
            return WORKED
        kinds = self._errors.setdefault(seen.tool.id, [])
        for number, says in enumerate(kinds, start=1):
            if alike(says, seen.says):
                return number
        kinds.append(seen.says)
        return len(kinds)

    def refresh(self) -> None:
        """Compare anew."""
        self._sure, self._likely = {}, self.lives.pairs()
        for (first, second), counts in self.exact.pairs().items():
            self._sure.setdefault((self.kind(first), second), Counter()).update(counts)

    def kind(self, action: Action) -> Action:
        """The action without the things that it is about."""
        return self.kinds.get(action, action)

    def suspected(self, first: Action, second: str) -> bool:
        """Whether alike experiments suggest an effect that no exact one has shown or refuted."""
        first = self.kind(first)
        likely, sure = self._likely.get((first, second)), self._sure.get((first, second), Counter())
        return likely is not None and any(
            _shown(likely, effect) and not _shown(sure, effect) and _refuted(sure, effect) < SEEN_ENOUGH
            for effect in EFFECTS
        )

    def shown(self, first: Action, second: str, effect: Effect) -> bool:
        """Whether exact experiments have shown an effect."""
        return _shown(self._sure.get((self.kind(first), second), Counter()), effect) > 0

    def matters(self, first: str) -> bool:
        """Whether any call ended otherwise because of a tool, its own repetition included."""
        return any(
            _shown(counts, effect)
            for (action, _), counts in self.exact.pairs().items()
            if action[0] == first
            for effect in EFFECTS
        )

    def settled(self, first: Action, second: str, without: End | None) -> bool:
        """Whether one more experiment would hardly teach anything; `without` is how the second ends without."""
        if self.suspected(first, second):
            return False
        first = self.kind(first)
        sure, likely = self._sure.get((first, second), Counter()), self._likely.get((first, second), Counter())
        if without is None:
            return any(_shown(sure, effect) for effect in EFFECTS) or (sure + likely).total() >= 2 * SEEN_ENOUGH
        if _shown(sure, "disables" if without == WORKED else "enables"):
            return True
        return sum(count for (before, _), count in (sure + likely).items() if before == without) >= SEEN_ENOUGH

    def edges(self) -> list[Edge]:
        """The state edges that were shown."""
        found: list[Edge] = []
        summed: dict[tuple[str, str], Counter[tuple[End, End]]] = {}
        for ((maker, _), other), counts in self.exact.pairs().items():
            if maker != other:
                summed.setdefault((maker, other), Counter()).update(counts)
        for (first, second), counts in sorted(summed.items()):
            for effect in EFFECTS:
                flips = _shown(counts, effect)
                found += [_edge(first, second, effect, flips, _refuted(counts, effect))] if flips else []
        known = {(edge.source, edge.target) for edge in found}
        for first, others in sorted(self.changed.items()):
            found += [_affects(first, other) for other in sorted(others) if (first, other) not in known]
        return found


EFFECTS: tuple[Effect, Effect] = ("enables", "disables")


def _shown(counts: Counter[tuple[End, End]], effect: Effect) -> int:
    """How often a call made the difference."""
    return sum(
        count
        for (before, after), count in counts.items()
        if (before != WORKED and after == WORKED if effect == "enables" else before == WORKED and after != WORKED)
    )


def _refuted(counts: Counter[tuple[End, End]], effect: Effect) -> int:
    """How often it could have made the difference and did not."""
    return sum(
        count
        for (before, after), count in counts.items()
        if (before != WORKED and after != WORKED if effect == "enables" else before == after == WORKED)
    )


def _edge(first: str, second: str, effect: Effect, flips: int, same: int) -> Edge:
    share = (flips + 1) / (flips + same + 1)
    does = "works only after" if effect == "enables" else "no longer works after"
    why = f"{second} {does} {first}, all else being equal"
    evidence = Evidence("intervened", round(share, 4), flips + same, flips, why=why)
    return Edge(first, "", second, "", "state", round(0.7 + 0.25 * share, 4), (evidence,), effect)


def _affects(first: str, second: str) -> Edge:
    evidence = Evidence("intervened", 1.0, 1, 1, why=f"{second} returns something else after {first}")
    return Edge(first, "", second, "", "state", 0.5, (evidence,), "affects")
