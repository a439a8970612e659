"""A copy of a sample's conversation that can be changed, for making spoilt trajectories."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from toolweave.agent.messages import Message
from toolweave.agent.patterns import put_at
from toolweave.pipeline.checking.candidate import Candidate, FinalState, asserted_state
from toolweave.pipeline.sample import Sample


class Draft:
    """The conversation of a sample, turn by turn."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.state: FinalState | None = asserted_state(sample.checker)
        self.turns = [
            [copy.deepcopy(message) for message in sample.messages[turn.messages[0] : turn.messages[1] + 1]]
            for turn in sample.turns
        ]

    def candidate(self) -> Candidate:
        """It as it stands now."""
        return Candidate(tuple(tuple(turn) for turn in self.turns), self.state)

    def turn_of(self, call_id: str) -> list[Message]:
        """The messages of the turn in which a call is made."""
        return next(turn for turn in self.turns if any(_makes(message, call_id) for message in turn))

    def function(self, call_id: str) -> dict[str, Any]:
        """Name and arguments of a call."""
        message = next(message for message in self.turn_of(call_id) if _makes(message, call_id))
        return next(call["function"] for call in message["tool_calls"] if call["id"] == call_id)

    def put(self, call_id: str, place: str, value: Any) -> None:
        """Overwrite one argument leaf."""
        put_at(self.function(call_id)["arguments"], place, value)

    def observe(self, call_id: str, text: str) -> None:
        """Overwrite what came back."""
        self._shown(call_id)["content"] = text

    def drop(self, call_id: str) -> None:
        """Leave out a call and what came back."""
        turn, shown = self.turn_of(call_id), self._shown(call_id)
        for message in turn:
            if _makes(message, call_id):
                message["tool_calls"] = [call for call in message["tool_calls"] if call["id"] != call_id]
        turn[:] = [one for one in turn if one is not shown and (one.get("tool_calls") != [] or one is turn[-1])]

    def add(self, turn: int, name: str, arguments: dict[str, Any], text: str) -> None:
        """One call more, made before the words that close a turn."""
        self.turns[turn][-1:-1] = _step("call_more", name, arguments, text)

    def reorder(self, turn: int, order: Sequence[str]) -> None:
        """Make the calls of a turn one by one, in this order."""
        messages = self.turns[turn]
        first = next(at for at, message in enumerate(messages) if message.get("tool_calls"))
        steps = [
            message
            for name in order
            for message in _step(
                name, self.function(name)["name"], self.function(name)["arguments"], self._shown(name)["content"]
            )
        ]
        self.turns[turn] = [*messages[:first], *steps, messages[-1]]

    def close(self, turn: int, text: str) -> None:
        """Overwrite the words that close a turn."""
        self.turns[turn][-1]["content"] = text

    def _shown(self, call_id: str) -> Message:
        return next(one for one in self.turn_of(call_id) if one["role"] == "tool" and one["tool_call_id"] == call_id)


def _makes(message: Message, call_id: str) -> bool:
    return any(call["id"] == call_id for call in message.get("tool_calls") or ())


def _step(call_id: str, name: str, arguments: dict[str, Any], text: str) -> list[Message]:
    call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call_id, "name": name, "content": text},
    ]
