"""Crossings: which call is to be crossed next, that is to be made with other calls tried before and after it.

Every tool that changes something is crossed in turn, the one that was crossed least first: on the path from which most
can be learned per call, and where no path promises anything, by a call about things that were hardly used yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from toolweave.agent.probing.calltext import Action, call_text
from toolweave.agent.probing.goals import known_on, leads, shortened
from toolweave.agent.probing.steps import Steps
from toolweave.agent.probing.trials import START, WORKED, End, Situation
from toolweave.servers.tools import Tool

MOST_TIMES = 3
"""Crossings on one path."""
LONGEST = 6
"""Steps of a path, the beginning included, beyond which nothing is crossed."""
LEAST_GAIN = 0.2
"""Gain per call below which a call about other things is as good."""
MOST_GAIN = 6.0
"""What one crossing teaches at most, because an environment can hardly stand more."""
USED = 2
"""Calls that it counts for when the same path, or a call with the same arguments, was crossed before."""


@dataclass
class Crossings:
    """Which calls are to be crossed."""

    steps: Steps
    _taken: Counter[Situation] = field(default_factory=Counter[Situation])
    """Path → times that its last call was crossed."""
    _count: Counter[str] = field(default_factory=Counter[str])
    """Tool id → crossings of it."""
    _used: Counter[str] = field(default_factory=Counter[str])
    """Arguments → crossings of a call with them."""
    _ends: dict[Situation, dict[Action, End]] = field(default_factory=dict[Situation, dict[Action, End]])
    """Situation → how calls should end there, as far as it is known at present."""

    def next(self) -> Situation | None:
        """A path of calls, the last of which is to be crossed; `None` when there is nothing to cross."""
        best = self._best_paths()
        ranked: list[tuple[int, float, int, Situation]] = []
        for place, tool in enumerate(self._writers()):
            gain, path = best.get(tool.id, (0.0, None))
            if path is None or gain < LEAST_GAIN:
                gain, path = LEAST_GAIN, self._other(tool) or path
            if path is not None:
                ranked.append((self._count[tool.id], -gain, place, path))
        if not ranked:
            return None
        path = self._varied(min(ranked, key=lambda item: item[:3])[-1])
        self._count[path[-1][0]] += 1
        self._taken[path] += 1
        self._used[path[-1][1]] += 1
        return path

    def count(self, path: Situation) -> int:
        """How often the tool of the last call of a path was crossed."""
        return self._count[path[-1][0]]

    def _best_paths(self) -> dict[str, tuple[float, Situation]]:
        """Tool id → the path to a call of it from which most can be learned, and how much that is."""
        self._ends.clear()
        best: dict[str, tuple[float, Situation]] = {}
        for path in dict.fromkeys(self._paths()):
            gain = self._gain(path)
            if path[-1][0] not in best or best[path[-1][0]][0] < gain:
                best[path[-1][0]] = gain, path
        return best

    def _paths(self) -> Iterator[Situation]:
        """Paths to calls that should work, also without the steps that they do not seem to need."""
        effects = self.steps.effects
        for situation in effects.exact.ends:
            for action, end in self._on(situation).items() if len(situation) <= LONGEST else ():
                if end == WORKED and action not in situation:
                    goal = shortened(effects, situation, action, 0.0, keep_last=False)
                    for path in ((*goal.situation, goal.action), (*situation, action)):
                        if self._taken[path] < MOST_TIMES and leads(effects, path):
                            yield path

    def _on(self, situation: Situation) -> dict[Action, End]:
        if situation not in self._ends:
            self._ends[situation] = known_on(self.steps.effects, situation)
        return self._ends[situation]

    def _gain(self, path: Situation) -> float:
        """What crossing the last call of a path is likely to teach, per call of the way."""
        effects, total = self.steps.effects, 0.0
        for action, end in self._on(path[:-1]).items():
            if action != path[-1]:
                total += effects.worth(path[-1], action, end, effects.manner(path[-1], action))
        used = self._used[path[-1][1]] + self._taken[path]
        return (1.0 + min(total, MOST_GAIN)) / (len(path) + USED * used)

    def _writers(self) -> list[Tool]:
        return [tool for tool in self.steps.explorer.tools if not self.steps.explorer.reads(tool)]

    def _varied(self, path: Situation) -> Situation:
        """The path with another choice in its last call, in turn, unless that is known to fail."""
        name = path[-1][0]
        other = (*path[:-1], (name, self.steps.bindings.varied(path[-1], self._count[name])))
        return other if self._taken[other] < MOST_TIMES and leads(self.steps.effects, other) else path

    def _other(self, tool: Tool) -> Situation | None:
        """A call of a tool, not made yet, about things that were used least."""
        steps = self.steps
        filled = steps.explorer.filler.fill(tool, self._count[tool.id], avoid=steps.bindings.is_gone, guess=False)
        if filled is None:
            return None
        steps.explorer.filler.used(tool, filled)
        action = (tool.id, call_text(filled.arguments, {}))
        return None if action in steps.effects.exact.ends.get((START,), {}) else (START, action)
