"""What the student sees of a conversation: the request, and every call so far with what came back."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from toolweave.agent.messages import Message
from toolweave.agent.offline.mentions import Mention, mentions_of
from toolweave.agent.outcomes import reads_as_failure
from toolweave.graph.fields import Leaf, leaves
from toolweave.servers.decoding import decode_text
from toolweave.servers.json_values import as_list, as_object

_REFUSED = re.compile(
    r"^.{0,60}\b(?:no such|unknown|not found|does not exist|doesn't exist|invalid|not allowed|not permitted|cannot"
    r"|can't)\b"
    r"|^(?:there is )?no [\w ]{2,30} (?:with|called|named|has|is known|by)\b",
    re.IGNORECASE,
)
_LONGEST_OBJECTION = 300
_GO_ON = re.compile(
    r"\b(?:go on|go ahead|(?:try|have a go)(?: it| that)? (?:once )?(?:again|more)|carry on|proceed|continue"
    r"|do (?:it|that))"
    r"(?:,?\s(?:now|then|please|with (?:it|that|this)|after all|for me))*\s*(?:[.!?]|$)",
    re.IGNORECASE,
)
_LONGEST_INSISTENCE = 160


@dataclass(frozen=True)
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
    step: int
    """Which message made it: calls of one step have the same."""

    @cached_property
    def leaves(self) -> list[Leaf]:
        """The scalars of what came back."""
        return leaves(self.value)


@dataclass(frozen=True)
class Situation:
    """The conversation as the student reads it."""

    request: str
    """What the user wants now: the last message, behind those that are still open because nothing was done for them."""
    earlier: str
    """All user messages before these."""
    calls: tuple[Seen, ...]
    question: str = ""
    """What the assistant asked the user in the current turn; empty when it has not asked."""
    told_from: int | None = None
    """Where in the request the reply to that question begins."""
    insisted: bool = False
    """Whether the user asks to go on after the assistant could not do it."""

    @cached_property
    def mentions(self) -> list[Mention]:
        """The values of the request; those of a reply stand in the light of the question."""
        return mentions_of(self.request, self.told_from, self.question)

    @property
    def here(self) -> tuple[Seen, ...]:
        """The calls of the current turn."""
        return tuple(call for call in self.calls if call.now)

    @property
    def last_step(self) -> tuple[Seen, ...]:
        """The calls that were made together last in the current turn."""
        return tuple(call for call in self.here if call.step == self.here[-1].step)


def read_situation(messages: Sequence[Message]) -> Situation:
    """Read a conversation; its last user message opened the current turn, or goes on with a request that is open."""
    users = [at for at, message in enumerate(messages) if message["role"] == "user"]
    spoken = [str(messages[at].get("content") or "") for at in users]
    still_open = _open(messages, users, spoken)
    first = users[-1 - still_open] if users else 0
    question = _words_between(messages, users[-2], users[-1]) if still_open else ""
    current, told = spoken[len(spoken) - 1 - still_open :], question if "?" in question else ""
    return Situation(
        "\n".join(current),
        "\n".join(spoken[: len(spoken) - len(current)]),
        _calls(messages, first),
        told,
        len("\n".join(current)) - len(current[-1]) if told else None,
        bool(still_open and not told),
    )


def _open(messages: Sequence[Message], users: Sequence[int], spoken: Sequence[str]) -> int:
    """How many user messages before the last one still wait for what they ask for."""
    found = 0
    while found + 1 < len(users):
        before, after = users[-2 - found], users[-1 - found]
        words = _words_between(messages, before, after)
        if any(message["role"] == "tool" for message in messages[before:after]) or not words:
            break
        if "?" not in words and not insists(spoken[-1 - found]):
            break
        found += 1
    return found


def insists(text: str) -> bool:
    """Whether a message only asks to go on with what was asked before."""
    return len(text) <= _LONGEST_INSISTENCE and bool(_GO_ON.search(text)) and not mentions_of(text)


def _words_between(messages: Sequence[Message], before: int, after: int) -> str:
    return "\n".join(
        str(m.get("content") or "") for m in messages[before + 1 : after] if m["role"] == "assistant"
    ).strip()


def _calls(messages: Sequence[Message], first: int) -> tuple[Seen, ...]:
    asked: dict[str, tuple[str, dict[str, Any], int]] = {}
    calls: list[Seen] = []
    for at, message in enumerate(messages):
        for call in as_list(message.get("tool_calls")):
            function = as_object(as_object(call).get("function"))
            named, given = str(function.get("name")), as_object(function.get("arguments"))
            asked[str(as_object(call).get("id"))] = named, given, at
        if message["role"] == "tool":
            text = str(message.get("content") or "")
            name, arguments, step = asked.get(str(message.get("tool_call_id")), (str(message.get("name")), {}, at))
            value = observed_value(text)
            calls.append(Seen(len(calls), name, arguments, text, value, at > first, _went_wrong(text, value), step))
    return tuple(calls)


def _went_wrong(text: str, value: Any) -> bool:
    """Whether a result is an objection."""
    facts = as_object(value)
    if facts.get("error") or facts.get("success") is False or facts.get("ok") is False:
        return True
    return reads_as_failure(text) or (
        isinstance(value, str) and len(text) <= _LONGEST_OBJECTION and _REFUSED.search(text.strip()) is not None
    )


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
