"""One sample tried live by an assistant: requests come from the sample, observations from fresh servers.

Contract: whatever the assistant says is taken as data; nothing of it raises. Calls go to the servers that the sample
was made with, in a fresh environment; an unknown tool or arguments that are no JSON object never reach one and are
observed as an error. The sample's checker has the last word.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from toolweave.agent.messages import Message, tool_message, user_message
from toolweave.agent.outcomes import failure
from toolweave.agent.schemas import schema_errors
from toolweave.pipeline.environments import OpenEnvironment
from toolweave.pipeline.gym.catalogue import live_tools, servers_of
from toolweave.pipeline.gym.user import ScriptedUser, User
from toolweave.pipeline.sample import Sample
from toolweave.servers.environment import Environment
from toolweave.servers.errors import RunError
from toolweave.servers.json_values import as_object, is_object
from toolweave.servers.results import CallResult
from toolweave.servers.spec import ServerSpec
from toolweave.servers.tools import Tool

MOST_STEPS = 16
"""Assistant messages of one turn."""
MOST_CALLS = 16
"""Calls of one message."""
End = Literal["answered", "ran_out", "stopped"]
"""`answered`: every turn was closed by words. `ran_out`: a turn took too many steps. `stopped`: it was given up."""


@dataclass
class Episode:
    """A conversation under way."""

    sample: Sample
    environment: Environment
    tools: Mapping[str, Tool]
    """Offered name → live tool."""
    user: User
    messages: list[Message] = field(default_factory=list[Message])
    """The conversation as the assistant sees it."""
    results: dict[str, CallResult] = field(default_factory=dict[str, CallResult])
    """Call id, ours → what came back."""
    strays: set[str] = field(default_factory=set[str])
    """Ids of the calls of tools that were not on offer."""
    ended: End | None = None
    starts: list[int] = field(default_factory=list[int])
    """Index of the message that opens each turn."""

    @property
    def turn(self) -> int:
        """Number of the turn under way."""
        return len(self.starts) - 1

    @property
    def functions(self) -> list[dict[str, Any]]:
        """OpenAI function tools that are on offer now."""
        withheld = self.sample.turns[self.turn].withheld
        return [tool for tool in self.sample.tools if as_object(tool.get("function"))["name"] not in withheld]

    def problem(self, name: str, arguments: object) -> str | None:
        """Why a call cannot be made, without making it; `None` when it can."""
        if not self._offers(name):
            return f"There is no tool {name!r}."
        if not is_object(arguments):
            return "The arguments are no JSON object."
        errors = schema_errors(self.tools[name].input_schema, arguments)
        return errors[0] if errors else None

    async def take(self, reply: Message) -> list[Message]:
        """Take an assistant message; what it leads to: observations, an answer, the next request, or nothing more."""
        if self.ended is not None:
            return []
        before = len(self.messages)
        message = self._as_ours(reply)
        self.messages.append(message)
        if calls := message.get("tool_calls"):
            for call in calls:
                await self._call(call)
            if self._steps() >= MOST_STEPS:
                self.ended = "ran_out"
        else:
            await self._hear()
        return self.messages[before + 1 :]

    def stop(self) -> None:
        """End it here."""
        self.ended = self.ended or "stopped"

    def _offers(self, name: str) -> bool:
        return any(as_object(one.get("function"))["name"] == name for one in self.functions)

    def _as_ours(self, reply: Message) -> Message:
        """The message with call ids that are unique here, and arguments as objects where they are."""
        made: list[dict[str, Any]] = []
        for call in (reply.get("tool_calls") or ())[:MOST_CALLS]:
            function = as_object(as_object(call).get("function"))
            facts = {"name": str(function.get("name")), "arguments": _decoded(function.get("arguments"))}
            made.append({"id": f"made_{len(self.results) + len(made) + 1}", "type": "function", "function": facts})
        content = reply.get("content")
        message: Message = {"role": "assistant", "content": content if isinstance(content, str) else ""}
        if isinstance(thought := reply.get("reasoning_content"), str) and thought:
            message["reasoning_content"] = thought
        return message | {"tool_calls": made} if made else message

    async def _call(self, call: dict[str, Any]) -> None:
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        if not self._offers(name):
            self.strays.add(call["id"])
            result = _refused(f"There is no tool {name!r}.")
        elif not is_object(arguments):
            result = _refused("The arguments are no JSON object.")
        else:
            result = await self.environment.call(self.tools[name], arguments)
        self.results[call["id"]] = result
        self.messages.append(tool_message(call["id"], name, result.text))

    async def _hear(self) -> None:
        answer = await self.user.answer(self.messages)
        if answer is not None:
            self.messages.append(user_message(answer))
        else:
            await self.next_turn()

    async def next_turn(self) -> None:
        """Let the user open a turn, or end it where there is nothing more to ask for.

        Raises:
            TeacherError: The user, where a model plays it, has nothing to say that could be used.
        """
        request = await self.user.next_request(self.messages)
        if request is None:
            self.ended = "answered"
            return
        self.starts.append(len(self.messages))
        self.messages.append(user_message(request))

    def _steps(self) -> int:
        return sum(1 for message in self.messages[self.starts[-1] :] if message["role"] == "assistant")

    @property
    def refused(self) -> set[str]:
        """Ids of the calls of offered tools that failed: nothing came of them."""
        return {name for name, result in self.results.items() if failure(result) is not None} - self.strays


@asynccontextmanager
async def open_episode(
    sample: Sample,
    specs: Mapping[str, ServerSpec],
    listed: Sequence[Tool],
    open_fresh: OpenEnvironment,
    user: User | None = None,
) -> AsyncGenerator[Episode]:
    """An episode on a fresh environment of every server whose tools the sample offers, up to its first request.

    Args:
        sample: What is offered, and what the checker expects.
        specs: All servers by name.
        listed: All tools of these servers.
        open_fresh: Opens the environment.
        user: Who speaks; by default the sample's own user.

    Raises:
        RunError: A tool is not there any more, or a server does not start.
        TeacherError: As `Episode.next_turn`.
    """
    tools = live_tools(sample, listed)
    async with open_fresh([specs[name] for name in servers_of(tools)]) as environment:
        if environment.failures:
            raise RunError(f"{sample.id}: {next(iter(environment.failures.values()))}")
        episode = Episode(sample, environment, tools, user or ScriptedUser(sample))
        await episode.next_turn()
        yield episode


def _decoded(arguments: object) -> object:
    """Arguments as an object, where they are one or the JSON text of one; else as they came."""
    if not isinstance(arguments, str):
        return arguments
    try:
        return json.loads(arguments or "{}")
    except ValueError:
        return arguments


def _refused(text: str) -> CallResult:
    return CallResult("refused", text, text, 0.0)
