"""From a plan to an executed trace: live, on fresh environments, with slips put in where a turn wants one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from toolweave.agent.execute import Executor
from toolweave.agent.fill import PlanFailed
from toolweave.agent.outcomes import emptiness
from toolweave.agent.replay import ExpectedCall, expected_call, rebound, replay
from toolweave.agent.slips import too_early, with_wrong_value
from toolweave.agent.trace import Trace, TurnTrace
from toolweave.graph.plan import TrajectoryPlan
from toolweave.pipeline.workshop import Log, Workshop
from toolweave.servers.environment import Environment
from toolweave.servers.info import ServerInfo
from toolweave.servers.results import CallResult

VARIATIONS = 3
"""Times that a plan is tried, each time about other rows and other values."""


@dataclass(frozen=True, slots=True)
class Executed:
    """A trace and what it was made with."""

    trace: Trace
    servers: list[ServerInfo]
    started: datetime
    """When its observations began to come in."""


async def execute(shop: Workshop, plan: TrajectoryPlan, log: Log, rng: random.Random) -> Executed:
    """Run the plan; when its values lead nowhere, again about other things, each time on a fresh environment.

    Raises:
        PlanFailed: Not even the first turn could be made to work.
    """
    for _ in range(VARIATIONS - 1):
        try:
            return await _execute_once(shop, plan, log, rng)
        except PlanFailed as error:
            if error.stage != "plan":
                raise
    return await _execute_once(shop, plan, log, rng)


async def _execute_once(shop: Workshop, plan: TrajectoryPlan, log: Log, rng: random.Random) -> Executed:
    specs = [shop.specs[name] for name in dict.fromkeys(shop.graph.tools[tool].server for tool in plan.tools)]
    started = datetime.now(UTC)
    async with shop.open_live(specs) as environment:
        if environment.failures:
            raise PlanFailed("server", next(iter(environment.failures.values())))
        executor = Executor(environment, shop.graph, shop.book, shop.model, rng, log.attempts.append)
        trace = await _run_turns(executor, plan, log)
        servers = list(environment.servers.values())
    if any(turn.kind == "error_recovery" for turn in trace.turns):
        trace = await _again(_slipped(trace, plan, executor), shop)
    elif executor.repaired:
        trace = await _again(trace, shop)
    return Executed(trace, servers, started)


async def _run_turns(executor: Executor, plan: TrajectoryPlan, log: Log) -> Trace:
    """The plan's turns, in order; a later turn that fails is left out, and so is what comes after it."""
    turns: list[TurnTrace] = []
    for number, turn in enumerate(plan.turns):
        try:
            turns.append(await executor.run_turn(turn, number))
        except PlanFailed as error:
            if not any(done.calls for done in turns):
                raise
            log.cut = f"turn {number}: {error}"
            break
    if not any(turn.calls for turn in turns):
        raise PlanFailed("plan", "no turn makes a call")
    return Trace(tuple(turns))


def _slipped(trace: Trace, plan: TrajectoryPlan, executor: Executor) -> Trace:
    """The trace with the planned slips put in, not made yet."""
    for number, turn in enumerate(plan.turns[: len(trace.turns)]):
        if turn.slip is None:
            continue
        ids = [call.id for call in trace.turns[number].calls]
        call = trace.turns[number].calls[ids.index(executor.steps[turn.slip.step].id)]
        if turn.slip.parameter is None:
            trace = too_early(trace, number, call)
        else:
            trace = with_wrong_value(trace, number, call, turn.slip.parameter)
    return trace


async def _again(trace: Trace, shop: Workshop) -> Trace:
    """The same calls on a fresh environment: failed attempts may have left something behind in the first one."""
    expected = [expected_call(call) for call in trace.calls]
    async with shop.open_fresh(shop.specs_of(trace)) as environment:
        seen = await _made_again(expected, environment)
    calls = {
        call.id: replace(call, arguments=rebound(item, seen), result=seen[call.id])
        for call, item in zip(trace.calls, expected, strict=True)
    }
    return Trace(tuple(replace(turn, calls=tuple(calls[call.id] for call in turn.calls)) for turn in trace.turns))


async def _made_again(expected: Sequence[ExpectedCall], environment: Environment) -> dict[str, CallResult]:
    seen = await replay(expected, environment)
    if seen.problem is not None:
        raise PlanFailed("plan", f"the second time: {seen.problem}")
    for call in expected:
        if not call.fails and (reason := emptiness(seen.results[call.id])) is not None:
            raise PlanFailed("plan", f"the second time: {call.id}: {reason}")
    return seen.results
