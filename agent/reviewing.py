"""Roles that look at finished samples: a judge answers the questions of a rubric, a refiner puts words otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import Field

from toolweave.agent.messages import Message
from toolweave.agent.roles import Reply


@dataclass(frozen=True, slots=True)
class JudgeAsk:
    """Answer the questions of a rubric about a finished sample."""

    questions: Mapping[str, str]
    """Criterion → question that a flawless sample answers with yes."""
    tools: tuple[dict[str, Any], ...]
    """OpenAI function tools, as offered."""
    messages: tuple[Message, ...]
    seed: int


class Opinion(Reply):
    """What a judge thinks of one criterion."""

    criterion: str
    verdict: Literal["yes", "no", "unsure"]
    why: str = Field(min_length=1, max_length=600)


class Judgement(Reply):
    """One opinion for every question."""

    opinions: tuple[Opinion, ...]


@dataclass(frozen=True, slots=True)
class RefineAsk:
    """Reword a finished sample: what the user says, what the assistant thinks and what it answers."""

    tools: tuple[dict[str, Any], ...]
    """OpenAI function tools, as offered."""
    messages: tuple[Message, ...]
    keep: Mapping[int, tuple[str, ...]]
    """Index of a message → pieces that have to stand in it word for word."""
    seed: int


class Reworded(Reply):
    """A message in other words; what is `None` stays."""

    number: int = Field(ge=0)
    """Index of the message."""
    content: str | None = Field(default=None, min_length=1, max_length=8000)
    reasoning_content: str | None = Field(default=None, min_length=1, max_length=4000)


class Refinement(Reply):
    """The messages that read better in other words."""

    messages: tuple[Reworded, ...] = ()


class Refiner(Protocol):
    """A model that rewords finished samples; not every teacher can."""

    @property
    def name(self) -> str:
        """What the rows record."""
        ...

    async def refine(self, ask: RefineAsk) -> Refinement:
        """Other words for some messages.

        Raises:
            TeacherError: There is no usable reply.
        """
        ...


class Judge(Protocol):
    """A model that reviews finished samples; not every teacher can."""

    async def judge(self, ask: JudgeAsk) -> Judgement:
        """Answer every question.

        Raises:
            TeacherError: There is no usable reply.
        """
        ...
