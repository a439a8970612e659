"""Draws single turns of a trajectory: aims by coverage, wishes for length and depth, relations to earlier turns."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from toolweave.graph.aims import Aim, Aims
from toolweave.graph.coverage import Coverage
from toolweave.graph.focus import EVERYWHERE, FOCUSED, Focus
from toolweave.graph.plan import Relation, TurnKind, TurnPlan
from toolweave.graph.planner import Planner, Wish
from toolweave.graph.planning.draft import Leaning, Past, depth_of
from toolweave.graph.relations import past_for, relation_of
from toolweave.pipeline.plans.grid import Request

RELATIONS: dict[Relation, float] = {"continues": 0.35, "returns": 0.3, "corrects": 1.0, "switches": 0.15}
"""Weights of how a later turn stands to the earlier ones, where the graph allows each: few calls can be corrected."""
DEPENDENT = {0: 0.3, 1: 0.15, 2: 0.15, 3: 0.2, 5: 0.12, 7: 0.08}
"""Weights of how many calls of a turn should depend on earlier ones."""
LONG_SHARE = 0.33
"""Share of turns that should have many dependent calls; some are lost, and some cannot grow."""
DEEP_SHARE = 0.3
"""Share of turns that grow where their chain is longest; those that are to be the longest always do."""
MOST_DEPENDENT_BUT_PLAIN = 3
"""Dependent calls that are wished for where the kind of turn is hard enough by itself."""
MOST_DEPENDENT_BUT_EASY = 1
"""The same where a sample is to be easy."""
FEW = 4
"""Tools for every dependent call: a small catalogue leaves something for later turns."""
AS_AIMED = 0.6
"""Share of turns for a tool that was no target yet that end with this tool; after a first try in vain, all do."""
MOST_AIMS = 10
"""Targets that are tried for a turn of one kind."""
COMPARED = 4
"""Turns of which the one is taken that adds most for its calls."""
MOST_AIMS_DEEP, COMPARED_DEEP = 40, 24
"""The same where the deepest one is taken: long chains are rare in any graph."""
PLAIN: tuple[TurnKind, ...] = ("base", "long_context")
"""Kinds that ask nothing of the chain."""
ANYTHING = Request()


@dataclass
class Drawing:
    """One trajectory under construction."""

    rng: random.Random
    exploring: bool
    deep: bool = False
    """Whether later turns go on from where the chain is longest."""
    focused: bool = False
    """Whether the turn in hand is to be about what is in focus."""
    request: Request = ANYTHING
    """What the trajectory is asked to be."""
    turns: list[TurnPlan] = field(default_factory=list[TurnPlan])
    kinds: list[TurnKind] = field(default_factory=list[TurnKind])
    """Kinds of the row's turns so far; those of irrelevant turns too, which are planned last."""
    irrelevant: list[int] = field(default_factory=list[int])
    """How many other turns stand before each irrelevant one."""

    @property
    def straight(self) -> bool:
        """Whether nothing is to be done beside the longest chain; what is asked to be hard may be long as well."""
        return self.deep and not self.request.effort

    @property
    def plain(self) -> TurnKind:
        """The kind of an ordinary turn: a long context is long for all turns."""
        return "long_context" if "long_context" in self.kinds else "base"

    def take(self, turn: TurnPlan) -> None:
        """Add a planned turn."""
        self.turns.append(replace(turn, relation=relation_of(turn, self.turns)))
        self.kinds.append(turn.kind)
        if turn.kind == "missing_function":
            self.kinds.append(self.plain)


