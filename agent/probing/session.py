"""One environment under experiment: calls are counted against a budget and written into a journal."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import anyio

from toolweave.agent.outcomes import emptiness, failure
from toolweave.agent.patterns import argument_leaves
from toolweave.graph.fields import leaves
from toolweave.graph.prose import masked
from toolweave.servers.results import CallResult
from toolweave.servers.tools import Tool

Outcome = Literal["ok", "empty", "failed"]

ALIKE = 0.7
"""Share of common words from which two error texts say the same."""


class Caller(Protocol):
    """What experiments need of an environment."""

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools that can be called."""
        ...

    async def call(self, tool: Tool, arguments: dict[str, Any], /) -> CallResult:
        """Call one of them; never raises for what a tool does."""
        ...


Open = Callable[[], AbstractAsyncContextManager[Caller]]
"""Opens a fresh environment."""


class OutOfBudget(Exception):
    """No call is left."""


class ServerLost(Exception):
    """The server under experiment died; a fresh environment is needed."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One live call and how it went."""

    tool: Tool
    arguments: dict[str, Any]
    result: CallResult
    outcome: Outcome
    says: frozenset[str]
    """Words of an error text, with every value masked."""

    @property
    def worked(self) -> bool:
        """Whether the call did something or found something."""
        return self.outcome == "ok"

    def mentions(self, value: object) -> bool:
        """Whether the text holds a value."""
        return bool(re.search(rf"(?<![\w-]){re.escape(str(value))}(?![\w-])", self.result.text))


def differ(one: Observation, other: Observation) -> bool:
    """Whether two observations of one tool differ in kind: worked or not, and if not, in what they say."""
    if one.outcome != other.outcome:
        return True
    if one.outcome == "ok":
        return _lists_something(one) != _lists_something(other)
    return not alike(one.says, other.says)


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether the words of two error texts say the same."""
    return len(one & other) >= ALIKE * len(one | other)


def _lists_something(one: Observation) -> bool:
    value = one.result.value
    if isinstance(value, str):
        return sum(leaf.pattern != "" for leaf in leaves(value)) > 1
    return any("[]" in leaf.pattern for leaf in leaves(value, prose=False))


@dataclass
class Meter:
    """Counts calls; raises when none is left or time is up."""

    most: int
    deadline: float
    """On the clock of anyio."""
    made: int = 0
    on_call: Callable[[], None] = field(default=lambda: None)

    @property
    def left(self) -> int:
        """Calls that may still be made."""
        return self.most - self.made if anyio.current_time() < self.deadline else 0

    def spend(self) -> None:
        """Count one call.

        Raises:
            OutOfBudget: There is none left.
        """
        if self.left <= 0:
            raise OutOfBudget
        self.made += 1
        self.on_call()


def _nothing(_: Tool) -> str:
    return ""


class Session:
    """Calls on one environment.

    Args:
        caller: The environment.
        meter: Counts the calls.
        hear: Told of every observation.
        forbids: Why a tool may not be called any more; empty while it may.
    """

    def __init__(
        self,
        caller: Caller,
        meter: Meter,
        hear: Callable[[Observation], None],
        forbids: Callable[[Tool], str] = _nothing,
    ) -> None:
        self._caller = caller
        self._meter = meter
        self._hear = hear
        self._forbids = forbids

    async def call(self, tool: Tool, arguments: dict[str, Any]) -> Observation:
        """Make one call.

        Raises:
            OutOfBudget: There is no call left.
            ServerLost: The server died.
        """
        self._meter.spend()
        if reason := self._forbids(tool):
            return observe(tool, arguments, CallResult("refused", reason, reason, 0.0))
        result = await self._caller.call(tool, arguments)
        seen = observe(tool, arguments, result)
        self._hear(seen)
        if result.status == "lost":
            raise ServerLost
        return seen


def observe(tool: Tool, arguments: dict[str, Any], result: CallResult) -> Observation:
    """A result with its kind."""
    if failure(result) is not None:
        return Observation(tool, arguments, result, "failed", _says(arguments, result.text))
    if emptiness(result) is not None:
        return Observation(tool, arguments, result, "empty", _says(arguments, result.text))
    return Observation(tool, arguments, result, "ok", frozenset())


def _says(arguments: dict[str, Any], text: str) -> frozenset[str]:
    text = text[:2000]
    for value in sorted((str(value) for _, value in argument_leaves(arguments)), key=len, reverse=True):
        if len(value) > 1:
            text = text.replace(value, " ")
    return frozenset(re.findall(r"[^\W\d_]{2,}", masked(text).lower()))
