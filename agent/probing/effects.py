"""What walks have shown: which call, made first, lets another succeed or fail, and which calls change what is read.

A *situation* is a fresh environment and the calls made since, in order. In equal situations a call is taken to end the
same way, so two situations that differ by one call at their end are the same experiment without and with that call.
Calls that were tried and never made a difference to a third may stand between. What a thing that was made on the way
lived through since then is its *life*; lives that began with the same call are alike, and what they suggest is worth
an experiment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from toolweave.agent.probing.session import Observation, alike
from toolweave.graph.model import Edge, Effect, Evidence

Action = tuple[str, str]
"""(tool id, its arguments as text, with things made on the way named by the step that made them); in lives, (tool id,
choice of arguments)."""
Situation = tuple[Action, ...]
"""`START`, then the actions made since; a life has no start."""
START: Action = ("", "")
"""A fresh environment."""

SUSPECTED_FOR = 2
"""Equal outcomes without and with a call that end a suspicion."""
STUCK_FOR = 12
"""Calls before it that did not change an error, after which it is taken to be final."""
STUCK_APART = 5
"""The same, for calls that are only partly about the same things."""
HARMLESS_AFTER = 2
"""Equal outcomes without and with a call about the same things, after which it is taken to make no difference."""
KNOWN_AGAIN = 3
"""Equal outcomes of a call made twice in a row, after which it is not made twice any more."""

End = int
"""How a call ended: 0 when it worked, else the number of its kind of error."""
WORKED: End = 0
Ends = Counter[tuple[End, End]]
"""How often a call ended so (without, with) another one before it."""
Pairs = dict[tuple[Action, Action], Ends]
"""(first action, second action) → how the second ended."""


Harmless = Callable[[Action, Action], bool]
"""Whether the first call is known to make no difference to the second."""


def _nothing_is(_: Action, __: Action) -> bool:
    return False


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

    def pairs(self, harmless: Harmless = _nothing_is) -> Pairs:
        """Outcomes of equal calls in situations that differ by one call at their end, and by harmless ones before."""
        found: Pairs = {}
        for situation, row in self.ends.items():
            if len(situation) < 2:
                continue
            for action in row:
                before, after = self.presumed(situation[:-1], action, harmless), self.known(situation, action)
                if before is not None and after is not None:
                    found.setdefault((situation[-1], action), Counter())[before, after] += 1
        return found

    def presumed(self, situation: Situation, action: Action, harmless: Harmless) -> End | None:
        """How a call ends in a situation, or ended before the harmless calls at the end of it."""
        while situation:
            end = self.known(situation, action)
            if end is not None or action in self.ends.get(situation, {}) or not harmless(situation[-1], action):
                return end
            situation = situation[:-1]
        return None


@dataclass(slots=True)
class Effects:
    """What is known, and what is only suspected."""

    exact: Rows = field(default_factory=Rows)
    """By the whole situation: experiments that differ in one call and in nothing else."""
    lives: Rows = field(default_factory=Rows)
    """By what was done since the thing that a call is about was made: alike enough to raise suspicion."""
    kinds: dict[Action, Action] = field(default_factory=dict[Action, Action])
    """Action of exact rows → (tool id, choice of arguments)."""
    closeness: dict[tuple[Action, Action], int] = field(default_factory=dict[tuple[Action, Action], int])
    """(first, second) of exact rows → how much the second is about what the first is about."""
    firsts: Counter[tuple[Action, str]] = field(default_factory=Counter[tuple[Action, str]])
    """(kind of the last action, tool id) → times that the tool was tried without knowing how it ended before."""
    changed: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Tool id → ids of tools whose output was different after it."""
    compared: Counter[str] = field(default_factory=Counter[str])
    """Tool id → times that outputs were read before and after it."""
    patience: int = 1
    """Equal outcomes without and with a call after which they are taken to be always equal."""
    _sure: dict[tuple[Action, str, int], Ends] = field(default_factory=dict[tuple[Action, str, int], Ends])
    """(kind of the first, second tool, closeness) → what exact experiments say."""
    _likely: dict[tuple[Action, str], Ends] = field(default_factory=dict[tuple[Action, str], Ends])
    """(kind of the first, second tool) → what alike experiments say."""
    _tools: dict[tuple[str, str], Ends] = field(default_factory=dict[tuple[str, str], Ends])
    """(first tool, second tool) → what exact experiments say."""
    _pairs: Pairs = field(default_factory=Pairs)
    _stuck: dict[tuple[str, End], int] = field(default_factory=dict[tuple[str, End], int])
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
        self._sure, self._likely, self._tools = {}, {}, {}
        for (first, second), counts in self.lives.pairs().items():
            self._likely.setdefault((first, second[0]), Counter()).update(counts)
        self._sum_up(self.exact.pairs())
        self._sum_up(self.exact.pairs(self.harmless))
        self._stuck = self._stuck_ends()

    def _sum_up(self, pairs: Pairs) -> None:
        self._pairs, self._sure, self._tools = pairs, {}, {}
        for (first, second), counts in pairs.items():
            for close in range(self.closeness.get((first, second), APART) + 1):
                self._sure.setdefault((self.kind(first), second[0], close), Counter()).update(counts)
            self._tools.setdefault((first[0], second[0]), Counter()).update(counts)

    def _stuck_ends(self) -> dict[tuple[str, End], int]:
        """(tool, error) that no call before it ever made any other → how often that was seen."""
        found: dict[tuple[str, End], int] = {}
        moved: set[tuple[str, End]] = set()
        for (first, second), counts in self._pairs.items():
            for (before, after), count in counts.items():
                name = (second[0], before)
                found[name] = found.get(name, 0) + count * (first[0] != second[0])
                moved |= {name} if before != after else set()
        return {name: count for name, count in found.items() if name not in moved}

    def again(self, action: Action) -> End | None:
        """How a call ends right after it has worked, where it always ends so."""
        counts = self._tools.get((action[0], action[0]), Counter())
        ends = {after for (before, after), count in counts.items() if before == WORKED and count}
        sure = len(ends) == 1 and counts.total() >= KNOWN_AGAIN
        return next(iter(ends)) if sure and WORKED not in ends else None

    def harmless(self, first: Action, second: Action) -> bool:
        """Whether a call is known to make no difference to another: tried, and never seen to make one."""
        if not first[0] or first[0] == second[0]:
            return False
        tried = self._sure.get((self.kind(first), second[0], CLOSE), Counter())
        ever = self._tools.get((first[0], second[0]), Counter())
        return tried.total() >= HARMLESS_AFTER and all(before == after for before, after in ever)

    def presumed(self, situation: Situation, action: Action) -> End | None:
        """How a call ends in a situation, as far as that follows from what is known."""
        return self.exact.presumed(situation, action, self.harmless)

    def kind(self, action: Action) -> Action:
        """The action without the things that it is about."""
        return self.kinds.get(action, action)

    def suspected(self, first: Action, second: str) -> bool:
        """Whether alike experiments suggest an effect that no exact one has shown or refuted."""
        likely = self._likely.get((self.kind(first), second))
        if likely is None:
            return False
        sure = self._tools.get((first[0], second), Counter())
        return any(
            _shown(likely, effect) and not _shown(sure, effect) and _refuted(sure, effect) < SUSPECTED_FOR
            for effect in EFFECTS
        )

    def shown(self, first: str, second: str, effect: Effect) -> bool:
        """Whether exact experiments have shown an effect of one tool on another."""
        return _shown(self._tools.get((first, second), Counter()), effect) > 0

    def repeatable(self, tool: str) -> bool:
        """Whether a call of a tool is known to work twice in a row, and not known to be refused the second time."""
        counts = self._tools.get((tool, tool), Counter())
        return _refuted(counts, "disables") > _shown(counts, "disables")

    def matters(self, first: str) -> bool:
        """Whether any call ended otherwise because of a tool, its own repetition included."""
        return any(
            _shown(counts, effect)
            for (action, _), counts in self._pairs.items()
            if action[0] == first
            for effect in EFFECTS
        )

    def settled(self, first: Action, second: str, close: int, without: End | None) -> bool:
        """Whether one more experiment would hardly teach anything; `without` is how the second ends without."""
        if self.suspected(first, second):
            return False
        if close == APART and self.patience == 1:
            return True
        stuck = self._stuck.get((second, without), 0) if without else 0
        if stuck >= self.patience * (STUCK_FOR if close == CLOSE else STUCK_APART):
            return True
        counts = self._sure.get((self.kind(first), second, close), Counter())
        if without is None:
            return counts.total() >= self.patience
        effect: Effect = "disables" if without == WORKED else "enables"
        return self.shown(first[0], second, effect) or counts[without, without] >= self.patience

    def edges(self) -> list[Edge]:
        """The state edges that were shown."""
        found: list[Edge] = []
        summed: dict[tuple[str, str], Ends] = {}
        for ((maker, _), (other, _)), counts in self._pairs.items():
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
APART, PARTLY, CLOSE = 0, 1, 2
"""None, some or all of the things that the second call is about belong to those that the first is about."""


def _shown(counts: Ends, effect: Effect) -> int:
    """How often a call made the difference."""
    return sum(
        count
        for (before, after), count in counts.items()
        if (before != WORKED and after == WORKED if effect == "enables" else before == WORKED and after != WORKED)
    )


def _refuted(counts: Ends, effect: Effect) -> int:
    """How often it could have made the difference and made none."""
    return sum(
        count
        for (before, after), count in counts.items()
        if before == after and (before != WORKED if effect == "enables" else before == WORKED)
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
