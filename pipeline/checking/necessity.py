"""Whether a call that only makes way for others is needed: the others are made without it, on fresh servers.

Only calls are tried that may change something and give no later call a value, and at most two of a sample. Every later
call is made, also after one that fails. It is *broken* when the server refuses it, when a value that it takes is not
there, when its observation has another shape, and, if it only reads, when it shows anything else; a call that may
change something and works all the same is not: its ids and counters may just have moved on. A later call that broke
is `enabled`. Where a later call only reads and did not notice, the order of the two is free from then on; two calls
that both may change something keep their order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from toolweave.agent.observations import differing
from toolweave.agent.outcomes import failure
from toolweave.agent.replay import ExpectedCall, observation_problem, rebound
from toolweave.pipeline.environments import OpenEnvironment
from toolweave.servers.config import ServerSpec
from toolweave.servers.environment import Environment
from toolweave.servers.results import CallResult

MOST_TRIED = 2
"""Calls of a sample that are left out in turn."""


def to_try(calls: Sequence[ExpectedCall], changing: Collection[str]) -> list[ExpectedCall]:
    """The calls that later ones wait for without taking a value; `changing` holds ids of what may change something."""
    giving = {origin.call for call in calls for origin in call.taken.values()}
    awaited = {name for call in calls for name in call.after if not call.fails}
    found = [
        call
        for call in calls
        if call.id in changing and call.id in awaited and call.id not in giving and not call.fails
    ]
    return found[:MOST_TRIED]


async def enabled_by(
    call: ExpectedCall,
    calls: Sequence[ExpectedCall],
    shown: Mapping[str, str],
    changing: Collection[str],
    specs: Sequence[ServerSpec],
    open_fresh: OpenEnvironment,
) -> set[str] | None:
    """Ids of the later calls that break without a call; `None` when the servers did not let us see."""
    rest, after = [one for one in calls if one.id != call.id], calls.index(call)
    async with open_fresh(specs) as environment:
        if environment.failures:
            return None
        seen = await _made_anyway(rest, environment)
    later = [one for one in calls[after + 1 :] if not one.fails]
    return {one.id for one in later if _is_broken(one, shown[one.id], seen.get(one.id), one.id in changing)}


async def _made_anyway(calls: Sequence[ExpectedCall], environment: Environment) -> dict[str, CallResult]:
    """The results of all calls that could be made at all."""
    tools = {(tool.server, tool.name): tool for tool in environment.tools}
    results: dict[str, CallResult] = {}
    for call in calls:
        try:
            arguments = rebound(call, results)
        except KeyError:
            continue
        results[call.id] = await environment.call(tools[call.server, call.tool], arguments)
    return results


def _is_broken(call: ExpectedCall, shown: str, result: CallResult | None, changes: bool) -> bool:
    if result is None or failure(result) is not None:
        return True
    if changes:
        return differing(shown, result.text) is None
    return observation_problem(call, shown, result.text) is not None


def weighed(
    calls: Sequence[ExpectedCall], tried: Mapping[str, set[str]], changing: Collection[str]
) -> tuple[ExpectedCall, ...]:
    """The calls with what was learnt: what each enables, and order only where it matters.

    Args:
        calls: All calls of a sample.
        tried: Id of each call that was left out → ids of the calls that broke.
        changing: Ids of the calls that may change something.
    """
    made: list[ExpectedCall] = []
    for call in calls:
        free = {name for name, broken in tried.items() if call.id not in changing and call.id not in broken}
        waits = {later.id for later in calls if call.id in later.after}
        enables = tuple(sorted(waits & tried.get(call.id, set())))
        after = tuple(name for name in call.after if name not in free)
        made.append(call.model_copy(update={"after": after, "enables": enables}))
    return tuple(made)
