"""Two assistants that must fail, so that a score above theirs means something."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from toolweave.agent.arguments import ValueBook
from toolweave.agent.messages import Message
from toolweave.agent.patterns import put
from toolweave.agent.players.player import calling, saying, tools_of
from toolweave.graph.schema import parameters
from toolweave.servers.tools import Tool

MOST_CALLS = 3
"""Calls that the random assistant makes in one turn."""


class IdlePlayer:
    """Says that it is done, and does nothing."""

    name = "idle"

    async def reply(self, messages: Sequence[Message], functions: Sequence[dict[str, Any]], seed: int) -> Message:
        """Words only."""
        return saying("Done.")


class RandomPlayer:
    """Makes random calls that fit their schemas, then says that it is done."""

    name = "random"

    def __init__(self) -> None:
        self._book = ValueBook({})

    async def reply(self, messages: Sequence[Message], functions: Sequence[dict[str, Any]], seed: int) -> Message:
        """One legal call, or words after a few of them."""
        rng = random.Random(f"{seed}:{len(messages)}")
        if not functions or _calls_of_turn(messages) >= rng.randint(1, MOST_CALLS):
            return saying("Done.")
        tool = rng.choice(tools_of(functions))
        return calling([(tool.name, self._arguments(tool, rng))])

    def _arguments(self, tool: Tool, rng: random.Random) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        for parameter in parameters(tool):
            if parameter.required:
                choices = self._book.candidates(tool, parameter, rng)
                put(arguments, parameter.path, choices[0].value if choices else f"{rng.randrange(10**6)}")
        return arguments


def _calls_of_turn(messages: Sequence[Message]) -> int:
    last = max((at for at, message in enumerate(messages) if message["role"] == "user"), default=0)
    return sum(1 for message in messages[last:] if message["role"] == "tool")
