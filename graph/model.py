"""Tools, edges between them, and the evidence that each edge carries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from toolweave.servers.tools import Tool

EdgeKind = Literal["data", "state"]
Effect = Literal["enables", "disables", "affects"]
EvidenceKind = Literal["declared", "matched", "observed", "intervened"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason to believe in an edge."""

    kind: EvidenceKind
    """`declared` by a schema or description, `matched` by names and meaning, `observed`: the value really flowed,
    `intervened`: with and without, on fresh environments."""
    score: float
    """Strength in 0..1, comparable across servers."""
    trials: int = 0
    successes: int = 0
    examples: tuple[str, ...] = ()
    """A few values that flowed, as text."""
    why: str = ""
    """One short phrase for a person who asks why."""


@dataclass(frozen=True, slots=True)
class Edge:
    """`source.source_field` feeds `target.target_param` (data), or calling source changes target (state)."""

    source: str
    """Tool id of the producer."""
    source_field: str
    """Field pattern in the producer's decoded value (see `graph/fields.py`); empty on state edges."""
    target: str
    """Tool id of the consumer."""
    target_param: str
    """Parameter pattern in the consumer's arguments, such as `order_id` or `items[].sku`; empty on state edges."""
    kind: EdgeKind
    confidence: float
    """Calibrated belief in 0..1."""
    evidence: tuple[Evidence, ...] = ()
    effect: Effect | None = None
    """Only on state edges."""

    @property
    def confirmed(self) -> bool:
        """Whether something live has shown the edge."""
        return any(item.kind in ("observed", "intervened") for item in self.evidence)


@dataclass(frozen=True, slots=True)
class ToolFacts:
    """What experiments have taught about one tool."""

    access: Literal["reads", "writes", "unknown"] = "unknown"
    """Whether calls were seen to change state."""
    fields: tuple[str, ...] = ()
    """Field patterns seen in real outputs."""
    works: tuple[str, ...] = ()
    """A few argument objects (JSON text, sorted keys) with which a call succeeded."""
    tried: int = 0
    failed: int = 0
    shown: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]], hash=False)
    """Field pattern → texts that stand for no thing by themselves, as they were first seen."""


_NOTHING_KNOWN = ToolFacts()


@dataclass(frozen=True)
class ToolGraph:
    """Tools by id, with the edges that the planner may use, strongest first."""

    tools: dict[str, Tool]
    edges: tuple[Edge, ...]
    facts: dict[str, ToolFacts] = field(default_factory=dict[str, ToolFacts])

    @cached_property
    def _into(self) -> dict[str, list[Edge]]:
        return _grouped(self.edges, "target")

    @cached_property
    def _out_of(self) -> dict[str, list[Edge]]:
        return _grouped(self.edges, "source")

    def into(self, tool_id: str, kind: EdgeKind = "data") -> list[Edge]:
        """Edges that feed or affect a tool, strongest first."""
        return [edge for edge in self._into.get(tool_id, []) if edge.kind == kind]

    def out_of(self, tool_id: str, kind: EdgeKind = "data") -> list[Edge]:
        """Edges that leave a tool, strongest first."""
        return [edge for edge in self._out_of.get(tool_id, []) if edge.kind == kind]

    def fact(self, tool_id: str) -> ToolFacts:
        """What is known of a tool; empty facts when nothing is."""
        return self.facts.get(tool_id, _NOTHING_KNOWN)

    def may_write(self, tool: Tool) -> bool:
        """Whether calls may change state; a read-only hint counts only where nothing else was seen."""
        access = self.fact(tool.id).access
        return access == "writes" if tool.annotations.read_only is True else access != "reads"

    @cached_property
    def belied(self) -> tuple[str, ...]:
        """Ids of the tools that say that they only read, and were seen to change something."""
        return tuple(
            name for name, tool in self.tools.items() if tool.annotations.read_only is True and self.may_write(tool)
        )


def _grouped(edges: Iterable[Edge], end: Literal["source", "target"]) -> dict[str, list[Edge]]:
    groups: dict[str, list[Edge]] = {}
    for edge in sorted(edges, key=lambda edge: -edge.confidence):
        groups.setdefault(getattr(edge, end), []).append(edge)
    return groups
