"""Runs the calls of a checker again on a fresh environment and compares what comes back.

Arguments that came out of earlier calls are taken from the *new* outputs, so ids that servers make up afresh still fit
together; everything else is sent as it stands.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from toolweave.agent.observations import differing
from toolweave.agent.outcomes import failure
from toolweave.agent.patterns import get, put_at
from toolweave.agent.trace import Call
from toolweave.graph.fields import value_at
from toolweave.servers.results import CallResult
from toolweave.servers.tools import Tool


class Answering(Protocol):
    """What answers calls: an environment, or a recording of one."""

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools that can be called."""
        ...

    async def call(self, tool: Tool, arguments: dict[str, Any], /) -> CallResult:
        """Call one of them."""
        ...


class Origin(BaseModel):
    """The output that an argument was taken from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    call: str
    place: str


class ExpectedCall(BaseModel):
    """One call of a checker, as data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    server: str
    tool: str
    arguments: dict[str, Any]
    taken: dict[str, Origin] = {}
    """JSON pointer into `arguments` → the earlier output that the value was taken from."""
    after: tuple[str, ...] = ()
    """Ids of the calls that must come before."""
    volatile: tuple[str, ...] = ()
    """Places of the observation that differ from run to run, found by running more than once."""
    fails: bool = False
    """Whether the server has to refuse it: a slip that later calls mend."""
    enables: tuple[str, ...] = ()
    """Ids of later calls that were seen to fail, or to return something else, when this one was left out; looked for
    only where it gives them no value."""


@dataclass
class Replayed:
    """What a replay saw."""

    results: dict[str, CallResult] = field(default_factory=dict[str, CallResult])
    problem: str | None = None
    """Why the replay stopped; `None` when every call went through."""


def expected_call(call: Call) -> ExpectedCall:
    """A call of a trace as a checker keeps it."""
    taken = {
        place: Origin(call=source.call or "", place=source.place or "")
        for place, source in call.sources.items()
        if source.kind == "output"
    }
    return ExpectedCall(
        id=call.id,
        server=call.tool.server,
        tool=call.tool.name,
        arguments=call.arguments,
        taken=taken,
        after=tuple(sorted(call.after)),
        fails=call.fails,
    )


async def replay(calls: Sequence[ExpectedCall], environment: Answering) -> Replayed:
    """Make the calls in order; stops at the first that fails or whose value is no longer there."""
    tools = {(tool.server, tool.name): tool for tool in environment.tools}
    seen = Replayed()
    for call in calls:
        seen.problem = await _replay_one(call, tools.get((call.server, call.tool)), environment, seen.results)
        if seen.problem is not None:
            break
    return seen


async def _replay_one(
    call: ExpectedCall, tool: Tool | None, environment: Answering, results: dict[str, CallResult]
) -> str | None:
    if tool is None:
        return f"{call.id}: server {call.server!r} has no tool {call.tool!r}"
    try:
        arguments = rebound(call, results)
    except KeyError as error:
        return f"{call.id}: nothing at {error.args[0]!r} any more"
    result = results[call.id] = await environment.call(tool, arguments)
    return _unexpected(call, result)


def _unexpected(call: ExpectedCall, result: CallResult) -> str | None:
    """Why an outcome is not the one that the checker expects; a slip must be refused by the server itself."""
    reason, where = failure(result), f"{call.id} ({call.server}/{call.tool})"
    if not call.fails:
        return None if reason is None else f"{where}: {reason}"
    if reason is None:
        return f"{where}: should fail, and the server accepted it"
    return None if result.status in ("ok", "tool_error") else f"{where}: {reason}"


def rebound(call: ExpectedCall, results: Mapping[str, CallResult]) -> dict[str, Any]:
    """The arguments, with taken values read from the new outputs and kept in the type that they had.

    Raises:
        KeyError: A producing call or its place is missing.
    """
    arguments = copy.deepcopy(call.arguments)
    for place, origin in call.taken.items():
        if origin.call not in results:
            raise KeyError(origin.call)
        new = value_at(results[origin.call].value, origin.place)
        if new is None:
            raise KeyError(origin.place)
        put_at(arguments, place, str(new) if isinstance(get(arguments, place), str) else new)
    return arguments


def observation_problem(call: ExpectedCall, recorded: str, replayed: str) -> str | None:
    """Why a replayed observation does not confirm the recorded one; `None` when it does."""
    places = differing(recorded, replayed)
    if places is None:
        return f"{call.id} ({call.server}/{call.tool}): the observation has another shape"
    stray = sorted(places - set(call.volatile))
    return f"{call.id} ({call.server}/{call.tool}): the observation differs at {stray[0]}" if stray else None
