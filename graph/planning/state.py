"""What calls enable and disable, as far as experiments have shown it."""

from __future__ import annotations

from collections.abc import Iterable

from toolweave.graph.model import Effect, ToolGraph
from toolweave.graph.plan import PlannedCall
from toolweave.graph.planning.knowledge import ToolKnowledge
from toolweave.graph.reach import TRUSTED

BELIEVED_STATE = 0.6
"""Confidence from which a state edge is planned for."""


class StateKnowledge:
    """Questions about the state edges of one graph."""

    def __init__(self, graph: ToolGraph, known: ToolKnowledge) -> None:
        self.graph = graph
        self.known = known
        self._sources: dict[tuple[str, Effect], list[str]] = {}
        self._enablers: dict[str, list[str]] = {}

    def sources(self, tool: str, effect: Effect) -> list[str]:
        """Tools that have this effect on a tool, the surest first."""
        if (tool, effect) not in self._sources:
            edges = (edge for edge in self.graph.into(tool, "state") if edge.confidence >= BELIEVED_STATE)
            self._sources[tool, effect] = [edge.source for edge in edges if edge.effect == effect]
        return self._sources[tool, effect]

    def enablers(self, tool: str) -> list[str]:
        """Tools to call before a tool that nothing has disabled yet.

        Not those that only undo what disabled it, and not those that make the very thing: a thing that is taken from
        elsewhere has been made.
        """
        if tool not in self._enablers:
            found = self.sources(tool, "enables")
            self._enablers[tool] = [one for one in found if not self._undoes(one, tool) and not self._makes(one, tool)]
        return self._enablers[tool]

    def disabled(self, tool: str, done: Iterable[PlannedCall]) -> bool:
        """Whether a call has made `tool` impossible and no later one has made it possible again."""
        enabling, disabling = self.sources(tool, "enables"), self.sources(tool, "disables")
        found = False
        for call in done if disabling else ():
            once_more = call.tool == tool  # about another thing
            found = (call.tool in disabling and not once_more) or (found and call.tool not in enabling)
        return found

    def _undoes(self, enabler: str, tool: str) -> bool:
        """Whether an enabling call only takes back what a call of this or another tool has done."""
        if self.known.ends(enabler):
            return True
        before = set(self.sources(enabler, "enables")) - {tool}
        feeding = {edge.source for edge in self.graph.into(enabler) if edge.confidence >= TRUSTED}
        return any(other in before | feeding for other in self.sources(tool, "disables")) or tool in feeding

    def _makes(self, enabler: str, tool: str) -> bool:
        """Whether the enabling call returns the thing that `tool` is about, and did not have it before."""
        own = self.known.parameters(enabler)
        return any(
            edge.source == enabler and edge.confidence >= TRUSTED and edge.target_param not in own
            for edge in self.graph.into(tool)
        )
