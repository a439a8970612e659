"""Which trajectories to make: targets that the dataset covers least, then plans that reach them.

Plans depend on the graph, the seed, and the outcomes of whole earlier waves; never on timing. So the same run plans the
same items, also when it was killed in between.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from toolweave.graph.plan import FromCall, NoSource, TrajectoryPlan, TurnPlan
from toolweave.graph.planner import Planner

HOPELESS = 3
"""Times a target may fail without ever being kept before it is left alone."""
TURNS = (0.3, 0.4, 0.3)
"""Shares of trajectories with one, two and three turns."""


@dataclass
class Coverage:
    """What has been planned so far, and what became of it."""

    targeted: Counter[str] = field(default_factory=Counter[str])
    kept: Counter[str] = field(default_factory=Counter[str])
    lost: Counter[str] = field(default_factory=Counter[str])

    def learn(self, plans: Mapping[int, TrajectoryPlan], outcomes: Mapping[int, str]) -> None:
        """Count the outcomes of a finished wave."""
        for index, plan in plans.items():
            counter = self.kept if outcomes.get(index) == "kept" else self.lost
            counter[plan.turns[0].target] += 1

    def hopeless(self, target: str) -> bool:
        """Whether a target has only ever failed."""
        return self.lost[target] >= HOPELESS and not self.kept[target]


class CoveragePlanner:
    """Draws planned items one after the other."""

    def __init__(self, planner: Planner, seed: int, most_turns: int) -> None:
        self._planner = planner
        self._seed = seed
        self._most_turns = most_turns
        self.coverage = Coverage()

    def plan(self, index: int) -> TrajectoryPlan | NoSource:
        """The item with this number; says which parameter has no source when no target is left."""
        seed = random.Random(f"{self._seed}:{index}").randrange(2**31)
        rng = random.Random(seed)
        first = self._first_turn(rng)
        if isinstance(first, NoSource):
            return first
        turns = [first]
        wanted = rng.choices(range(1, len(TURNS) + 1), TURNS)[0]
        for _ in range(min(wanted, self._most_turns) - 1):
            following = self._following_turn(turns, rng)
            if following is None:
                break
            turns.append(following)
        self.coverage.targeted.update(turn.target for turn in turns)
        return TrajectoryPlan(index, seed, tuple(turns))

    def _first_turn(self, rng: random.Random) -> TurnPlan | NoSource:
        found: TurnPlan | NoSource = NoSource("any tool", "")
        for target in self._least_covered(self._planner.reachable(), rng):
            found = self._planner.plan_turn(target, rng)
            if isinstance(found, TurnPlan):
                return found
        return found

    def _following_turn(self, turns: list[TurnPlan], rng: random.Random) -> TurnPlan | None:
        """A turn that builds on a value of an earlier one, where the graph has such an edge."""
        earlier = [(call.step, call.tool) for turn in turns for call in turn.calls]
        had = {tool for _, tool in earlier}
        fed = {edge.target for tool in had for edge in self._planner.graph.out_of(tool) if edge.confidence >= 0.5}
        targets = [tool for tool in self._planner.reachable() if tool in fed and tool not in had]
        for target in self._least_covered(targets, rng):
            found = self._planner.plan_turn(target, rng, earlier, len(earlier))
            if isinstance(found, TurnPlan) and _builds_on(found, len(earlier)):
                return found
        return None

    def _least_covered(self, targets: list[str], rng: random.Random) -> list[str]:
        hopeful = [target for target in targets if not self.coverage.hopeless(target)]
        draw = {target: rng.random() for target in hopeful}
        return sorted(hopeful, key=lambda target: (self.coverage.targeted[target], draw[target]))


def _builds_on(turn: TurnPlan, first_step: int) -> bool:
    return any(
        isinstance(source, FromCall) and source.step < first_step
        for call in turn.calls
        for source in call.sources.values()
    )
