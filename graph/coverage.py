"""What a dataset covers, and what it covers least: tools, edges, pairs of servers, shapes of chains.

Counts are of what was kept, of what is on the way, and of what was lost. What only ever got lost is left alone.
"""

from __future__ import annotations

import copy
import random
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import combinations
from operator import itemgetter

from toolweave.graph.long_turns import LongTurns, is_long
from toolweave.graph.model import Edge
from toolweave.graph.plan import TrajectoryPlan, TurnKind, TurnPlan
from toolweave.graph.planning.chances import ALL_WORKS, Chances, EdgeKey
from toolweave.graph.planning.draft import depth_of, edge_key, edges_of
from toolweave.graph.quotas import Quotas, planned_turns, row_kinds

HOPELESS = 3
"""Times a tool or an edge may be lost without ever being kept before it is left alone."""
LOST_WEIGHT = 0.8
"""What a lost plan counts against edges that were never kept: they are tried again, but others first."""
OFTEN_LOST = 3.0
"""How much oftener than kept a target in one kind of turn may be lost before it is left alone."""
MISSED = 0.4
"""What a target counts that was not reached: it comes again before those that were reached, but not without end."""
Aimed = tuple[TurnKind, str]
"""(kind of a turn, its target)."""


@dataclass(frozen=True, slots=True)
class RowFacts:
    """What planning asks about a kept row."""

    long_turns: int
    """Turns with many dependent calls."""
    targets: frozenset[str]
    """Ids of the tools that its turns are for, but for what nobody offers."""


NOTHING_KNOWN: Mapping[int, RowFacts] = {}


def as_planned(turns: Sequence[TurnPlan]) -> RowFacts:
    """The facts of a row whose turns are as they were planned."""
    return RowFacts(sum(map(is_long, turns)), frozenset(_targets(turns)))


