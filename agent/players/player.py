"""What an assistant under test is: it reads a conversation and the tools on offer, and says what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from toolweave.agent.messages import Message
from toolweave.servers.json_values import as_object
from toolweave.servers.tools import Tool


class Player(Protocol):
    """An assistant of any origin. It is shown what a deployed assistant would be shown, and nothing else."""

    @property
    def name(self) -> str:
        """What results record."""
        ...

    async def reply(self, messages: Sequence[Message], functions: Sequence[dict[str, Any]], seed: int) -> Message:
        """The next assistant message: `content`, or `tool_calls` with `arguments` as an object or as JSON text.

        Args:
            messages: The conversation so far; it ends with the user or with observations.
            functions: OpenAI function tools on offer now.
            seed: Of this trial; equal seeds may be expected to give equal replies.

        Raises:
            TeacherError: No reply came; `EndpointUnusable` when none ever will.
        """
        ...


def tools_of(functions: Sequence[dict[str, Any]]) -> tuple[Tool, ...]:
    """OpenAI function tools as tools of no server."""
    found = [as_object(one.get("function")) for one in functions]
    return tuple(
        Tool("", str(one["name"]), str(one.get("description", "")), as_object(one.get("parameters"))) for one in found
    )


def calling(calls: Sequence[tuple[str, dict[str, Any]]]) -> Message:
    """A message that calls tools, (name, arguments) each."""
    made = [
        {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for number, (name, arguments) in enumerate(calls)
    ]
    return {"role": "assistant", "content": "", "tool_calls": made}


def saying(text: str) -> Message:
    """A message of words."""
    return {"role": "assistant", "content": text}
