"""One walk under way, and the calls that it could make next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from toolweave.agent.probing.calltext import Birth
from toolweave.agent.probing.effects import Action, End, Situation
from toolweave.agent.probing.filling import Filled
from toolweave.agent.probing.snapshot import Snapshot
from toolweave.agent.probing.things import Thing
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
    last: tuple[Thing, ...] = ()
    """What the last call was about or made."""
    variant: int = 0
    snapshot: Snapshot | None = None
    """What reading tools return in the present situation, if it was looked up."""

    def about(self, things: Iterable[Thing]) -> None:
        """Add things as the most telling ones."""
        fresh = [thing for thing in dict.fromkeys(things) if thing not in self.things]
        self.things = [*fresh, *self.things]

    def join(self, things: Iterable[Thing]) -> None:
        """Add things as the least telling ones."""
        self.things += [thing for thing in dict.fromkeys(things) if thing not in self.things]

    def tie(self, things: Sequence[Thing]) -> None:
        """Note what one call, the last one, was about and made."""
        self.last = tuple(things)
        for thing in things:
            self.ties.setdefault(thing, set()).update(things)


@dataclass(frozen=True, slots=True)
class Prospect:
    """A call that a walk could make next."""

    action: Action
    kind: Action
    """The tool and the choice of arguments, without the things that it is about."""
    tool: Tool
    filled: Filled
    things: tuple[Thing, ...]
    """What it is about."""
    life: Situation
    """What was done since the newest of those was made; empty when all exist from the start."""
    known: End | None
    """How it ends here."""
    before: End | None
    """How it ended before the last step."""
    cause: tuple[str, End] | None = None
    """The error of the same call with other things, to be avoided by these."""
    missing: bool = False
    """Whether it is known how it ends one step further."""
