"""What a model is asked of a text, and what it must reply: which procedures are in it, and what each step means.

A model only points: every step, value and label comes with its words in the text, and what cannot be found there is
not taken over (`meaning.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from pydantic import Field

from toolweave.agent.roles import Reply
from toolweave.agent.texts.procedures import Procedure
from toolweave.servers.tools import Tool


@dataclass(frozen=True, slots=True)
class TextAsk:
    """Find the procedures of a text, or of a part of it."""

    file: str
    first: int
    """Number of its first line, from 1."""
    lines: tuple[str, ...]
    seed: int


class ReadStep(Reply):
    """One deed that the text asks for."""

    line: int
    last_line: int
    quote: str = Field(min_length=1, max_length=1000)
    """The exact words of the text that ask for it."""


class ReadFact(Reply):
    """A value that the text gives under a label."""

    label: str = Field(min_length=1, max_length=120)
    value: str = Field(min_length=1, max_length=1000)
    line: int


class ReadProcedure(Reply):
    """How something is done, as the text tells it."""

    title: str = Field(min_length=1, max_length=200)
    first_line: int
    last_line: int
    steps: tuple[ReadStep, ...] = Field(min_length=1)
    facts: tuple[ReadFact, ...] = ()


class TextReading(Reply):
    """All procedures of a text, in order."""

    procedures: tuple[ReadProcedure, ...] = ()


@dataclass(frozen=True, slots=True)
class StepsAsk:
    """Say which tool each step of a procedure means, and what the text gives for its parameters."""

    procedure: Procedure
    tools: tuple[Tool, ...]
    """Those that may be meant."""
    seed: int


class ReadArgument(Reply):
    """What the text says for a parameter."""

    parameter: str
    """Its name, or its path in an object."""
    value: Any
    quote: str = Field(min_length=1, max_length=1000)
    """The exact words that say it."""


class NewParameter(Reply):
    """What a proposed tool takes."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")
    type: str = Field(pattern="^(string|integer|number|boolean)$")
    value: Any
    quote: str = Field(min_length=1, max_length=1000)


class NewTool(Reply):
    """A tool that a step implies and none of those on the list is."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{2,60}$")
    description: str = Field(min_length=4, max_length=300)
    parameters: tuple[NewParameter, ...] = ()


class MeantStep(Reply):
    """What one step means."""

    step: int
    """Its number, from 1."""
    tool: str | None = None
    """The `id` of a tool on the list; `null` when none does it."""
    arguments: tuple[ReadArgument, ...] = ()
    new_tool: NewTool | None = None


class StepsMeaning(Reply):
    """One entry for every step."""

    steps: tuple[MeantStep, ...]


@runtime_checkable
class TextReader(Protocol):
    """A teacher that can read texts; the rules read them for one that cannot."""

    async def read_text(self, ask: TextAsk) -> TextReading:
        """Find procedures.

        Raises:
            TeacherError: There is no usable reply.
        """
        ...

    async def map_steps(self, ask: StepsAsk) -> StepsMeaning:
        """Say what the steps mean.

        Raises:
            TeacherError: There is no usable reply.
        """
        ...
