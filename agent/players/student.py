"""Any teacher as a student: it decides each step without the hints that it has when it makes data."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from toolweave.agent.messages import Message
from toolweave.agent.players.player import calling, saying, tools_of
from toolweave.agent.roles import AdvancedTool, Model, StepAsk
from toolweave.graph.words import words
from toolweave.servers.tools import Tool

LONGEST = 500
"""Characters of what is taken for the goal."""
ENOUGH = 0.3
"""Share of the weight of a tool's words that a request must hold for the tool to be taken for meant."""


class StudentPlayer:
    """Plays by the reasoning role of a teacher."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def name(self) -> str:
        """The teacher's name."""
        return self._model.name

    async def reply(self, messages: Sequence[Message], functions: Sequence[dict[str, Any]], seed: int) -> Message:
        """The teacher's next step."""
        tools = tools_of(functions)
        names = {tool.id: tool.name for tool in tools}
        step = await self._model.step(StepAsk(tuple(messages), tools, names, _as_tool(messages, tools), (), seed))
        if step.calls:
            return calling([(call.name, call.arguments) for call in step.calls])
        return saying(step.answer or "")


def _as_tool(messages: Sequence[Message], tools: Sequence[Tool]) -> AdvancedTool:
    """A guess at what the user is after, instead of the equivalence hint, which would give the chain away."""
    request = next((str(one["content"]) for one in reversed(messages) if one["role"] == "user"), "")
    spoken = {tool.id: _words(tool) for tool in tools}
    count = Counter(word for found in spoken.values() for word in found)
    weight = {word: math.log(1 + len(tools) / number) for word, number in count.items()}
    heard = frozenset(words(request))

    def fit(tool: Tool) -> float:
        own = spoken[tool.id]
        return sum(weight[word] for word in own & heard) / (sum(weight[word] for word in own) or 1.0)

    best = max(tools, key=fit, default=None)
    meant = _first_sentence(best) if best is not None and fit(best) >= ENOUGH else request
    return AdvancedTool(name="request", description=f"{meant[:LONGEST]}.", output="What the user asks for.")


def _words(tool: Tool) -> frozenset[str]:
    return frozenset((*words(tool.name), *words(_first_sentence(tool))))


def _first_sentence(tool: Tool) -> str:
    return tool.description.strip().partition(".")[0].partition("\n")[0]
