"""Finds the expected calls of a checker among those of a candidate.

An expected call is found in a call of its own turn that means the same; a call that only reads may also come in an
earlier turn. Whatever has to come before it must have been found in an earlier message. Values that were taken from
an output are those of the candidate's own output, so ids that a server makes up afresh fit. Slips need not be made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from toolweave.agent.compare import equal_arguments
from toolweave.agent.replay import ExpectedCall, observation_problem, rebound
from toolweave.pipeline.checking.candidate import Candidate, MadeCall, offered_tools
from toolweave.pipeline.sample import Sample, called, tool_messages
from toolweave.servers.decoding import decode_text
from toolweave.servers.results import CallResult
from toolweave.servers.tools import Tool


@dataclass
class Matching:
    """Which call of a candidate is which expected call."""

    sample: Sample
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Decoded outputs of the candidate's calls, as far as they are known."""
    found: dict[str, MadeCall] = field(default_factory=dict[str, MadeCall])
    """Id of the expected call → the call that is it."""
    extra: list[MadeCall] = field(default_factory=list[MadeCall])
    """Calls that nobody expects, in order."""
    early: list[tuple[MadeCall, ExpectedCall]] = field(default_factory=list[tuple[MadeCall, ExpectedCall]])
    """Calls that change something and came before what has to come before them."""

    @cached_property
    def tools(self) -> dict[str, Tool]:
        """Every tool of the row by offered name."""
        return offered_tools(self.sample)

    @cached_property
    def names(self) -> dict[str, str]:
        """Id of each expected call → the offered name of its tool."""
        return {call_id: name for call_id, name, _ in called(self.sample.messages)}

    @cached_property
    def shown(self) -> dict[str, str]:
        """Id of each expected call → its observation in the sample."""
        return tool_messages(self.sample.messages)

    @cached_property
    def turns(self) -> dict[str, int]:
        """Id of each expected call → its turn."""
        spans = [(number, turn.messages) for number, turn in enumerate(self.sample.turns)]
        return {
            call_id: number
            for number, (first, last) in spans
            for call_id, _, _ in called(self.sample.messages[first : last + 1])
        }

    @property
    def missing(self) -> list[ExpectedCall]:
        """Expected calls that were not made, slips left out."""
        return [call for call in self.sample.checker.calls if call.id not in self.found and not call.fails]

    def reads(self, name: str) -> bool:
        """Whether a tool was seen to read only."""
        return name in self.sample.checker.reads

    def arguments(self, expected: ExpectedCall) -> dict[str, object]:
        """The arguments of an expected call, with the values that the candidate's own calls returned."""
        givers = {origin.call for origin in expected.taken.values()}
        if all(name in self.found and self.found[name].observation == self.shown[name] for name in givers):
            return expected.arguments
        try:
            return rebound(expected, {name: self._result(self.found[name]) for name in givers & self.found.keys()})
        except KeyError:
            return expected.arguments

    def _result(self, made: MadeCall) -> CallResult:
        value = self.values[made.id] if made.id in self.values else decode_text(made.observation)
        return CallResult("ok", made.observation, value, 0.0)

    def is_same(self, made: MadeCall, expected: ExpectedCall) -> bool:
        """Whether two calls mean the same."""
        if self.names[expected.id] != made.name or made.name not in self.tools:
            return False
        return equal_arguments(self.tools[made.name], made.arguments, self.arguments(expected))

    def in_time(self, made: MadeCall, expected: ExpectedCall) -> bool:
        """Whether a call is made in a turn in which it may be."""
        turn = self.turns[expected.id]
        return made.turn == turn or (made.turn < turn and self.reads(made.name) and self._shows(made, expected))

    def _shows(self, made: MadeCall, expected: ExpectedCall) -> bool:
        """Whether a look that comes early shows what the expected one does; else it is a look of its own."""
        return observation_problem(expected, self.shown[expected.id], made.observation) is None

    def ready(self, made: MadeCall, expected: ExpectedCall) -> bool:
        """Whether everything that has to come before was found in an earlier message."""
        slips = {call.id for call in self.sample.checker.calls if call.fails}
        steps = [self.found[name].step if name in self.found else None for name in expected.after if name not in slips]
        return all(step is not None and step < made.step for step in steps)

    def take(self, made: MadeCall) -> None:
        """Take the next call of the candidate."""
        remaining = [call for call in self.sample.checker.calls if call.id not in self.found]
        same = [call for call in remaining if self.in_time(made, call) and self.is_same(made, call)]
        # without its slip, a call that is made again later must not be taken for the slip
        ready = sorted(
            (call for call in same if self.ready(made, call)),
            key=lambda call: call.fails and not self._shows(made, call),
        )
        if ready:
            self.found[ready[0].id] = made
        elif same and not self.reads(made.name):
            self.found[same[0].id] = made
            self.early.append((made, same[0]))
        else:
            self.extra.append(made)


def match(sample: Sample, candidate: Candidate) -> Matching:
    """Go through the candidate's calls in order."""
    matching = Matching(sample, candidate.values)
    for made in candidate.calls:
        matching.take(made)
    return matching
