"""From a plan to an executed trace: rehearsed, planned anew where that fails, with slips where a turn wants them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from toolweave.agent.fill import PlanFailed, Voice
from toolweave.agent.memory import Memory
from toolweave.agent.outcomes import emptiness
from toolweave.agent.rehearse import Lost, NotRehearsed, Rehearsal, Rehearsed
from toolweave.agent.replay import ExpectedCall, expected_call, rebound, replay
from toolweave.agent.slips import slipped
from toolweave.agent.trace import Trace
from toolweave.graph.plan import TrajectoryPlan, TurnKind
from toolweave.pipeline.making.workshop import Log, Tried, Workshop
from toolweave.servers.environment import Environment
from toolweave.servers.info import ServerInfo
from toolweave.servers.results import CallResult

MOST_SLIPS = 3
"""Wrong calls that are tried for one turn."""


@dataclass(frozen=True, slots=True)
class Executed:
    """A trace and what it was made with."""

    trace: Trace
    servers: list[ServerInfo]
    started: datetime
    """When its observations began to come in."""


async def execute(shop: Workshop, plan: TrajectoryPlan, log: Log, rng: random.Random) -> Executed:
    """Rehearse the plan, or another one for the same item, and execute it on a fresh environment.

    Raises:
        PlanFailed: Not even the first turn could be made to work.
    """
    lessons = shop.lessons
    rehearsal = Rehearsal(
        lambda names: shop.open_live([shop.specs[name] for name in names]),
        shop.graph,
        Voice(shop.book, shop.model, rng.randrange(2**31)),
        lessons.memory if lessons is not None else Memory.of_facts(shop.graph.facts),
        shop.settings.rehearsal_calls,
        on_attempt=log.attempts.append,
    )
    if lessons is not None:
        rehearsal.replan, rehearsal.shorten = lessons.replan, lessons.shorten
    try:
        made = await rehearsal.run(plan)
    except Lost as error:
        _note(error.lost, log)
        raise
    _note(made.lost, log)
    if shop.as_written and (added := [leg.planned.tool for leg in made.legs if leg.inserted]):
        raise PlanFailed("plan", f"it works only after {added[0]}, which nothing asks for")
    log.tried.append(Tried(made.plan))
    if made.lost and len(made.trace.turns) < len(plan.turns):
        last = max(made.lost, key=lambda one: one.turn)
        log.cut = f"turn {last.turn}: {last}"
    return Executed(await _with_slips(shop, made), made.servers, made.started)


def _note(lost: Sequence[NotRehearsed], log: Log) -> None:
    log.tried += [Tried(one.plan, one.turn, one.step, str(one)) for one in lost]


async def _with_slips(shop: Workshop, made: Rehearsed) -> Trace:
    """The trace with the slips that its turns want; a turn in which nothing can be made wrongly is an ordinary one."""
    trace = made.trace
    plain: TurnKind = "long_context" if any(turn.kind == "long_context" for turn in trace.turns) else "base"
    for number, turn in enumerate(made.plan.turns):
        if turn.slip is None:
            continue
        steps = [leg.planned.step for leg in made.legs if leg.turn == number]
        call = trace.turns[number].calls[steps.index(turn.slip.step)].id
        found = await _first_that_fails(shop, slipped(trace, number, call, turn.slip.parameter))
        trace = found or _of_kind(trace, number, plain)
    return trace


async def _first_that_fails(shop: Workshop, slips: Iterator[Trace]) -> Trace | None:
    """The first trace whose slip a server really refuses, while everything else still works."""
    for trace in islice(slips, MOST_SLIPS):
        try:
            return await _again(trace, shop)
        except PlanFailed:
            continue
    return None


def _of_kind(trace: Trace, turn: int, kind: TurnKind) -> Trace:
    turns = trace.turns
    return Trace((*turns[:turn], replace(turns[turn], kind=kind), *turns[turn + 1 :]))


async def _again(trace: Trace, shop: Workshop) -> Trace:
    """The same calls on a fresh environment, slips included."""
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