class Drawer:
    """Draws turns for what a coverage lacks; changes nothing.

    Args:
        planner: Plans single turns.
        coverage: What is covered.
        targets: Tool ids or names to which opening turns are restricted; any when empty.
        focus: Where most turns should go.
        home: Tool → the tools of its domain, where trajectories are to stay in one.
    """

    def __init__(
        self,
        planner: Planner,
        coverage: Coverage,
        targets: Sequence[str] = (),
        focus: Focus = EVERYWHERE,
        home: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        self.planner = planner
        self.coverage = coverage
        self.focus = focus
        self.home = home or {}
        self.aims = Aims(planner, coverage, targets)

    def turn_of(self, kind: TurnKind, relations: Sequence[Relation], draw: Drawing) -> TurnPlan | None:
        """A turn of this kind with the first of these relations that allows one."""
        for relation in relations:
            past = past_for(relation, tuple(draw.turns))
            found = None if past is None else self._related(kind, relation, past, draw)
            if found is not None:
                return found
        return None

    def look(self, draw: Drawing) -> None:
        """Decide whether the next turn is to be about what is in focus."""
        draw.focused = bool(self.focus.tools) and not draw.deep and draw.rng.random() < FOCUSED

    def _related(self, kind: TurnKind, relation: Relation, past: Past, draw: Drawing) -> TurnPlan | None:
        if relation == "corrects":
            return self.planner.plan_correction(past, kind, draw.rng) if kind in PLAIN and not draw.focused else None
        tried, compared = (MOST_AIMS_DEEP, COMPARED_DEEP) if draw.deep else (MOST_AIMS, COMPARED)
        aims = self._aims_of(relation, past, draw)
        aims = islice((aim for aim in aims if not draw.focused or aim.target in self.focus.tools), tried)
        plans = (self.planner.plan_turn(self._wish(kind, aim, draw), draw.rng, past) for aim in aims)
        fitting = (plan for plan in plans if isinstance(plan, TurnPlan) and self._fits(plan, relation, past, draw))
        best = self.depth if draw.deep else self.aims.worth
        compared = max(1, min(compared, len(self.aims.sure) // FEW))
        return max(islice(fitting, compared), key=lambda plan: best(plan, past.turns), default=None)

    def depth(self, turn: TurnPlan, earlier: Sequence[TurnPlan]) -> float:
        """What a turn's depth is worth: the more the rarer it is, and the likelier the turn works.

        The root of its chance is taken, for a turn that breaks off is gone on with elsewhere.
        """
        turns = (*earlier, turn)
        tools = {call.step: call.tool for one in turns for call in one.calls}
        depth, chance = depth_of(turns), self.coverage.chances.of_all(turn.calls, tools)
        return depth * math.sqrt(chance / (1 + self.coverage.as_deep(depth)))

    def _fits(self, turn: TurnPlan, relation: Relation, past: Past, draw: Drawing) -> bool:
        asked = relation != "opens" or self.aims.is_asked_for(turn.target)
        asked = asked and (not draw.focused or turn.target in self.focus.tools)
        asked = asked and (draw.request.tools is None or turn.target in draw.request.tools)
        return asked and relation_of(turn, past.turns) == relation and not self.coverage.often_lost(turn)

    def _aims_of(self, relation: Relation, past: Past, draw: Drawing) -> Iterator[Aim]:
        if relation == "opens":
            return self.aims.opening(draw.exploring, draw.rng, draw.request.tools)
        aims = self.aims.elsewhere if relation == "switches" else self.aims.onward
        return aims(past, draw.exploring, draw.rng, draw.request.tools)

    def _wish(self, kind: TurnKind, aim: Aim, draw: Drawing) -> Wish:
        dependent = draw.rng.choices(tuple(DEPENDENT), tuple(DEPENDENT.values()))[0]
        if draw.request.effort < 0:
            dependent = min(dependent, MOST_DEPENDENT_BUT_EASY)
        elif draw.request.effort > 0 or self.coverage.long_turns.are_wanted(LONG_SHARE):
            dependent = max(dependent, MOST_DEPENDENT_BUT_PLAIN)
        if kind not in PLAIN:
            dependent = min(dependent, MOST_DEPENDENT_BUT_PLAIN)
        dependent = max(DEPENDENT) if draw.deep and kind in PLAIN else dependent
        dependent = min(dependent, len(self.aims.sure) // FEW)
        targeted = self.coverage.targeted.get(aim.target, 0.0)
        first = aim.via is None and targeted < 1.0 and not draw.deep
        alone = draw.focused or (self.aims.restricted and not draw.turns)
        if alone or (first and (targeted > 0.0 or draw.rng.random() < AS_AIMED)):
            dependent = 0  # a turn that grows ends with another target
        deep = draw.deep or draw.rng.random() < DEEP_SHARE or dependent == max(DEPENDENT)
        options = draw.focused and self.focus.options
        cover = self.coverage
        leaning = Leaning(
            cover.weights, aim.via, draw.exploring, cover.avoided, deep, draw.straight, options, cover.chances
        )
        return Wish(aim.target, kind, dependent, leaning)


def drawn_relations(rng: random.Random) -> list[Relation]:
    """All relations of later turns, in a random order in which weighty ones tend to come first."""
    return sorted(RELATIONS, key=lambda name: -(rng.random() ** (1.0 / RELATIONS[name])))
