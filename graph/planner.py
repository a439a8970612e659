"""Plans turns over one graph: chains that reach a target, of every kind that a turn can have (FunReason-MT §3.1).

The paper's rule "the nearest legal tool" loops, forgets that several parameters need several producers, and that
actions can be undone. Here a turn is the cheapest closure of what its target needs (`planning/closure.py`), grown by
what can be done with its results (`planning/growth.py`), in the form that its kind asks for (`planning/kinds.py`).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from toolweave.graph.model import ToolGraph
from toolweave.graph.plan import NoSource, PlannedCall, TurnKind, TurnPlan
from toolweave.graph.planning.closure import Closure
from toolweave.graph.planning.corrections import plan_correction
from toolweave.graph.planning.draft import FIRST, NO_LEANING, DeadEnd, Draft, Leaning, Past
from toolweave.graph.planning.growth import Growth
from toolweave.graph.planning.kinds import LARGE, held_back, slipping, unoffered_targets, withholding
from toolweave.graph.planning.knowledge import ToolKnowledge, Variety
from toolweave.graph.planning.parallel import plan_parallel
from toolweave.graph.planning.shortening import renumbered, wanted
from toolweave.graph.reach import TRUSTED, Reach, Speakable, reach


@dataclass(frozen=True, slots=True)
class Wish:
    """What a turn should be like."""

    target: str
    """Tool to reach; a grown turn goes on from there."""
    kind: TurnKind = "base"
    dependent: int = 0
    """How many calls should take a value from an earlier one, where the graph allows it."""
    leaning: Leaning = NO_LEANING


class Planner:
    """Plans turns over one graph.

    Args:
        graph: Tools and edges.
        speakable: Whether a user could say a value for a parameter.
        allowed: Ids of the tools that may be called.
        variety: How many values a user could say; without it only what schemas list is known to vary.
    """

    def __init__(
        self, graph: ToolGraph, speakable: Speakable, allowed: frozenset[str], variety: Variety | None = None
    ) -> None:
        self.graph = graph
        self.known = ToolKnowledge(graph, variety)
        self.reach: Reach = reach(graph, speakable, allowed)
        self.trusted: Reach = reach(graph, speakable, allowed, TRUSTED)
        """What can be reached without edges that are hardly believed."""
        self._growths = {
            True: Growth(Closure(graph, self.reach, self.known)),
            False: Growth(Closure(graph, self.trusted, self.known)),
        }
        self.large = len(allowed) >= LARGE
        """Whether the catalogue makes a long context."""

    def reachable(self) -> list[str]:
        """Tools that some plan reaches, in the order of the graph."""
        return [name for name in self.graph.tools if name in self.reach.costs]

    def plan_turn(self, wish: Wish, rng: random.Random, past: Past = FIRST) -> TurnPlan | NoSource:
        """A turn of the wished kind that reaches the wished target, or why there is none.

        The parameter of the `NoSource` is empty when the target can be reached, but not here or not in such a turn.

        Raises:
            ValueError: The kind is `irrelevant`.
        """
        if wish.kind == "irrelevant":
            raise ValueError("an irrelevant turn has no chain: its target is one of unoffered()")
        found = self.reach if wish.leaning.exploring else self.trusted
        if missing := found.missing(wish.target):
            return NoSource(*missing)
        draft, growth = Draft(rng, past, wish.leaning), self._growths[wish.leaning.exploring]
        if wish.kind == "parallel":
            return plan_parallel(wish.target, draft, growth) or NoSource(wish.target, "")
        try:
            growth.closure.add(wish.target, "target", draft, wish.leaning.via)
        except DeadEnd as error:
            return error.missing if error.missing.parameter else NoSource(wish.target, "")
        growth.grow(draft, wish.dependent)
        turn = TurnPlan(draft.calls[-1].tool, tuple(draft.calls))
        return self._of_kind(turn, wish.kind, past, rng) or NoSource(wish.target, "")

    def go_on(self, wish: Wish, calls: Sequence[PlannedCall], rng: random.Random, past: Past) -> TurnPlan | None:
        """A turn that begins with these calls and goes on from there, as the wish asks for; `None` where none does.

        Calls that then serve nothing are left out.
        """
        draft = Draft(rng, past, wish.leaning, list(calls))
        self._growths[wish.leaning.exploring].grow(draft, wish.dependent)
        found = renumbered(wanted(draft.calls), draft.first_step)
        if len(draft.calls) == len(calls) or not found:
            return None
        return self._of_kind(TurnPlan(found[-1].tool, tuple(found)), wish.kind, past, rng)

    def _of_kind(self, turn: TurnPlan, kind: TurnKind, past: Past, rng: random.Random) -> TurnPlan | None:
        if kind == "missing_parameter":
            return withholding(turn, past, self.known, rng)
        if kind == "error_recovery":
            return slipping(turn, self.known, rng)
        if kind == "missing_function":
            return held_back(turn, past, self.known)
        if kind == "long_context" and not self.large:
            return None
        return replace(turn, kind=kind)

    def plan_correction(self, past: Past, kind: TurnKind, rng: random.Random) -> TurnPlan | None:
        """A turn of this kind that makes an earlier call once more with another value, where one can be changed."""
        turn = plan_correction(past, self.known, rng)
        return turn and self._of_kind(turn, kind, past, rng)

    def unoffered(self, turns: tuple[TurnPlan, ...]) -> list[str]:
        """Targets for an irrelevant turn among these turns."""
        called = {call.tool for turn in turns for call in turn.calls}
        long = any(turn.kind == "long_context" for turn in turns)
        servers = None if long else {self.known.server(tool) for tool in called}
        return unoffered_targets(self.reach, self.known, called, servers)
