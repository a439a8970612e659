"""A trajectory that is to be judged: what was said and called, turn by turn, and what the servers show in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from toolweave.agent.messages import Message
from toolweave.pipeline.sample import Checker, Sample
from toolweave.servers.json_values import as_object
from toolweave.servers.tools import Tool


@dataclass(frozen=True, slots=True)
class FinalState:
    """What was read after the last call."""

    reads: tuple[Mapping[str, Any] | None, ...] = ()
    """The answer to each `StateRead` of the checker, in order, as place → value (see `agent/observations.py`); `None`
    where the server refused it."""
    files: Mapping[tuple[str, str], str | None] = field(default_factory=dict[tuple[str, str], str | None])
    """(server, path in its workspace) → SHA-256 of each `FileState` of the checker; `None` where it is absent."""


@dataclass(frozen=True, slots=True)
class MadeCall:
    """A call of a candidate."""

    turn: int
    step: int
    """Number of its message, counted over the whole candidate: calls of one message see nothing of each other."""
    id: str
    name: str
    """As offered."""
    arguments: dict[str, Any]
    observation: str
    """What came back; empty when nothing did."""


@dataclass(frozen=True)
class Candidate:
    """A trajectory for the requests of a sample."""

    turns: tuple[tuple[Message, ...], ...]
    """For each turn of the sample, in order, its messages in the shape of the row: from what the user says to the words
    that close the turn."""
    state: FinalState | None = None
    """`None` when nothing was read; a checker that asserts something of the state then cannot pass."""
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Call id → decoded output, where more is known of it than its text: servers may give both."""

    @cached_property
    def calls(self) -> tuple[MadeCall, ...]:
        """Every call, in order."""
        made: list[MadeCall] = []
        step = 0
        for number, messages in enumerate(self.turns):
            shown = {str(one["tool_call_id"]): str(one["content"]) for one in messages if one["role"] == "tool"}
            for message in messages:
                made += [_made(call, number, step, shown) for call in message.get("tool_calls") or ()]
                step += 1
        return tuple(made)

    def heard(self, turn: int) -> list[Message]:
        """Every message up to the last one of a turn, that one left out."""
        return [message for messages in self.turns[: turn + 1] for message in messages][:-1]


def _made(call: dict[str, Any], turn: int, step: int, shown: Mapping[str, str]) -> MadeCall:
    function, name = as_object(call.get("function")), str(call.get("id"))
    arguments = as_object(function.get("arguments"))
    return MadeCall(turn, step, name, str(function.get("name")), arguments, shown.get(name, ""))


def gold(sample: Sample) -> Candidate:
    """The sample itself, with the final state that its checker asserts."""
    turns = tuple(sample.messages[turn.messages[0] : turn.messages[1] + 1] for turn in sample.turns)
    return Candidate(turns, asserted_state(sample.checker))


def asserted_state(checker: Checker) -> FinalState:
    """A state that holds what the checker asserts, and nothing else."""
    reads = tuple(None if read.fails else read.holds for read in checker.state)
    files = {(one.server, one.path): None if one.absent else one.sha256 or "any" for one in checker.files}
    return FinalState(reads, files)


def offered_tools(sample: Sample, turn: int | None = None) -> dict[str, Tool]:
    """Offered name → tool, for those on offer in a turn; of the whole row when no turn is given."""
    withheld: Sequence[str] = () if turn is None else sample.turns[turn].withheld
    functions = [as_object(tool.get("function")) for tool in sample.tools]
    return {
        str(one["name"]): Tool("", str(one["name"]), str(one.get("description", "")), as_object(one.get("parameters")))
        for one in functions
        if one["name"] not in withheld
    }
