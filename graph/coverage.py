"""What a dataset covers, and what it covers least: tools, edges, pairs of servers, shapes of chains.

Counts are of what was kept, of what is on the way, and of what was lost. What only ever got lost is left alone.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from toolweave.graph.model import Edge
from toolweave.graph.plan import TrajectoryPlan, TurnKind, TurnPlan
from toolweave.graph.planning.draft import EdgeKey, depends, edge_key, edges_of
from toolweave.graph.quotas import Quotas, planned_turns, row_kinds

HOPELESS = 3
"""Times a tool or an edge may be lost without ever being kept before it is left alone."""
LOST_WEIGHT = 0.8
"""What a lost plan counts against edges that were never kept: they are tried again, but others first."""
LONG = 3
"""Dependent calls that make a turn long."""


@dataclass
class Coverage:
    """What has been planned so far, and what became of it."""

    quotas: Quotas
    targeted: Counter[str] = field(default_factory=Counter[str])
    """Tools by how often they were a target of any plan."""
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
    turns: int = 0
    """Turns that were kept or are on the way."""
    long_turns: int = 0
    """Those of them with many dependent calls."""

    def plan(self, plan: TrajectoryPlan) -> None:
        """Count a plan that is on the way."""
        for turn in plan.turns:
            (self.refused if turn.kind == "irrelevant" else self.targeted)[turn.target] += 1
        self.quotas.plan(row_kinds(plan))
        self._weigh(edges_of(plan.turns), 1.0)
        self.pairs.update(server_pairs(plan.tools))
        for turn in plan.turns:
            self.turns += 1
            self.long_turns += is_long(turn)

    def learn(
        self,
        plans: Mapping[int, TrajectoryPlan],
        outcomes: Mapping[int, str],
        kept: Mapping[int, Sequence[TurnKind]] | None = None,
    ) -> None:
        """Count what became of a finished wave.

        Args:
            plans: The plans of the wave by index.
            outcomes: `kept` or another outcome, by index.
            kept: Kinds of the turns that the kept rows have, by index; without it every planned turn was kept.
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
        targeted, refused = Counter(self.targeted), Counter(self.refused)
        self.plan(new)
        for counted, before in ((self.targeted, targeted), (self.refused, refused)):
            for turn in old.turns:
                if counted[turn.target] > before[turn.target]:
                    counted[turn.target] -= 1
        self.quotas.forget(row_kinds(old))
        self._weigh(edges_of(old.turns), -1.0)
        self.pairs.subtract(server_pairs(old.tools))
        self.turns -= len(old.turns)
        self.long_turns -= sum(is_long(turn) for turn in old.turns)

    def _settle(self, plan: TrajectoryPlan, turns: int) -> None:
        """Count a plan's first turns as kept and the next one as lost; those behind it were not tried."""
        good = edges_of(plan.turns[:turns])
        tried = edges_of(plan.turns[: turns + 1])[len(good) :]
        self.edges.update(good)
        self.lost_edges.update(tried)
        self._weigh(edges_of(plan.turns)[len(good) :], -1.0)
        self._weigh((edge for edge in tried if not self.edges[edge]), LOST_WEIGHT)
        for turn in plan.turns[turns:]:
            self.turns -= 1
            self.long_turns -= is_long(turn)
        for turn in plan.turns[turns : turns + 1]:
            self._blame(turn)

    def _blame(self, turn: TurnPlan) -> None:
        """Spread the blame for a lost turn over its tools that have never been kept."""
        suspects = dict.fromkeys(call.tool for call in turn.calls if not self.kept[call.tool])
        for tool in suspects:
            self.lost[tool] = self.lost.get(tool, 0.0) + 1.0 / len(suspects)

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
        return sorted(hopeful, key=lambda target: (self.targeted[target], draw[target]))

    def least_refused(self, targets: Sequence[str], rng: random.Random) -> list[str]:
        """Tools to ask for in vain, those first that were asked for least often."""
        draw = {target: rng.random() for target in targets}
        return sorted(targets, key=lambda target: (self.refused[target], draw[target]))

    def least_followed(self, edges: Iterable[Edge], rng: random.Random) -> list[Edge]:
        """Hopeful edges, those first that are covered least; confirmed ones before others."""
        hopeful = [edge for edge in edges if not self.hopeless(edge.target) and not self.hopeless_edge(edge_key(edge))]
        rank = [(self.weights.get(edge_key(edge), 0.0) + (not edge.confirmed), rng.random()) for edge in hopeful]
        return [edge for _, edge in sorted(zip(rank, hopeful, strict=True), key=lambda item: item[0])]

    def paired(self, server: str, others: Iterable[str]) -> float:
        """How often a server has shared a trajectory with others, at the least; with itself as often as any pair."""
        usual = self.pairs.total() / max(1, len(self.pairs))
        pairs = ((min(server, other), max(server, other)) for other in others)
        return min((float(self.pairs[pair]) if pair[0] != pair[1] else usual for pair in pairs), default=0.0)

    def wants_long(self, share: float) -> bool:
        """Whether fewer than this share of the turns have many dependent calls."""
        return self.long_turns < share * (self.turns + 1)


def is_long(turn: TurnPlan) -> bool:
    """Whether a turn has many calls that depend on earlier ones."""
    return sum(depends(call) for call in turn.calls) >= LONG


def server_pairs(tools: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of servers whose tools (ids) stand in one trajectory, in the order of their names."""
    return list(combinations(sorted({tool.partition("/")[0] for tool in tools}), 2))
