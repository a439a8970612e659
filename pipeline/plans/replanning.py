"""Another plan for an item of which a turn could not be made: another way to its target, another end, another target.

It depends on the item, the graph and the coverage at the end of an earlier wave, never on what other items of its wave
have come to.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from toolweave.agent.memory import Memory
from toolweave.agent.rehearse import NotRehearsed
from toolweave.graph.plan import Relation, TrajectoryPlan, TurnPlan
from toolweave.graph.planner import Wish
from toolweave.graph.planning.chances import EdgeKey
from toolweave.graph.planning.draft import Leaning, Past, edges_of
from toolweave.graph.planning.shortening import shortened
from toolweave.graph.relations import past_for
from toolweave.pipeline.plans.drawing import Drawer, Drawing, drawn_relations
from toolweave.pipeline.plans.grid import Request

REDRAWN = 4
"""Times that a turn is drawn until it is another one."""
USED = 10.0
"""What an edge that led nowhere counts against its being taken again."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """What was known when an item was planned."""

    drawer: Drawer
    """Over the coverage as it was; it does not change."""
    memory: Memory

    def replan(self, lost: NotRehearsed, tries: int) -> TrajectoryPlan | None:
        """Another plan for the item; its turns before the lost one stay.

        Args:
            lost: What could not be made.
            tries: How many plans of the item have been lost.
        """
        plan, old = lost.plan, lost.plan.turns[lost.turn]
        rng = random.Random(f"{plan.seed}:{lost.turn}:{tries}")
        draw = Drawing(rng, old.target not in self.drawer.planner.trusted.costs, plan.deep)
        draw.request = Request(tools=self.drawer.home.get(plan.turns[0].target))
        for turn in plan.turns[: lost.turn]:
            draw.take(turn)
        found = self._instead(lost, old, draw, tries)
        if found is None:
            return None
        draw.take(found)
        for later in plan.turns[lost.turn + 1 :]:
            self._follow(later, draw)
        return replace(plan, turns=tuple(draw.turns))

    def shorten(self, lost: NotRehearsed) -> TrajectoryPlan:
        """What is left of a plan: its turns before the lost one, and what this one had come to."""
        plan = shortened(lost.plan, lost.turn, lost.step)
        asked = lost.turn > 0 or all(self.drawer.aims.is_asked_for(turn.target) for turn in plan.turns)
        return plan if asked else replace(plan, turns=())

    def _instead(self, lost: NotRehearsed, old: TurnPlan, draw: Drawing, tries: int) -> TurnPlan | None:
        ways = [self._same_target, self._other_end, self._other_target]
        if lost.tool == old.target or draw.deep:
            ways = [self._other_end, self._same_target, self._other_target]
        for way in ways if draw.deep else ways[min(tries, len(ways)) - 1 :]:
            for _ in range(REDRAWN):
                found = way(lost, old, draw)
                if found is not None and found.calls != old.calls:
                    return found
        return None

    def _same_target(self, lost: NotRehearsed, old: TurnPlan, draw: Drawing) -> TurnPlan | None:
        """The same target, fed through other edges."""
        past = past_for(old.relation, tuple(draw.turns)) or Past(tuple(draw.turns))
        leaning = self._leaning(lost, draw, draw.deep)
        found = self.drawer.planner.plan_turn(Wish(old.target, old.kind, 0, leaning), draw.rng, past)
        return found if isinstance(found, TurnPlan) else None

    def _other_end(self, lost: NotRehearsed, old: TurnPlan, draw: Drawing) -> TurnPlan | None:
        """What worked of the turn, gone on with in another way."""
        good = [call for call in old.calls if call.step < lost.step]
        if not good or old.kind == "parallel":
            return None
        past = past_for(old.relation, tuple(draw.turns)) or Past(tuple(draw.turns))
        leaning = self._leaning(lost, draw, draw.deep or draw.rng.random() < 0.5)
        wish = Wish(good[-1].tool, old.kind, max(1, len(old.calls) - 1), leaning)
        found = self.drawer.planner.go_on(wish, good, draw.rng, past)
        return found if found is not None and self.drawer.aims.is_asked_for(found.target) else None

    def _other_target(self, lost: NotRehearsed, old: TurnPlan, draw: Drawing) -> TurnPlan | None:
        relations: list[Relation] = [old.relation, *(drawn_relations(draw.rng) if draw.turns else [])]
        found = self.drawer.turn_of(old.kind, relations, draw)
        return found if found is not None and lost.failing.isdisjoint(call.tool for call in found.calls) else None

    def _follow(self, turn: TurnPlan, draw: Drawing) -> None:
        """Plan a later turn once more, after what comes before it now; it is left out where there is none."""
        if turn.kind == "irrelevant":
            found = turn if turn.target in self.drawer.planner.unoffered(tuple(draw.turns)) else None
        else:
            found = self.drawer.turn_of(turn.kind, [turn.relation, *drawn_relations(draw.rng)], draw)
        if found is not None:
            draw.take(found)

    def _leaning(self, lost: NotRehearsed, draw: Drawing, deep: bool) -> Leaning:
        covered, avoided = self._covered(lost), self.drawer.coverage.avoided | lost.failing
        chances = self.drawer.coverage.chances
        return Leaning(covered, None, draw.exploring, avoided, deep, draw.straight, chances=chances)

    def _covered(self, lost: NotRehearsed) -> Mapping[EdgeKey, float]:
        turns = lost.plan.turns
        tried = edges_of(turns[: lost.turn + 1])[len(edges_of(turns[: lost.turn])) :]
        return Counter(dict(self.drawer.coverage.weights)) + Counter(dict.fromkeys(tried, USED))
