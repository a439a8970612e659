"""Who speaks in an episode: the user of a sample, who says what was recorded and nothing that was not asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from toolweave.agent.asking import question_problem
from toolweave.agent.messages import Message
from toolweave.pipeline.checking.candidate import offered_tools
from toolweave.pipeline.sample import Sample, called


class User(Protocol):
    """Opens the turns of an episode, one after the other, and answers what is asked in them."""

    async def next_request(self, messages: Sequence[Message]) -> str | None:
        """What opens the next turn; `None` after the last one.

        Args:
            messages: The conversation so far.

        Raises:
            TeacherError: Nothing that could be said came about.
        """
        ...

    async def answer(self, messages: Sequence[Message]) -> str | None:
        """What the user says back to the assistant's last words; `None` when these close the turn.

        Raises:
            TeacherError: Nothing that could be said came about.
        """
        ...


@dataclass
class ScriptedUser:
    """Opens each turn, and tells the value that was left out when the assistant asks for it."""

    sample: Sample
    turn: int = -1
    _told: bool = field(default=False)

    async def next_request(self, messages: Sequence[Message]) -> str | None:
        """As `User` has it."""
        self.turn += 1
        self._told = False
        return self._texts()[0] if self.turn < len(self.sample.turns) else None

    async def answer(self, messages: Sequence[Message]) -> str | None:
        """As `User` has it."""
        texts = self._texts()
        if self._told or len(texts) < 2 or not self._asks(str(messages[-1]["content"]), texts):
            return None
        self._told = True
        return texts[1]

    def _texts(self) -> list[str]:
        if self.turn >= len(self.sample.turns):
            return []
        first, last = self.sample.turns[self.turn].messages
        messages = self.sample.messages[first : last + 1]
        return [str(message["content"]) for message in messages if message["role"] == "user"]

    def _asks(self, words: str, texts: list[str]) -> bool:
        """Whether the assistant asks for a value that the request does not say and the reply does."""
        first, last = self.sample.turns[self.turn].messages
        names = {call_id: name for call_id, name, _ in called(self.sample.messages[first : last + 1])}
        tools = offered_tools(self.sample)
        left_out = [
            item
            for item in self.sample.provenance
            if item.call in names and (said := str(item.source.get("text"))) in texts[1] and said not in texts[0]
        ]
        return any(question_problem(words, tools[names[item.call]], item.argument) is None for item in left_out)
