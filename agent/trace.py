"""An executed chain: every call with its arguments, where each value came from, and what really came back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from toolweave.graph.plan import Relation, TurnKind
from toolweave.servers.results import CallResult
from toolweave.servers.tools import Tool

SourceKind = Literal["user", "output", "default", "const", "enum"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where one argument leaf came from."""

    kind: SourceKind
    """`user`: the user says it. `output`: an earlier call returned it. The others: the schema fixes it."""
    turn: int | None = None
    """For `user`: index of the turn whose user message says it."""
    text: str | None = None
    """For `user`: the wording in the message."""
    call: str | None = None
    """For `output`: id of the producing call."""
    place: str | None = None
    """For `output`: JSON pointer into the producing call's decoded value."""
    rule: Literal["format"] | None = None
    """For `output`: `format` where the value is written anew in the type that the parameter wants."""
    said_for: tuple[str, str] | None = None
    """For `user`: (call id, JSON pointer) of the argument that the user said it for, where that was another one."""
    instead_of: tuple[str, str] | None = None
    """For `user`: (call id, JSON pointer) of the argument that the user wants otherwise, where there is one."""

    def as_json(self) -> dict[str, Any]:
        """The fields that apply to this kind."""
        facts = {
            "kind": self.kind,
            "turn": self.turn,
            "text": self.text,
            "call": self.call,
            "place": self.place,
            "rule": self.rule,
        }
        return {key: value for key, value in facts.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Call:
    """One executed call."""

    id: str
    """Unique in its trajectory: `call_1`, `call_2`, …"""
    tool: Tool
    arguments: dict[str, Any]
    sources: dict[str, Source]
    """JSON pointer into `arguments` → source; one entry for every leaf."""
    result: CallResult
    after: frozenset[str] = frozenset()
    """Ids of the calls that must come before this one: its value sources and its state preconditions."""
    fails: bool = False
    """Whether the server refused it, as planned: a slip that the assistant then mends."""

    @property
    def producers(self) -> list[str]:
        """Ids of the calls whose outputs this call uses, sorted."""
        return sorted({source.call for source in self.sources.values() if source.call is not None})


@dataclass(frozen=True, slots=True)
class TurnTrace:
    """The calls of one user turn, in the order in which they ran."""

    calls: tuple[Call, ...]
    kind: TurnKind = "base"
    relation: Relation = "opens"
    withheld: tuple[tuple[str, str], ...] = ()
    """(call id, JSON pointer) of the argument leaves that the user leaves out at first (`missing_parameter`)."""
    wish: Call | None = None
    """The call that the user wants and no tool on offer makes (`irrelevant`); it was never made."""

    @property
    def target(self) -> Tool:
        """The tool that the turn was to reach."""
        return self.calls[-1].tool if self.wish is None else self.wish.tool


@dataclass(frozen=True, slots=True)
class Trace:
    """All turns over one environment."""

    turns: tuple[TurnTrace, ...] = field(default=())

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call of every turn, in order."""
        return tuple(call for turn in self.turns for call in turn.calls)
