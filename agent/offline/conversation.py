"""What the student sees of a conversation: the request, and every call so far with what came back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from toolweave.agent.messages import Message
from toolweave.agent.outcomes import reads_as_failure
from toolweave.servers.decoding import decode_text
from toolweave.servers.json_values import as_list, as_object


@dataclass(frozen=True, slots=True)
class Seen:
    """One call of the conversation."""

    number: int
    """Its place among all calls, from 0."""
    name: str
    """Offered tool name."""
    arguments: dict[str, Any]
    text: str
    value: Any
    now: bool
    """Whether it belongs to the current turn."""
    failed: bool


@dataclass(frozen=True, slots=True)
class Situation:
    """The conversation as the student reads it."""

    request: str
    """The last user message."""
    earlier: str
    """All earlier user messages."""
    calls: tuple[Seen, ...]

    @property
    def here(self) -> tuple[Seen, ...]:
        """The calls of the current turn."""
        return tuple(call for call in self.calls if call.now)


def read_situation(messages: Sequence[Message]) -> Situation:
    """Read a conversation whose last user message opened the current turn."""
    last = max((at for at, message in enumerate(messages) if message["role"] == "user"), default=0)
    spoken = [str(message.get("content") or "") for message in messages if message["role"] == "user"]
    asked: dict[str, tuple[str, dict[str, Any]]] = {}
    calls: list[Seen] = []
    for at, message in enumerate(messages):
        for call in as_list(message.get("tool_calls")):
            function = as_object(as_object(call).get("function"))
            asked[str(as_object(call).get("id"))] = (str(function.get("name")), as_object(function.get("arguments")))
        if message["role"] == "tool":
            text = str(message.get("content") or "")
            name, arguments = asked.get(str(message.get("tool_call_id")), (str(message.get("name")), {}))
            calls.append(
                Seen(len(calls), name, arguments, text, observed_value(text), at > last, reads_as_failure(text))
            )
    return Situation(spoken[-1] if spoken else "", "\n".join(spoken[:-1]), tuple(calls))


def _several(text: str) -> list[Any]:
    """The objects of a text that holds one after the other; empty when it holds anything else."""
    found: list[Any] = []
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return []
        found.append(value)
        at += len(text[at:]) - len(text[at:].lstrip())
    return found


def observed_value(text: str) -> Any:
    """The observation, decoded as a program would; a sole `result` wrapper is taken off."""
    value = decode_text(text)
    if isinstance(value, str) and text.lstrip()[:1] == "{":
        value = _several(text) or value
    inner = as_object(value)
    return inner["result"] if list(inner) == ["result"] else value
