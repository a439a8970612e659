"""Which trajectories to make: what the dataset covers least, in the kinds of turn that it lacks most.

Plans depend on the graph, the seed, and the outcomes of whole earlier waves; never on timing. So the same run plans the
same items, also when it was killed in between.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from toolweave.agent.memory import Memory
from toolweave.graph.coverage import Coverage
from toolweave.graph.focus import EVERYWHERE, Focus
from toolweave.graph.plan import NoSource, Relation, TrajectoryPlan, TurnKind, TurnPlan
from toolweave.graph.planner import Planner, Wish
from toolweave.graph.planning.chances import Rehearsals
from toolweave.graph.planning.draft import edges_of
from toolweave.graph.quotas import Quotas
from toolweave.graph.relations import relation_of
from toolweave.pipeline.making.workshop import Tried
from toolweave.pipeline.plans.cells import Place
from toolweave.pipeline.plans.drawing import ANYTHING, PLAIN, Drawer, Drawing, drawn_relations
from toolweave.pipeline.plans.grid import Grid, Request
from toolweave.pipeline.plans.history import Traces, lost_and_made, ways_rehearsed
from toolweave.pipeline.plans.replanning import Lessons

TURNS = (0.25, 0.4, 0.35)
"""Shares of trajectories with one, two and three turns; where more are allowed, three and more share the last."""
EASY_TURNS = (0.7, 0.3, 0.0)
"""The same where a sample is to be easy; a hard one has as many as the last."""
EXPLORING_SHARE = 0.1
"""Share of plans that may follow edges that are hardly believed, unless more tools than that hang on them."""
DEEP_TRAJECTORIES = 0.08
"""Share of trajectories of which every turn is to go on from the longest chain."""
DEEP_IN_FOCUS = 0.3
"""The same where that is what a model gets wrong."""
SOON = 2.5
"""Multiple of the number of samples within which every doubtful tool is to be a target."""
DEEP_WHERE_HARD = 0.5
"""The same where a sample is to be hard."""
MOST_KINDS = 3
"""Kinds of turn that are tried before the one most wanted is let go."""
MOST_REQUESTS, MOST_DRAWN = 3, 8
"""Requests of a grid that are tried for one item, and plans that are drawn for each."""
BASE_ONLY: Mapping[TurnKind, float] = {"base": 1.0}


class CoveragePlanner:
    """Draws planned items one after the other.

    Args:
        planner: Plans single turns.
        seed: Of the run.
        most_turns: Most user turns of one trajectory.
        shares: Wanted share of each kind of turn among the turns of kept samples.
        targets: Tool ids or names that the first turn of every item has to reach; any when empty.
        samples: How many samples the run is to keep; bounds how soon every tool is a target.
        focus: Where most turns should go.
        grid: Shares of samples by server, difficulty and kind, where some are wanted.
    """

    def __init__(
        self,
        planner: Planner,
        seed: int,
        most_turns: int,
        shares: Mapping[TurnKind, float] = BASE_ONLY,
        targets: Sequence[str] = (),
        samples: int | None = None,
        focus: Focus = EVERYWHERE,
        grid: Grid | None = None,
    ) -> None:
        self._planner = planner
        self._seed = seed
        self._most_turns = most_turns
        self._samples = samples
        self._targets = targets
        self.coverage = Coverage(Quotas(shares))
        self._focus = focus
        self.grid = grid
        self._drawer = Drawer(planner, self.coverage, targets, focus, None if grid is None else grid.neighbours)
        self._aims = self._drawer.aims
        self._memory = Memory.of_facts(planner.graph.facts)
        self._known = self._as_known()
        self._rehearsals = Rehearsals()
        self._lessons: dict[int, Lessons] = {}

    def plan(self, index: int) -> TrajectoryPlan | NoSource:
        """The item with this number; says which parameter has no source when no target is left."""
        seed = random.Random(f"{self._seed}:{index}").randrange(2**31)
        plan = self._on_the_grid(index, seed) or self._drawn(index, seed, random.Random(seed), ANYTHING)
        if plan is None:
            return self._why_nothing()
        self.coverage.plan(plan)
        self._lessons[index] = self._known
        return plan

    def _drawn(self, index: int, seed: int, rng: random.Random, request: Request) -> TrajectoryPlan | None:
        """A trajectory as it is asked for, as far as that can be had; `None` when not even its first turn can."""
        draw = Drawing(rng, self._explores(rng), rng.random() < self._deep_share(request), request=request)
        if not self._open(draw):
            return None
        for _ in range(self._wanted_turns(rng, request.effort) - 1):
            if not self._go_on(draw):
                break
        return TrajectoryPlan(index, seed, tuple(self._with_irrelevant(draw)), draw.deep)

    def _on_the_grid(self, index: int, seed: int) -> TrajectoryPlan | None:
        """Of a few plans for what the grid lacks most, the first that is what was asked for, or else the nearest."""
        if self.grid is None:
            return None
        found: list[tuple[float, Request, TrajectoryPlan, float]] = []
        for request in self.grid.requests()[:MOST_REQUESTS]:
            for number in range(MOST_DRAWN):
                rng = random.Random(f"{seed}:{request.cell}:{number}")
                plan = self._drawn(index, seed, rng, request)
                if plan is None:
                    break
                forecast = self.grid.forecast(plan)
                found.append((request.distance(plan, forecast), request, plan, forecast))
                if found[-1][0] == 0:
                    self.grid.take(request, plan, forecast)
                    return plan
            self.grid.miss(request)
        if not found:
            return None
        _, request, plan, forecast = min(found, key=lambda one: one[0])
        self.grid.take(request, plan, forecast)
        return plan

    def _deep_share(self, request: Request) -> float:
        if request.effort:
            return DEEP_WHERE_HARD * (request.effort > 0)
        return DEEP_IN_FOCUS if self._focus.deep else DEEP_TRAJECTORIES

    def lessons(self, index: int) -> Lessons:
        """What was known when an item was planned, and how to plan it anew from there."""
        return self._lessons.get(index, self._known)

    def learn(
        self,
        plans: Mapping[int, TrajectoryPlan],
        outcomes: Mapping[int, str],
        kept: Mapping[int, Sequence[TurnKind]] | None,
        history: Mapping[int, Traces],
    ) -> None:
        """Count what became of a finished wave.

        Args:
            plans: The plans of the wave by index.
            outcomes: `kept` or another outcome, by index.
            kept: Kinds of the turns that the kept rows have, by index; without it every planned turn was kept.
            history: What its items have left behind, by index.
        """
        made = {index: self._made(plan, history.get(index, Traces()).tried) for index, plan in plans.items()}
        rows = {index: traces.row for index, traces in history.items() if traces.row is not None}
        self.coverage.learn(made, outcomes, kept, rows)
        for plan in (made[index] for index in plans if outcomes[index] == "rejected"):
            self._rehearsals.broke.update(edge for edge in edges_of(plan.turns) if not self.coverage.edges[edge])
        self.coverage.chances = self._rehearsals.chances()
        if self.grid is not None:
            self.grid.learn(plans, {index: place for index, place in _places(history) if outcomes[index] == "kept"})
        for index in plans:
            self._memory.learn(history.get(index, Traces()).attempts)
            self._lessons.pop(index, None)
        self._known = self._as_known()

    def _made(self, plan: TrajectoryPlan, tried: Sequence[Tried]) -> TrajectoryPlan:
        """The plan that an item came to; those for which no way was found are counted as lost."""
        lost, made = lost_and_made(tried)
        for one in lost:
            if one.turn is not None and one.step is not None:
                self.coverage.lose(one.plan, one.turn, one.step)
        self._rehearsals.count(*ways_rehearsed(tried))
        if made is not None and made != plan:
            self.coverage.exchange(plan, made)
        return made or plan

    def _as_known(self) -> Lessons:
        drawer = Drawer(self._planner, self.coverage.snapshot(), self._targets, self._focus, self._drawer.home)
        return Lessons(drawer, self._memory.snapshot())

    def _explores(self, rng: random.Random) -> bool:
        """Whether this plan may follow doubtful edges: a bounded share, or as many as the doubtful tools need."""
        share = EXPLORING_SHARE
        if self._samples:
            share = max(share, len(self._aims.doubtful) / (SOON * self._samples))
        drawn = rng.random() < share
        return not self._aims.sure or (drawn and bool(self._aims.doubtful))

    def _wanted_turns(self, rng: random.Random, effort: int) -> int:
        wanted = rng.choices(range(1, len(TURNS) + 1), EASY_TURNS if effort < 0 else TURNS)[0]
        wanted = len(TURNS) if effort > 0 else wanted
        if wanted == len(TURNS) and self._most_turns > wanted:
            wanted = rng.randint(wanted, self._most_turns)
        return min(wanted, self._most_turns)

    def _open(self, draw: Drawing) -> bool:
        """Plan the first turn: of the kind that lacks most and can be had, else of kind `base`."""
        kinds: list[TurnKind] = [kind for kind in self._most_wanted(draw) if kind != "irrelevant"]
        self._drawer.look(draw)
        for focused in (True, False) if draw.focused else (False,):
            draw.focused = focused
            if any(self._turn_of(kind, ("opens",), draw) for kind in kinds):
                return True
        aims = self._aims.opening(draw.exploring, draw.rng, draw.request.tools)
        plans = (self._planner.plan_turn(Wish(aim.target), draw.rng) for aim in aims)
        found = next((turn for turn in plans if isinstance(turn, TurnPlan)), None)
        if found is not None:
            draw.take(found)
        return found is not None

    def _go_on(self, draw: Drawing) -> bool:
        """Plan one more turn, of the kind that lacks most and can be had."""
        self._drawer.look(draw)
        relations = drawn_relations(draw.rng)
        if draw.deep:
            relations.sort(key=lambda relation: relation != "continues")
        for kind in self._wanted_kinds(draw)[:MOST_KINDS]:
            if kind == "irrelevant":
                draw.irrelevant.append(len(draw.turns))
                draw.kinds.append("irrelevant")
                return True
            if self._turn_of(kind, relations, draw):
                return True
        return False

    def _wanted_kinds(self, draw: Drawing) -> list[TurnKind]:
        wanted = self._most_wanted(draw)
        return [kind for kind in wanted if kind not in PLAIN or kind == draw.plain]

    def _most_wanted(self, draw: Drawing) -> list[TurnKind]:
        """Kinds by how much they lack; the one first that the item is asked to have and has not yet."""
        wanted, first = self.coverage.quotas.most_wanted(draw.kinds), draw.request.cell.kind
        if draw.straight:
            wanted.sort(key=lambda kind: kind not in PLAIN)
        return wanted if first is None or first in draw.kinds else [first, *(kind for kind in wanted if kind != first)]

    def _turn_of(self, kind: TurnKind, relations: Sequence[Relation], draw: Drawing) -> bool:
        found = self._drawer.turn_of(kind, relations, draw)
        if found is not None:
            draw.take(found)
        else:
            self._could_not_plan(kind, draw)
        return found is not None

    def _could_not_plan(self, kind: TurnKind, draw: Drawing) -> None:
        """Note it, unless it was for a part of the tools only."""
        if draw.request.tools is None:
            self.coverage.quotas.could_not_plan(kind)

    def _with_irrelevant(self, draw: Drawing) -> list[TurnPlan]:
        """The turns with those in their places that ask for what nobody offers, where there is such a tool."""
        turns = list(draw.turns)
        for place in reversed(draw.irrelevant):
            targets = {turn.target for turn in turns}
            options = [tool for tool in self._planner.unoffered(tuple(turns)) if tool not in targets]
            ranked = self.coverage.least_refused(options, draw.rng)
            if ranked:
                turns.insert(place, TurnPlan(ranked[0], (), "irrelevant"))
            else:
                self._could_not_plan("irrelevant", draw)
        return [replace(turn, relation=relation_of(turn, turns[:at])) for at, turn in enumerate(turns)]

    def _why_nothing(self) -> NoSource:
        """The parameter that keeps a tool from being planned."""
        for tool in self._planner.graph.tools:
            if self._aims.is_asked_for(tool) and (missing := self._planner.reach.missing(tool)):
                return NoSource(*missing)
        return NoSource("any tool", "")


def _places(history: Mapping[int, Traces]) -> Iterator[tuple[int, Place]]:
    return ((index, traces.place) for index, traces in history.items() if traces.place is not None)
