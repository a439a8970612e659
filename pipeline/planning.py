"""Which trajectories to make: what the dataset covers least, in the kinds of turn that it lacks most.

Plans depend on the graph, the seed, and the outcomes of whole earlier waves; never on timing. So the same run plans the
same items, also when it was killed in between.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from toolweave.graph.aims import Aim, Aims
from toolweave.graph.coverage import Coverage
from toolweave.graph.plan import NoSource, Relation, TrajectoryPlan, TurnKind, TurnPlan
from toolweave.graph.planner import Planner, Wish
from toolweave.graph.planning.draft import Leaning, Past
from toolweave.graph.quotas import Quotas
from toolweave.graph.relations import past_for, relation_of

TURNS = (0.25, 0.4, 0.35)
"""Shares of trajectories with one, two and three turns; where more are allowed, three and more share the last."""
RELATIONS: dict[Relation, float] = {"continues": 0.35, "returns": 0.3, "corrects": 0.2, "switches": 0.15}
"""Weights of how a later turn stands to the earlier ones, where the graph allows each."""
DEPENDENT = {0: 0.3, 1: 0.15, 2: 0.15, 3: 0.2, 5: 0.12, 7: 0.08}
"""Weights of how many calls of a turn should depend on earlier ones."""
LONG_SHARE = 0.33
"""Share of turns that should have many dependent calls; some are lost, and some cannot grow."""
DEEP_SHARE = 0.3
"""Share of turns that grow where their chain is longest; those that are to be the longest always do."""
MOST_DEPENDENT_BUT_PLAIN = 3
"""Dependent calls that are wished for where the kind of turn is hard enough by itself."""
FEW = 4
"""Tools for every dependent call: a small catalogue leaves something for later turns."""
AS_AIMED = 0.6
"""Share of turns for a tool that was no target yet that end with this tool."""
EXPLORING_SHARE = 0.1
"""Share of plans that may follow edges that are hardly believed, unless more tools than that hang on them."""
SOON = 2.5
"""Multiple of the number of samples within which every doubtful tool is to be a target."""
MOST_KINDS = 3
"""Kinds of turn that are tried before the one most wanted is let go."""
MOST_AIMS = 10
"""Targets that are tried for a turn of one kind."""
BASE_ONLY: Mapping[TurnKind, float] = {"base": 1.0}
PLAIN: tuple[TurnKind, ...] = ("base", "long_context")
"""Kinds that ask nothing of the chain."""


@dataclass
class _Draw:
    """One trajectory under construction."""

    rng: random.Random
    exploring: bool
    turns: list[TurnPlan] = field(default_factory=list[TurnPlan])
    kinds: list[TurnKind] = field(default_factory=list[TurnKind])
    """Kinds of the row's turns so far; those of irrelevant turns too, which are planned last."""
    irrelevant: list[int] = field(default_factory=list[int])
    """How many other turns stand before each irrelevant one."""

    @property
    def plain(self) -> TurnKind:
        """The kind of an ordinary turn: a long context is long for all turns."""
        return "long_context" if "long_context" in self.kinds else "base"


