"""What planning asks about single tools: what they do to which kind of thing, and what a user could say for them."""

from __future__ import annotations

from collections.abc import Callable

from toolweave.graph.model import ToolGraph
from toolweave.graph.nouns import ToolNouns, tool_nouns
from toolweave.graph.schema import Parameter, parameters
from toolweave.servers.json_values import as_list

Variety = Callable[[str, str], int]
"""(tool id, parameter pattern) → how many different values a user could say for it."""

SHAKY = 0.25
"""Share of failed experiments from which a tool gets all the help that there is."""


class ToolKnowledge:
    """Facts about the tools of one graph, worked out when they are first asked for."""

    def __init__(self, graph: ToolGraph, variety: Variety | None = None) -> None:
        self.graph = graph
        self._variety = variety
        self._nouns: dict[str, ToolNouns] = {}
        self._parameters: dict[str, dict[str, Parameter]] = {}
        self._writing: dict[str, bool] = {}

    def nouns(self, tool: str) -> ToolNouns:
        """What the tool's name and description say."""
        if tool not in self._nouns:
            self._nouns[tool] = tool_nouns(self.graph.tools[tool])
        return self._nouns[tool]

    def alike(self, one: str, other: str) -> bool:
        """Whether two tools do the same to the same kind of thing, as far as their names say."""
        first, second = self.nouns(one), self.nouns(other)
        return first.deed == second.deed and first.head == second.head

    def ends(self, tool: str) -> bool:
        """Whether the tool makes an end of its thing: later calls had better not need it."""
        return self.nouns(tool).deed == "end"

    def never_worked(self, tool: str) -> bool:
        """Whether experiments have called the tool, and it failed every time."""
        fact = self.graph.fact(tool)
        return fact.tried > 0 and fact.tried == fact.failed

    def shaky(self, tool: str) -> bool:
        """Whether a good part of the experiments with a tool failed."""
        fact = self.graph.fact(tool)
        return fact.tried > 0 and fact.failed >= SHAKY * fact.tried

    def may_write(self, tool: str) -> bool:
        """Whether calls may change state, so that their order with other calls of the server matters."""
        if tool not in self._writing:
            self._writing[tool] = self.graph.may_write(self.graph.tools[tool])
        return self._writing[tool]

    def interchangeable(self, one: str, other: str) -> bool:
        """Whether calls of two tools may change places, as far as state goes."""
        apart = self.graph.tools[one].server != self.graph.tools[other].server
        return apart or not (self.may_write(one) or self.may_write(other))

    def parameters(self, tool: str) -> dict[str, Parameter]:
        """The tool's leaf parameters by pattern."""
        if tool not in self._parameters:
            self._parameters[tool] = {found.path: found for found in parameters(self.graph.tools[tool])}
        return self._parameters[tool]

    def variety(self, tool: str, parameter: str) -> int:
        """How many values a user could say; without anyone to ask, those that the schema lists."""
        if self._variety is not None:
            return self._variety(tool, parameter)
        schema = self.parameters(tool)[parameter].schema
        return len(as_list(schema.get("enum"))) or len(as_list(schema.get("examples")))

    def server(self, tool: str) -> str:
        """Name of the tool's server."""
        return self.graph.tools[tool].server
