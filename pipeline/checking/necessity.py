"""Whether a call that only makes way for others is needed: the others are made without it, on fresh servers.

Only calls are tried that may change something and give no later call a value, and at most two of a sample. A later call
that fails without it, or returns something else, is `enabled` by it. Where a later call only reads and did not notice,
the order of the two is free from then on; two calls that both may change something keep their order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from toolweave.agent.replay import ExpectedCall, observation_problem, replay
from toolweave.pipeline.environments import OpenEnvironment
from toolweave.servers.config import ServerSpec

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
    specs: Sequence[ServerSpec],
    open_fresh: OpenEnvironment,
) -> set[str] | None:
    """Ids of the later calls that break without a call; `None` when the servers did not let us see."""
    rest = [one for one in calls if one.id != call.id]
    async with open_fresh(specs) as environment:
        if environment.failures:
            return None
        seen = await replay(rest, environment)
    made = [one for one in rest if one.id in seen.results]
    differing = [one.id for one in made if observation_problem(one, shown[one.id], seen.results[one.id].text)]
    stopped = [one.id for one in rest if one.id not in seen.results]
    after = calls.index(call)
    return {one.id for one in calls[after:] if one.id in differing or one.id in stopped}


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
