"""The final state by experiment: what the servers' own reading tools, and the files, show before and after the calls.

Contract: only what the calls changed is asserted. A leaf is asserted when it differs before and after the calls of one
environment, is the same after those of another one, and does not follow the clock. The reads are few and made by tools
that were seen to change nothing. What no read shows is not asserted, and the checker says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from toolweave.agent.compare import equal_values
from toolweave.agent.observations import clocked, places
from toolweave.agent.outcomes import failure
from toolweave.agent.replay import Answering, ExpectedCall, rebound
from toolweave.pipeline.checking.candidate import FinalState
from toolweave.pipeline.checking.files import digests, look_at_files
from toolweave.pipeline.sample import Checker, StateRead
from toolweave.servers.environment import Environment
from toolweave.servers.json_values import canonical
from toolweave.servers.results import CallResult

MOST_LEAVES = 24
"""Leaves of one answer that are asserted, in its own order."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one read gave."""

    arguments: dict[str, Any]
    """As sent, with the values of this run."""
    result: CallResult | None
    """`None` when a value for it was not there."""

    @property
    def shown(self) -> dict[str, Any] | None:
        """Place → value; `None` when the server refused, or nothing could be asked."""
        if self.result is None or failure(self.result) is not None:
            return None
        return places(self.result.text)


async def ask(
    reads: Sequence[StateRead], environment: Answering, results: Mapping[str, CallResult] | None
) -> list[Answer]:
    """Make the reads; with the results of the calls, values taken from them are those of this run."""
    tools = {(tool.server, tool.name): tool for tool in environment.tools}
    answers: list[Answer] = []
    for read in reads:
        tool = tools.get((read.server, read.tool))
        try:
            arguments = read.arguments if results is None else rebound(_as_call(read), results)
        except KeyError:
            tool, arguments = None, read.arguments
        answers.append(Answer(arguments, None if tool is None else await environment.call(tool, arguments)))
    return answers


def _as_call(read: StateRead) -> ExpectedCall:
    return ExpectedCall(id="", server=read.server, tool=read.tool, arguments=read.arguments, taken=read.taken)


async def read_state(checker: Checker, environment: Environment, results: Mapping[str, CallResult]) -> FinalState:
    """What a checker has to know of the final state."""
    answers = await ask(checker.state, environment, results)
    files = digests(await look_at_files(environment), checker.files) if checker.files else {}
    return FinalState(tuple(answer.shown for answer in answers), files)


def changes(read: StateRead, before: Answer, after: Answer, now: datetime, sizes: Collection[int]) -> StateRead | None:
    """The read with what it shows after the calls and did not before; `None` when that is nothing.

    Args:
        read: The read.
        before: What it gave before the calls.
        after: What it gave after them.
        now: When the calls were made.
        sizes: Numbers that are sizes of files, which may be others on another day.
    """
    then, later = before.shown, after.shown
    if later is None:
        refused = after.result is not None and after.result.status in ("ok", "tool_error")
        return read.model_copy(update={"fails": True}) if then is not None and refused else None
    then = then or {}
    assert after.result is not None
    follows = clocked(after.result.text, now, [canonical(after.arguments)])
    new = {place: value for place, value in later.items() if place not in then or not equal_values(then[place], value)}
    holds = {place: value for place, value in new.items() if place not in follows and not is_size(value, sizes)}
    gone = tuple(place for place in then if place not in later)
    found = read.model_copy(
        update={"holds": dict(list(holds.items())[:MOST_LEAVES]), "gone": gone[:MOST_LEAVES]},
    )
    return found if holds or gone else None


def is_size(value: object, sizes: Collection[int]) -> bool:
    """Whether a value is one of these numbers, or its digits."""
    return not isinstance(value, bool) and str(value) in {str(size) for size in sizes}


def confirmed(read: StateRead, again: Answer) -> StateRead | None:
    """The read with what a second environment shows as well; `None` when that is nothing."""
    shown = again.shown
    if read.fails:
        return read if shown is None and again.result is not None else None
    if shown is None:
        return None
    holds = {
        place: value for place, value in read.holds.items() if place in shown and equal_values(shown[place], value)
    }
    gone = tuple(place for place in read.gone if place not in shown)
    return read.model_copy(update={"holds": holds, "gone": gone}) if holds or gone else None
