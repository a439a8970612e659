"""Ways to call a tool: its arguments with where they come from, and what must be called before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

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

    @property
    def ready(self) -> Way:
        """The call to make now."""
        return self.first.ready if self.first is not None else self

    @property
    def chain(self) -> list[str]:
        """Ids of the tools still to be called, in order."""
        return [*(self.first.chain if self.first is not None else []), self.tool.id]

    def arguments(self) -> dict[str, Any]:
        """The arguments as one object."""
        found: dict[str, Any] = {}
        for item in self.filled:
            if item.source != "nothing":
                whole = isinstance(item.value, list)
                put(found, item.path.removesuffix("[]") if whole else item.path, item.value)
        return found
