"""A simulated user with a private goal: knows what it wants and the values that belong to it, and nothing of any tool.

Contract: every turn is asked for in the light of what was really said so far; a value that it forgets to say comes only
when the assistant asks for it; nothing else is ever told. All of its words pass the checks of a request
(`agent/compose.py`). Not covered: coming back to what the assistant has left undone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

from toolweave.agent.asking import question_problem
from toolweave.agent.compose import Asked, ask_backwards, speak_as_user
from toolweave.agent.messages import Message
from toolweave.agent.roles import Model, Query, Style
from toolweave.agent.trace import Trace, TurnTrace
from toolweave.servers.errors import RequestRefused
from toolweave.servers.tools import Tool


@dataclass
class GoalUser:
    """One conversation's user."""

    model: Model
    goal: Trace
    """What is wanted, turn by turn."""
    offered: tuple[Tool, ...]
    """Tools whose names it may not say."""
    style: Style
    rng: random.Random
    occasion: str = ""
    """What it calls all of it, where that is known."""
    heard: list[tuple[int, Query]] = field(default_factory=list[tuple[int, Query]])
    """What it has said so far, each with the number of the turn in which."""
    _at: int = -1
    _wish: int = -1
    _asked: Asked | None = None
    _told: bool = False

    async def next_request(self, messages: Sequence[Message]) -> str | None:
        """What opens the next turn; `None` when nothing more is wanted.

        Raises:
            TeacherError: Nothing that could be said came about.
        """
        self._at += 1
        if self._asked is not None and self._insists():
            return await self._reply(messages)
        self._wish += 1
        if self._wish == len(self.goal.turns):
            return None
        self._told = False
        before = tuple(chain.from_iterable(turn.calls for turn in self.goal.turns[: self._wish]))
        self._asked = await ask_backwards(
            self.model, self._turn, before, messages, self.offered, self.style, self.rng, self.occasion
        )
        return self._say(self._asked.query)

    async def answer(self, messages: Sequence[Message]) -> str | None:
        """What it says back to the assistant's last words; `None` when these close the turn.

        Raises:
            TeacherError: Nothing that could be said came about.
        """
        if self._told or not self._is_asked(str(messages[-1]["content"])):
            return None
        return await self._reply(messages)

    @property
    def _turn(self) -> TurnTrace:
        return self.goal.turns[self._wish]

    def _insists(self) -> bool:
        """Whether the same is wanted once more, because the tool for it was missing."""
        return self._turn.kind == "missing_function" and not self._told

    def _is_asked(self, words: str) -> bool:
        tools = {call.id: call.tool for call in self._turn.calls}
        return any(question_problem(words, tools[call], place) is None for call, place in self._turn.withheld)

    async def _reply(self, messages: Sequence[Message]) -> str:
        if self._asked is None:
            raise RequestRefused("nothing was asked for yet")
        self._told = True
        return self._say(await speak_as_user(self.model, self._asked, self._turn, messages, self.style, self.rng))

    def _say(self, query: Query) -> str:
        self.heard.append((self._at, query))
        return query.text
