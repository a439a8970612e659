"""A turn under construction: the calls so far, what earlier turns left behind, and what the plan should rather do."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from toolweave.graph.chains import depths
from toolweave.graph.model import Edge
from toolweave.graph.plan import FromCall, NoSource, PlannedCall, TurnPlan
from toolweave.graph.planning.chances import ALL_WORKS, Chances, EdgeKey

T = TypeVar("T")

MOST_CALLS = 8
"""Calls of one turn."""


class DeadEnd(Exception):
    """A call cannot be had here; the parameter is empty when the turn is full or state forbids the call."""

    def __init__(self, tool: str, parameter: str) -> None:
        super().__init__(tool, parameter)
        self.missing = NoSource(tool, parameter)


@dataclass(frozen=True, slots=True)
class Past:
    """The turns before the one that is planned."""

    turns: tuple[TurnPlan, ...] = ()
    usable: tuple[PlannedCall, ...] = ()
    """Calls whose outputs the turn may use; a turn that switches the topic uses none."""

    @property
    def calls(self) -> tuple[PlannedCall, ...]:
        """All calls of earlier turns, in order."""
        return tuple(call for turn in self.turns for call in turn.calls)


@dataclass(frozen=True, slots=True)
class Leaning:
    """What a plan should rather do, beyond reaching its target."""

    covered: Mapping[EdgeKey, float] = field(default_factory=dict[EdgeKey, float])
    """How often each edge has been covered; the less, the rather it is taken."""
    via: Edge | None = None
    """A data edge through which the target must be fed."""
    exploring: bool = True
    """Whether edges may be followed that are hardly believed."""
    avoided: frozenset[str] = frozenset()
    """Tools that a turn had better not grow by: they have only ever failed."""
    deep: bool = False
    """Whether to grow where the chain is longest."""
    straight: bool = False
    """Whether to grow only where the chain gets longer by it: nothing is done beside it."""
    options: bool = False
    """Whether the target should carry a value that it could do without."""
    chances: Chances = ALL_WORKS
    """How likely calls are to work, by how they are fed."""


FIRST = Past()
NO_LEANING = Leaning()


@dataclass
class Draft:
    """One turn's calls, in an order in which they can run."""

    rng: random.Random
    past: Past = FIRST
    leaning: Leaning = NO_LEANING
    calls: list[PlannedCall] = field(default_factory=list[PlannedCall])
    open: set[str] = field(default_factory=set[str])
    """Tools whose parameters are being supplied just now."""

    def __post_init__(self) -> None:
        self._before = self.past.calls
        self.first_step = len(self._before)

    @property
    def next_step(self) -> int:
        """The number of the next call."""
        return self.first_step + len(self.calls)

    @property
    def done(self) -> tuple[PlannedCall, ...]:
        """Every call that will have been made by then, of this turn and of earlier ones."""
        return (*self._before, *self.calls)

    def step_of(self, tool: str) -> int | None:
        """The last step that calls this tool and whose output may be used."""
        return _last_of(tool, self.calls, self.past.usable)

    def made(self, tool: str) -> int | None:
        """The last step that calls this tool, whether its output may be used or not."""
        return _last_of(tool, self.calls, self._before)

    def unless_dead_end(self, work: Callable[[], T]) -> T | None:
        """The work's result; `None`, and everything as it was before, when it leads nowhere."""
        calls, opened = list(self.calls), set(self.open)
        try:
            return work()
        except DeadEnd:
            self.calls, self.open = calls, opened
            return None

    def dependent(self) -> int:
        """Calls of the turn that take a value from an earlier call."""
        return sum(depends(call) for call in self.calls)


def _last_of(tool: str, calls: Sequence[PlannedCall], before: Sequence[PlannedCall]) -> int | None:
    for made in (calls, before):
        for call in reversed(made):
            if call.tool == tool:
                return call.step
    return None


def depends(call: PlannedCall) -> bool:
    """Whether a call takes a value from an earlier call's output."""
    return any(isinstance(source, FromCall) for source in call.sources.values())


def producers(call: PlannedCall) -> set[int]:
    """Steps whose outputs a call uses."""
    return {source.step for source in call.sources.values() if isinstance(source, FromCall)}


def fed_by(call: PlannedCall, by_step: Mapping[int, PlannedCall]) -> set[int]:
    """Steps that first gave what a call uses: what a call only hands on that it was given came from elsewhere.

    A call hands a value on where it takes it under the same name, and does not return a list of such.
    """
    found: set[int] = set()
    for parameter, source in call.sources.items():
        while isinstance(source, FromCall):
            before = by_step.get(source.step)
            if before is None or parameter not in before.sources or "[]" in source.field:
                found.add(source.step)
                break
            source = before.sources[parameter]
    return found


def depth_of(turns: Sequence[TurnPlan]) -> int:
    """Calls of the longest chain of some turns, each using what the one before was the first to give."""
    calls = {call.step: call for turn in turns for call in turn.calls}
    return max(depths({step: fed_by(call, calls) for step, call in calls.items()}).values(), default=0)


def edge_key(edge: Edge) -> EdgeKey:
    """What edges are counted by."""
    return edge.source, edge.source_field, edge.target, edge.target_param


def edges_of(turns: tuple[TurnPlan, ...]) -> list[EdgeKey]:
    """The edges that a plan follows: values by field and parameter, state by the two tools; in order, each once."""
    tools = {call.step: call.tool for turn in turns for call in turn.calls}
    found: dict[EdgeKey, None] = {}
    for turn in turns:
        for call in turn.calls:
            for parameter, source in call.sources.items():
                if isinstance(source, FromCall):
                    found[tools[source.step], source.field, call.tool, parameter] = None
            for step in sorted(call.after - producers(call)):
                found[tools[step], "", call.tool, ""] = None
    return list(found)
