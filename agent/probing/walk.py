"""One walk under way, and the calls that it could make next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from toolweave.agent.probing.calltext import Action, Birth
from toolweave.agent.probing.filling import Filled
from toolweave.agent.probing.snapshot import Snapshot
from toolweave.agent.probing.things import Thing
from toolweave.agent.probing.trials import End, Situation
from toolweave.servers.tools import Tool


@dataclass(slots=True)
class Walk:
    """One walk under way."""

    origin: str
    things: list[Thing]
    """What the walk is about, most telling first."""
    situation: Situation
    born: dict[Thing, Birth] = field(default_factory=dict[Thing, Birth])
    """When a thing was made."""
    ties: dict[Thing, set[Thing]] = field(default_factory=dict[Thing, set[Thing]])
    """Thing → things that a call of this walk named or made together with it."""
    about: list[tuple[Thing, ...]] = field(default_factory=lambda: [()])
    """What each step of the situation was about or made."""
    own: dict[str, dict[str, object]] = field(default_factory=dict[str, dict[str, object]])
    """Tool id → arguments that this walk is to use."""
    named: dict[Action, tuple[Thing, ...]] = field(default_factory=dict[Action, tuple[Thing, ...]])
    """Call → what its error named beside what the call is about."""
    variant: int = 0
    """Choice among required choices."""
    free: bool = False
    """Whether optional choices are tried too."""
    snapshot: Snapshot | None = None
    """What reading tools return in the present situation, if it was looked up."""

    def join(self, things: Iterable[Thing], first: bool = False) -> None:
        """Add things as the least telling ones, or as the most telling ones."""
        fresh = [thing for thing in dict.fromkeys(things) if thing not in self.things]
        self.things = [*fresh, *self.things] if first else [*self.things, *fresh]

    def mark(self, thing: Thing) -> Thing | Birth:
        """What a thing is called in every walk along the same path."""
        return self.born.get(thing, thing)

    def tie(self, things: Sequence[Thing]) -> None:
        """Note that things belong together."""
        for thing in things:
            self.ties.setdefault(thing, set()).update(things)


@dataclass(frozen=True, slots=True)
class Prospect:
    """A call that a walk could make next."""

    action: Action
    tool: Tool
    filled: Filled
    places: dict[str, Thing]
    """Parameter pattern → what it is about there."""
    known: tuple[int, End] | None
    """The last point of the path at which it is known how it ends, and the end."""
    cause: tuple[str, End] | None = None
    """The error of the same call with other things, to be avoided by these."""

    @property
    def things(self) -> tuple[Thing, ...]:
        """What it is about."""
        return tuple(dict.fromkeys(self.places.values()))