@dataclass
class Coverage:
    """What has been planned so far, and what became of it."""

    quotas: Quotas
    targeted: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Tools by how often they were the target of a turn that was kept or is on the way; of a lost one less."""
    refused: Counter[str] = field(default_factory=Counter[str])
    """Tools by how often a user asked for them in vain."""
    kept: Counter[str] = field(default_factory=Counter[str])
    """Tools by how many kept turns call them."""
    lost: dict[str, float] = field(default_factory=dict[str, float])
    """Tools by their share in the blame for lost turns."""
    edges: Counter[EdgeKey] = field(default_factory=Counter[EdgeKey])
    lost_edges: Counter[EdgeKey] = field(default_factory=Counter[EdgeKey])
    weights: dict[EdgeKey, float] = field(default_factory=dict[EdgeKey, float])
    """How much every edge is covered, by what was kept, is on the way or was lost."""
    avoided: frozenset[str] = frozenset()
    """Tools whose turns have only ever been lost."""
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """Pairs of servers that share a trajectory."""
    long_turns: LongTurns = field(default_factory=LongTurns)
    depths: Counter[int] = field(default_factory=Counter[int])
    """Depths of chains by how many plans have them that were made or are on the way."""
    chances: Chances = ALL_WORKS
    """What rehearsals have shown up to the last wave."""
    kept_as: Counter[Aimed] = field(default_factory=Counter[Aimed])
    """Targets in their kinds of turn by how often they were kept."""
    lost_as: dict[Aimed, float] = field(default_factory=dict[Aimed, float])
    """The same by their share in the blame for items that were made and then not kept."""

    def snapshot(self) -> Coverage:
        """The coverage as it is now; it does not change."""
        now = copy.copy(self)
        for one in fields(self):
            setattr(now, one.name, copy.copy(getattr(self, one.name)))
        now.quotas = copy.deepcopy(self.quotas)
        return now

    def plan(self, plan: TrajectoryPlan) -> None:
        """Count a plan that is on the way."""
        for turn in plan.turns:
            if turn.kind == "irrelevant":
                self.refused[turn.target] += 1
            else:
                self.targeted[turn.target] += 1.0
        self.quotas.plan(row_kinds(plan))
        self._weigh(edges_of(plan.turns), 1.0)
        self.pairs.update(server_pairs(plan.tools))
        self.long_turns.plan(plan)
        self.depths[depth_of(plan.turns)] += 1

    def learn(
        self,
        plans: Mapping[int, TrajectoryPlan],
        outcomes: Mapping[int, str],
        kept: Mapping[int, Sequence[TurnKind]] | None = None,
        rows: Mapping[int, RowFacts] = NOTHING_KNOWN,
    ) -> None:
        """Count what became of a finished wave.

        Args:
            plans: The plans of the wave by index.
            outcomes: `kept` or another outcome, by index.
            kept: Kinds of the turns that the kept rows have, by index; without it every planned turn was kept.
            rows: What the kept rows have, by index; where nothing is said, they are as they were planned.
        """
        turns: dict[int, int] = {}
        for index, plan in plans.items():
            kinds = row_kinds(plan)
            if outcomes.get(index) != "kept":
                had: Sequence[TurnKind] = ()
            else:
                had = kinds if kept is None else kept.get(index, ())
            self.quotas.learn(kinds, had)
            turns[index] = planned_turns(had)
            for turn in plan.turns[: turns[index]]:
                self.kept.update({call.tool for call in turn.calls})
            row = rows.get(index) or as_planned(plan.turns[: turns[index]])
            self.long_turns.settle(plan, len(had), row.long_turns)
            self._reach(plan, row.targets)
            self._judge_aims(plan, outcomes.get(index))
        for index, plan in plans.items():
            self._settle(plan, turns[index])
        self.avoided = frozenset(target for target in self.lost if self.hopeless(target))

    def lose(self, plan: TrajectoryPlan, turn: int, step: int) -> None:
        """Count a call of a turn for which no way was found."""
        call = next(call for call in plan.turns[turn].calls if call.step == step)
        if not self.kept[call.tool]:
            self.lost[call.tool] = self.lost.get(call.tool, 0.0) + 1.0
        edges = [edge for edge in edges_of(plan.turns[: turn + 1]) if edge[2] == call.tool]
        self.lost_edges.update(edges)
        self._weigh((edge for edge in edges if not self.edges[edge]), LOST_WEIGHT)

    def exchange(self, old: TrajectoryPlan, new: TrajectoryPlan) -> None:
        """Count another plan instead of one on the way; its targets have been targets all the same."""
        new_targets, new_refused = _targets(new.turns), _refused(new.turns)
        self.plan(new)
        for tool in _targets(old.turns):
            self.targeted[tool] -= 1.0 if tool in new_targets else 1.0 - MISSED
        for tool in _refused(old.turns):
            self.refused[tool] -= tool in new_refused
        self.quotas.forget(row_kinds(old))
        self._weigh(edges_of(old.turns), -1.0)
        self.pairs.subtract(server_pairs(old.tools))
        self.long_turns.forget(old)
        self.depths[depth_of(old.turns)] -= 1

    def _settle(self, plan: TrajectoryPlan, turns: int) -> None:
        """Count a plan's first turns as kept and the next one as lost; those behind it were not tried."""
        good = edges_of(plan.turns[:turns])
        tried = edges_of(plan.turns[: turns + 1])[len(good) :]
        self.edges.update(good)
        self.lost_edges.update(tried)
        self._weigh(edges_of(plan.turns)[len(good) :], -1.0)
        self._weigh((edge for edge in tried if not self.edges[edge]), LOST_WEIGHT)
        for turn in plan.turns[turns : turns + 1]:
            self._blame(turn)

    def _blame(self, turn: TurnPlan) -> None:
        """Spread the blame for a lost turn over its tools that have never been kept."""
        suspects = dict.fromkeys(call.tool for call in turn.calls if not self.kept[call.tool])
        for tool in suspects:
            self.lost[tool] = self.lost.get(tool, 0.0) + 1.0 / len(suspects)

    def _reach(self, plan: TrajectoryPlan, targets: Collection[str]) -> None:
        """Count the targets that a row came to have instead of those that were planned."""
        planned = set(_targets(plan.turns))
        for tool in sorted(planned.difference(targets)):
            self.targeted[tool] -= 1.0 - MISSED
        for tool in sorted(set(targets) - planned):
            self.targeted[tool] += 1.0

    def _judge_aims(self, plan: TrajectoryPlan, outcome: str | None) -> None:
        """Count what a row came to, or what was made and then rejected, for its targets in their kinds of turn."""
        aimed: list[Aimed] = [(turn.kind, turn.target) for turn in plan.turns]
        if outcome == "kept":
            self.kept_as.update(aimed)
        elif outcome == "rejected":
            for aim in aimed:
                self.lost_as[aim] = self.lost_as.get(aim, 0.0) + 1.0 / len(aimed)

    def as_deep(self, depth: int) -> int:
        """How many plans have a chain of this depth or a deeper one."""
        return sum(count for other, count in self.depths.items() if other >= depth)

    def often_lost(self, turn: TurnPlan) -> bool:
        """Whether items with such a target in such a turn are made again and again, and mostly not kept."""
        aim = turn.kind, turn.target
        return self.lost_as.get(aim, 0.0) >= max(HOPELESS, OFTEN_LOST * self.kept_as[aim])

    def _weigh(self, edges: Iterable[EdgeKey], more: float) -> None:
        for edge in edges:
            self.weights[edge] = self.weights.get(edge, 0.0) + more

    def hopeless(self, tool: str) -> bool:
        """Whether turns with a tool have only ever been lost."""
        return self.lost.get(tool, 0.0) >= HOPELESS and not self.kept[tool]

    def hopeless_edge(self, edge: EdgeKey) -> bool:
        """Whether an edge has only ever been lost."""
        return self.lost_edges[edge] >= HOPELESS and not self.edges[edge]

    def least_targeted(self, targets: Iterable[str], rng: random.Random) -> list[str]:
        """Hopeful targets, those first that were targets least often."""
        hopeful = [target for target in targets if not self.hopeless(target)]
        draw = {target: rng.random() for target in hopeful}
        return sorted(hopeful, key=lambda target: (self.targeted.get(target, 0.0), draw[target]))

    def least_refused(self, targets: Sequence[str], rng: random.Random) -> list[str]:
        """Tools to ask for in vain, those first that were asked for least often."""
        draw = {target: rng.random() for target in targets}
        return sorted(targets, key=lambda target: (self.refused[target], draw[target]))

    def least_followed(self, edges: Iterable[Edge], rng: random.Random) -> list[Edge]:
        """Hopeful edges, those first that are covered least; confirmed ones before others."""
        hopeless = {tool for tool in self.lost if self.hopeless(tool)}
        lost = {edge for edge in self.lost_edges if self.hopeless_edge(edge)}
        keyed = [(edge, edge_key(edge)) for edge in edges if edge.target not in hopeless]
        weights, draw = self.weights, rng.random
        rank = [(weights.get(key, 0.0) + (not edge.confirmed), draw(), edge) for edge, key in keyed if key not in lost]
        return [edge for _, _, edge in sorted(rank, key=itemgetter(0, 1))]

    def paired(self, server: str, others: Iterable[str]) -> float:
        """How often a server has shared a trajectory with others, at the least; with itself as often as any pair."""
        usual = self.pairs.total() / max(1, len(self.pairs))
        pairs = ((min(server, other), max(server, other)) for other in others)
        return min((float(self.pairs[pair]) if pair[0] != pair[1] else usual for pair in pairs), default=0.0)


def _targets(turns: Iterable[TurnPlan]) -> list[str]:
    return [turn.target for turn in turns if turn.kind != "irrelevant"]


def _refused(turns: Iterable[TurnPlan]) -> list[str]:
    return [turn.target for turn in turns if turn.kind == "irrelevant"]


def server_pairs(tools: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of servers whose tools (ids) stand in one trajectory, in the order of their names."""
    return list(combinations(sorted({tool.partition("/")[0] for tool in tools}), 2))
