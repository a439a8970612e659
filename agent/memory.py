"""What values are known to work: from experiments, from this item's earlier tries, and from finished waves of the run.

Facts are kept as sets, so that it does not matter how often or in which order they were learnt. What has worked once
counts as working: a refusal may have had another cause.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from toolweave.agent.patterns import argument_leaves
from toolweave.agent.whole_words import alone
from toolweave.graph.model import ToolFacts
from toolweave.servers.json_values import as_object, canonical

Value = tuple[str, str, str]
"""(tool id, parameter name or JSON pointer without list numbers, canonical value)."""
Help = tuple[str, str, str]
"""(tool id, id of a tool that had failed before it was called, how that had failed)."""
_PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|\b[\w-]*\d[\w-]*")
_NUMBER = re.compile(r"/\d+(?=/|$)")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One live call, good or bad, as the run's events record it."""

    tool: str
    arguments: dict[str, Any]
    status: str
    reason: str | None
    seconds: float


@dataclass
class Memory:
    """Values that tools took, and values that they refused."""

    worked: set[Value] = field(default_factory=set[Value])
    refused: set[Value] = field(default_factory=set[Value])
    contested: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """(tool id, parameter) that some value did not suit."""
    helpful: set[Help] = field(default_factory=set[Help])
    """Calls after which one worked that had failed before."""
    useless: set[Help] = field(default_factory=set[Help])
    """Calls after which one failed in the same way as before."""

    @classmethod
    def of_facts(cls, facts: Mapping[str, ToolFacts]) -> Memory:
        """What the calls that worked in experiments teach."""
        memory = cls()
        for tool, fact in facts.items():
            for text in fact.works:
                memory.worked.update(_values(tool, as_object(json.loads(text))))
        return memory

    def snapshot(self) -> Memory:
        """What is remembered now; it does not change."""
        return Memory(set(self.worked), set(self.refused), set(self.contested), set(self.helpful), set(self.useless))

    def learn(self, attempts: Sequence[Attempt]) -> None:
        """Count the calls of a finished item, in their order."""
        self._learn_help(attempts)
        for attempt in attempts:
            values = _values(attempt.tool, attempt.arguments)
            if attempt.reason is None:
                self.worked.update(values)
                continue
            named = [value for value in values if names(attempt.reason, json.loads(value[2]))]
            self.refused.update(named or values)
            self.contested.update(value[:2] for value in named or values)

    def _learn_help(self, attempts: Sequence[Attempt]) -> None:
        """Count what was called between a failure and the next call of the same tool, where all of it worked."""
        failed: dict[str, str] = {}
        for before, attempt in pairwise(attempts):
            if before.reason is not None:
                failed = {before.tool: form(before.reason)}
            if attempt.tool == before.tool or attempt.tool not in failed:
                continue
            help_ = before.tool, attempt.tool, failed[attempt.tool]
            if attempt.reason is None:
                self.helpful.add(help_)
            elif form(attempt.reason) == help_[2]:
                self.useless.add(help_)

    def helps(self, helper: str, tool: str, reason: str) -> bool:
        """Whether a call of `tool` that failed in this way was seen to work after a call of `helper`."""
        return (helper, tool, form(reason)) in self.helpful

    def helps_not(self, helper: str, tool: str, reason: str) -> bool:
        """Whether such a call was only ever seen to fail in the same way after one of `helper`."""
        help_ = helper, tool, form(reason)
        return help_ in self.useless and help_ not in self.helpful

    def has_worked(self, tool: str, parameter: str, value: Any) -> bool:
        """Whether a call with this value is known to have worked."""
        return (tool, _spelt(parameter), canonical(value)) in self.worked

    def was_refused(self, tool: str, parameter: str, value: Any) -> bool:
        """Whether calls with this value have only ever failed."""
        known = (tool, _spelt(parameter), canonical(value))
        return known in self.refused and known not in self.worked

    def is_contested(self, tool: str, parameter: str) -> bool:
        """Whether the parameter was seen to mind which value it gets."""
        return (tool, _spelt(parameter)) in self.contested


def names(reason: str, value: Any) -> bool:
    """Whether an error text names a value; single characters and flags are in too many texts to tell."""
    if isinstance(value, bool) or value is None or len(str(value)) < 2:
        return False
    return re.search(alone(str(value)), reason) is not None


def form(reason: str) -> str:
    """A reason without what is particular to one case: identifiers, numbers and what is quoted."""
    return _PARTICULAR.sub("_", reason)


def _values(tool: str, arguments: dict[str, Any]) -> list[Value]:
    return [(tool, _spelt(place), canonical(value)) for place, value in argument_leaves(arguments)]


def _spelt(parameter: str) -> str:
    """One spelling for patterns (`items[].sku`) and pointers (`/items/0/sku`)."""
    if not parameter.startswith("/"):
        return parameter
    return _NUMBER.sub("[]", parameter).removeprefix("/").replace("/", ".").replace(".[]", "[]")
