"""Ways to call a tool: its arguments with where they come from, and what must be called before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from toolweave.agent.offline.fitting import Slot
from toolweave.agent.offline.results import Candidate
from toolweave.agent.patterns import put
from toolweave.servers.tools import Tool


@dataclass(frozen=True, slots=True)
class Filled:
    """One argument with where it comes from."""

    path: str
    value: Any
    source: Literal["request", "result", "earlier", "schema", "nothing"]
    candidate: Candidate | None = None
    mentions: frozenset[int] = frozenset()


@dataclass
class Way:
    """How a tool can be called: at once, or after another one."""

    tool: Tool
    cost: float
    filled: list[Filled]
    used: frozenset[int]
    """Indices of the mentions that the whole chain uses."""
    first: Way | None = None
    """What must be called before; `None` when the tool can be called at once."""
    wanted: str = ""
    """The parameter that the earlier call is for."""
    others: list[Way] = field(default_factory=list["Way"])
    """What must be called before as well, for other parameters."""
    lacking: list[Slot] = field(default_factory=list[Slot])
    """Required parameters of this call that neither the conversation nor any tool gives."""

    @property
    def ready(self) -> Way:
        """The call to make now."""
        return self.first.ready if self.first is not None else self

    @property
    def before(self) -> list[Way]:
        """All that must be called before."""
        return [*([self.first] if self.first is not None else []), *self.others]

    @property
    def at_once(self) -> list[Way]:
        """All calls that need nothing which is still to come."""
        return [ready for way in self.before for ready in way.at_once] or [self]

    @property
    def gaps(self) -> list[tuple[Tool, Slot]]:
        """What is lacking, for this call and for all before it."""
        return [*((self.tool, slot) for slot in self.lacking), *(gap for way in self.before for gap in way.gaps)]

    def arguments(self) -> dict[str, Any]:
        """The arguments as one object."""
        found: dict[str, Any] = {}
        for item in self.filled:
            if item.source != "nothing":
                whole = isinstance(item.value, list)
                put(found, item.path.removesuffix("[]") if whole else item.path, item.value)
        return found
