"""The replay gate: the calls of a sample are made again on a fresh environment and must show the same observations.

What differs between the two runs, or follows the clock, is recorded as volatile. A sample whose observation has
another shape the second time, or nothing left that could be checked, is rejected.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from toolweave.agent.observations import clocked, differing, places
from toolweave.agent.replay import ExpectedCall, replay
from toolweave.pipeline.environments import OpenEnvironment
from toolweave.pipeline.gates.verdict import Rejection
from toolweave.pipeline.sample import Checker, Sample, tool_messages
from toolweave.servers.config import ServerSpec
from toolweave.servers.json_values import canonical


async def replay_gate(
    sample: Sample, specs: Sequence[ServerSpec], now: datetime, open_fresh: OpenEnvironment
) -> Sample | Rejection:
    """The sample with its volatile places marked, or why it cannot be kept."""
    async with open_fresh(specs) as environment:
        seen = await replay(sample.checker.calls, environment)
    if seen.problem is not None:
        return Rejection("replay", seen.problem)
    shown = tool_messages(sample.messages)
    calls: list[ExpectedCall] = []
    for call in sample.checker.calls:
        volatile = volatile_places(call, shown[call.id], seen.results[call.id].text, now)
        if isinstance(volatile, str):
            return Rejection("replay", f"{call.id} ({call.server}/{call.tool}): {volatile}")
        calls.append(call.model_copy(update={"volatile": tuple(sorted(volatile))}))
    return sample.model_copy(update={"checker": Checker(calls=tuple(calls))})


def volatile_places(call: ExpectedCall, recorded: str, replayed: str, now: datetime) -> set[str] | str:
    """Places of an observation that change from run to run; or why the observation cannot be checked."""
    changed = differing(recorded, replayed)
    if changed is None:
        return "another shape the second time"
    volatile = changed | clocked(recorded, now, [canonical(call.arguments)])
    if volatile and volatile >= places(recorded).keys():
        return "nothing in its observation stays the same"
    return volatile
