"""Any teacher as a student: it decides each step without the hints that it has when it makes data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from toolweave.agent.messages import Message
from toolweave.agent.players.player import calling, saying, tools_of
from toolweave.agent.roles import Model, StepAsk


class StudentPlayer:
    """Plays by the reasoning role of a teacher."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def name(self) -> str:
        """The teacher's name."""
        return self._model.name

    async def reply(self, messages: Sequence[Message], functions: Sequence[dict[str, Any]], seed: int) -> Message:
        """The teacher's next step, with its thoughts."""
        tools = tools_of(functions)
        names = {tool.id: tool.name for tool in tools}
        step = await self._model.step(StepAsk(tuple(messages), tools, names, None, (), seed))
        made = (
            calling([(call.name, call.arguments) for call in step.calls]) if step.calls else saying(step.answer or "")
        )
        return made | {"reasoning_content": step.reasoning}