class CoveragePlanner:
    """Draws planned items one after the other.

    Args:
        planner: Plans single turns.
        seed: Of the run.
        most_turns: Most user turns of one trajectory.
        shares: Wanted share of each kind of turn among the turns of kept samples.
        targets: Tool ids or names that the first turn of every item has to reach; any when empty.
        samples: How many samples the run is to keep; bounds how soon every tool is a target.
    """

    def __init__(
        self,
        planner: Planner,
        seed: int,
        most_turns: int,
        shares: Mapping[TurnKind, float] = BASE_ONLY,
        targets: Sequence[str] = (),
        samples: int | None = None,
    ) -> None:
        self._planner = planner
        self._seed = seed
        self._most_turns = most_turns
        self._samples = samples
        self.coverage = Coverage(Quotas(shares))
        self._aims = Aims(planner, self.coverage, targets)

    def plan(self, index: int) -> TrajectoryPlan | NoSource:
        """The item with this number; says which parameter has no source when no target is left."""
        seed = random.Random(f"{self._seed}:{index}").randrange(2**31)
        rng = random.Random(seed)
        draw = _Draw(rng, self._explores(rng))
        if not self._open(draw):
            return self._why_nothing()
        for _ in range(self._wanted_turns(rng) - 1):
            if not self._go_on(draw):
                break
        plan = TrajectoryPlan(index, seed, tuple(self._with_irrelevant(draw)))
        self.coverage.plan(plan)
        return plan

    def _explores(self, rng: random.Random) -> bool:
        """Whether this plan may follow doubtful edges: a bounded share, or as many as the doubtful tools need."""
        share = EXPLORING_SHARE
        if self._samples:
            share = max(share, len(self._aims.doubtful) / (SOON * self._samples))
        drawn = rng.random() < share
        return not self._aims.sure or (drawn and bool(self._aims.doubtful))

    def _wanted_turns(self, rng: random.Random) -> int:
        wanted = rng.choices(range(1, len(TURNS) + 1), TURNS)[0]
        if wanted == len(TURNS) and self._most_turns > wanted:
            wanted = rng.randint(wanted, self._most_turns)
        return min(wanted, self._most_turns)

    def _open(self, draw: _Draw) -> bool:
        """Plan the first turn: of the kind that lacks most and can be had, else of kind `base`."""
        kinds: list[TurnKind] = [kind for kind in self.coverage.quotas.most_wanted() if kind != "irrelevant"]
        if any(self._turn_of(kind, ("opens",), draw) for kind in kinds):
            return True
        aims = self._aims.opening(draw.exploring, draw.rng)
        plans = (self._planner.plan_turn(Wish(aim.target), draw.rng) for aim in aims)
        found = next((turn for turn in plans if isinstance(turn, TurnPlan)), None)
        if found is not None:
            self._take(found, draw)
        return found is not None

    def _go_on(self, draw: _Draw) -> bool:
        """Plan one more turn, of the kind that lacks most and can be had."""
        relations = _drawn(RELATIONS, draw.rng)
        for kind in self._wanted_kinds(draw)[:MOST_KINDS]:
            if kind == "irrelevant":
                draw.irrelevant.append(len(draw.turns))
                draw.kinds.append("irrelevant")
                return True
            if self._turn_of(kind, relations, draw):
                return True
        return False

    def _wanted_kinds(self, draw: _Draw) -> list[TurnKind]:
        wanted = self.coverage.quotas.most_wanted(draw.kinds)
        return [kind for kind in wanted if kind not in PLAIN or kind == draw.plain]

    def _turn_of(self, kind: TurnKind, relations: Sequence[Relation], draw: _Draw) -> bool:
        for relation in relations:
            past = past_for(relation, tuple(draw.turns))
            found = None if past is None else self._related(kind, relation, past, draw)
            if found is not None:
                self._take(found, draw)
                return True
        self.coverage.quotas.could_not_plan(kind)
        return False

    def _take(self, turn: TurnPlan, draw: _Draw) -> None:
        draw.turns.append(replace(turn, relation=relation_of(turn, draw.turns)))
        draw.kinds.append(turn.kind)
        if turn.kind == "missing_function":
            draw.kinds.append(draw.plain)

    def _related(self, kind: TurnKind, relation: Relation, past: Past, draw: _Draw) -> TurnPlan | None:
        if relation == "corrects":
            return self._planner.plan_correction(past, kind, draw.rng) if kind in PLAIN else None
        for aim in islice(self._aims_of(relation, past, draw), MOST_AIMS):
            found = self._planner.plan_turn(self._wish(kind, aim, draw), draw.rng, past)
            if isinstance(found, TurnPlan) and self._fits(found, relation, past):
                return found
        return None

    def _fits(self, turn: TurnPlan, relation: Relation, past: Past) -> bool:
        asked = relation != "opens" or self._aims.is_asked_for(turn.target)
        return asked and relation_of(turn, past.turns) == relation

    def _aims_of(self, relation: Relation, past: Past, draw: _Draw) -> Iterator[Aim]:
        if relation == "opens":
            return self._aims.opening(draw.exploring, draw.rng)
        aims = self._aims.elsewhere if relation == "switches" else self._aims.onward
        return aims(past, draw.exploring, draw.rng)

    def _wish(self, kind: TurnKind, aim: Aim, draw: _Draw) -> Wish:
        dependent = draw.rng.choices(tuple(DEPENDENT), tuple(DEPENDENT.values()))[0]
        if self.coverage.wants_long(LONG_SHARE):
            dependent = max(dependent, MOST_DEPENDENT_BUT_PLAIN)
        if kind not in PLAIN:
            dependent = min(dependent, MOST_DEPENDENT_BUT_PLAIN)
        dependent = min(dependent, len(self._aims.sure) // FEW)
        first = aim.via is None and not self.coverage.targeted[aim.target] and draw.rng.random() < AS_AIMED
        if first or (self._aims.restricted and not draw.turns):
            dependent = 0  # a turn that grows ends with another target
        deep = draw.rng.random() < DEEP_SHARE or dependent == max(DEPENDENT)
        leaning = Leaning(self.coverage.weights, aim.via, draw.exploring, self.coverage.avoided, deep)
        return Wish(aim.target, kind, dependent, leaning)

    def _with_irrelevant(self, draw: _Draw) -> list[TurnPlan]:
        """The turns with those in their places that ask for what nobody offers, where there is such a tool."""
        turns = list(draw.turns)
        for place in reversed(draw.irrelevant):
            targets = {turn.target for turn in turns}
            options = [tool for tool in self._planner.unoffered(tuple(turns)) if tool not in targets]
            ranked = self.coverage.least_refused(options, draw.rng)
            if ranked:
                turns.insert(place, TurnPlan(ranked[0], (), "irrelevant"))
            else:
                self.coverage.quotas.could_not_plan("irrelevant")
        return [replace(turn, relation=relation_of(turn, turns[:at])) for at, turn in enumerate(turns)]

    def _why_nothing(self) -> NoSource:
        """The parameter that keeps a tool from being planned."""
        for tool in self._planner.graph.tools:
            if self._aims.is_asked_for(tool) and (missing := self._planner.reach.missing(tool)):
                return NoSource(*missing)
        return NoSource("any tool", "")


def _drawn(weights: Mapping[Relation, float], rng: random.Random) -> list[Relation]:
    """All of them, in a random order in which weighty ones tend to come first."""
    return sorted(weights, key=lambda name: -(rng.random() ** (1.0 / weights[name])))
