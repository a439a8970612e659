"""Locks: calls that are refused, and what may end that.

Back to where a refusal was met come calls about what the failing call is about, what its error names and what belongs
to these, likeliest first, and after each of them the failing call once more. A failing call changes nothing, so one
walk tries several keys, each alone between two equal calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from toolweave.agent.probing.calltext import Action
from toolweave.agent.probing.session import Session
from toolweave.agent.probing.steps import Steps
from toolweave.agent.probing.trials import START, WORKED, End, Situation
from toolweave.agent.probing.walk import Prospect, Walk
from toolweave.servers.json_values import canonical
from toolweave.servers.tools import Tool

MOST_TIMES = 3
"""Walks against one kind of error that speaks of what a tool does, names something, or was ended before."""
MOST_KEYS, FEW_KEYS = 5, 2
"""Calls that may end an error, tried in one walk: when anything speaks for them, and when nothing does."""
CHOICES = 3
"""Ways to fill the choices of such a call."""
SPOKEN_OF, UNDOES, NAMED, SHARED = 4, 3, 2, 1
"""How much speaks for a call."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A call that fails in some situation."""

    situation: Situation
    action: Action
    error: End

    @property
    def kind(self) -> tuple[str, End]:
        """The tool and its kind of error."""
        return self.action[0], self.error


@dataclass
class Locks:
    """Which errors to try to end, and how."""

    steps: Steps
    _walks: Counter[tuple[str, End]] = field(default_factory=Counter[tuple[str, End]])
    """Kind of error → walks against it."""
    _taken: set[tuple[Situation, Action]] = field(default_factory=set[tuple[Situation, Action]])
    """Where which failing calls were gone for."""
    _tried: Counter[tuple[str, End, str]] = field(default_factory=Counter[tuple[str, End, str]])
    """Kind of error and tool → times that the tool was tried against it."""

    def next(self) -> Lock | None:
        """The failing call that is likeliest to be ended by something that is not known yet; `None` when all were."""
        found = [(self._rank(one), place, one) for place, one in enumerate(self._left())]
        best = min(found, key=lambda item: item[:2], default=None)
        if best is None:
            return None
        self._taken.add((best[-1].situation, best[-1].action))
        self._walks[best[-1].kind] += 1
        return best[-1]

    def _rank(self, lock: Lock) -> tuple[int, bool, bool, int]:
        """Errors that were hardly gone for before others, then those that tell something."""
        return self._walks[lock.kind], self.steps.done[lock.action[0]] > 0, not self._tells(lock), len(lock.situation)

    def _tells(self, lock: Lock) -> bool:
        """Whether an error names something, or speaks of what a tool does that was not tried against it yet."""
        if self.steps.named.get(lock.action) or lock.kind in self.steps.effects.ended:
            return True
        return any(
            self.steps.effects.errors.speaks_of(*lock.kind, tool.id) and not self._tried[*lock.kind, tool.id]
            for tool in self._keys_for(lock.action)
        )

    def _keys_for(self, failing: Action) -> list[Tool]:
        """Tools that may end an error and are not known to."""
        steps = self.steps
        return [
            tool
            for tool in steps.explorer.tools
            if tool.id != failing[0]
            and not steps.explorer.reads(tool)
            and not steps.effects.shown(tool.id, failing[0], "enables")
        ]

    def _left(self) -> Iterator[Lock]:
        """Failing calls that may still be gone for."""
        effects = self.steps.effects
        for situation, row in effects.exact.ends.items():
            for action in row:
                error = effects.exact.known(situation, action) or WORKED
                one = Lock(situation, action, error)
                if error <= WORKED or (situation, action) in self._taken:
                    continue
                if self._walks[one.kind] < (MOST_TIMES if self._tells(one) else not self.steps.done[action[0]]):
                    yield one

    async def open(self, lock: Lock, session: Session) -> None:
        """Try what may end the error of a call.

        Raises:
            OutOfBudget: No call is left.
            ServerLost: The server died.
        """
        steps = self.steps
        walk = Walk(canonical(["lock", *lock.situation, lock.action]), [], (START,), free=True)
        walk.named |= steps.named
        arrived = await steps.follow(walk, lock.situation[1:], session)
        failing = steps.bindings.as_before(walk, lock.action) if arrived else None
        if failing is None:
            return
        near = [*walk.named.get(failing.action, ()), *failing.things]
        walk.join([*near, *(other for thing in near for other in steps.things.company(thing))], first=True)
        for call in self._keys(walk, failing, lock):
            self._tried[*lock.kind, call.tool.id] += 1
            if not await steps.take(walk, call, session):
                continue
            again = steps.bindings.as_before(walk, failing.action)
            if again is None or await steps.take(walk, again, session):
                return

    def _keys(self, walk: Walk, failing: Prospect, lock: Lock) -> list[Prospect]:
        """The likeliest calls, those of tools that were tried less before others."""
        found: dict[Action, tuple[int, int, int, Prospect]] = {}
        for place, (speaks, call) in enumerate(self._about(walk, failing, lock)):
            found.setdefault(call.action, (self._tried[*lock.kind, call.tool.id], -speaks, place, call))
        best = sorted(found.values(), key=lambda item: item[:3])
        told = any(-item[1] >= NAMED for item in best) or lock.kind in self.steps.effects.ended
        return [item[-1] for item in best][: MOST_KEYS if told else FEW_KEYS]

    def _about(self, walk: Walk, failing: Prospect, lock: Lock) -> Iterator[tuple[int, Prospect]]:
        """Calls about what the failing call is about or its error names, and how much speaks for each."""
        bindings, effects, named = self.steps.bindings, self.steps.effects, walk.named.get(failing.action, ())
        for tool in self._keys_for(failing.action):
            spoken = effects.errors.speaks_of(*lock.kind, tool.id)
            ways = range(bindings.choices(tool, CHOICES)) if spoken else [self._walks[lock.kind] - 1]
            for way in ways:
                near = replace(walk, origin=f"{walk.origin}#{way}", variant=way)
                for one in bindings.prospects(near, tool):
                    about = not set(one.things).isdisjoint(walk.things)
                    if not about or (one.known is not None and one.known[1] > WORKED):
                        continue
                    speaks = NAMED * (not set(one.things).isdisjoint(named))
                    speaks += SHARED * (not set(one.things).isdisjoint(failing.things))
                    yield speaks + SPOKEN_OF * spoken + UNDOES * self._undoes(walk, failing, one), one

    def _undoes(self, walk: Walk, failing: Prospect, one: Prospect) -> bool:
        """Whether a step that disables the one call made the other one possible, or made what it is about."""
        made = {walk.born[thing][0] for thing in one.things if thing in walk.born}
        shown = self.steps.effects.shown
        return any(
            at in made or shown(step[0], one.tool.id, "enables")
            for at, step in enumerate(walk.situation)
            if shown(step[0], failing.tool.id, "disables")
        )
