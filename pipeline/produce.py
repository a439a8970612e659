"""Makes one sample from one plan: execute, compose, reason, assemble, gate. Every way out has a stage and a reason."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from toolweave.agent.arguments import ValueBook
from toolweave.agent.compose import ask_backwards
from toolweave.agent.execute import Attempt, Executor, PlanFailed
from toolweave.agent.messages import Message, user_message
from toolweave.agent.outcomes import emptiness
from toolweave.agent.reason import Reasoner, Revision
from toolweave.agent.replay import expected_call, rebound, replay
from toolweave.agent.roles import Model, Style
from toolweave.agent.trace import Trace, TurnTrace
from toolweave.graph.model import ToolGraph
from toolweave.graph.plan import TrajectoryPlan
from toolweave.pipeline.assemble import Conversation, SpokenTurn, assemble
from toolweave.pipeline.environments import OpenEnvironment
from toolweave.pipeline.gates.replay import replay_gate
from toolweave.pipeline.gates.static import static_rejection
from toolweave.pipeline.gates.verdict import Rejection
from toolweave.pipeline.offers import offer
from toolweave.pipeline.sample import Sample
from toolweave.pipeline.settings import RunSettings
from toolweave.pipeline.styles import draw_style
from toolweave.servers.config import ServerSpec
from toolweave.servers.errors import EndpointUnusable, TeacherError
from toolweave.servers.info import ServerInfo
from toolweave.servers.tools import function_names

VARIATIONS = 3
"""Times that a plan is tried, each time about other rows and other values."""

Outcome = Literal["rejected", "failed", "unresolved"]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A planned item that was not kept."""

    outcome: Outcome
    stage: str
    reason: str


@dataclass
class Log:
    """What happened on the way, for the run's events and revisions."""

    attempts: list[Attempt] = field(default_factory=list[Attempt])
    revisions: list[tuple[int, Revision]] = field(default_factory=list[tuple[int, Revision]])
    cut: str | None = None
    """Why later turns were left out, where they were."""


@dataclass(frozen=True)
class Workshop:
    """What all items of a run share."""

    settings: RunSettings
    graph: ToolGraph
    specs: Mapping[str, ServerSpec]
    book: ValueBook
    model: Model
    callable_tools: frozenset[str]
    open_fresh: OpenEnvironment


async def produce(shop: Workshop, plan: TrajectoryPlan, log: Log) -> Sample | Dropped:
    """One planned item, from plan to gated sample."""
    rng = random.Random(plan.seed)
    try:
        trace, servers, started = await _execute(shop, plan, log, rng)
    except PlanFailed as error:
        return Dropped("failed", error.stage, str(error))
    try:
        conversation, style = await _converse(shop, trace, log, rng)
    except EndpointUnusable:
        raise
    except TeacherError as error:
        return Dropped("rejected", "teacher", str(error))
    trace = Trace(trace.turns[: len(conversation.turns)])
    sample = assemble(conversation, trace, servers, shop.model.name, plan, style)
    if (rejection := static_rejection(sample)) is not None:
        return _rejected(rejection)
    checked = await replay_gate(sample, _specs(shop, trace), started, shop.open_fresh)
    return _rejected(checked) if isinstance(checked, Rejection) else checked


def _rejected(rejection: Rejection) -> Dropped:
    return Dropped("rejected", rejection.gate, rejection.reason)


def _specs(shop: Workshop, trace: Trace) -> list[ServerSpec]:
    return [shop.specs[name] for name in dict.fromkeys(call.tool.server for call in trace.calls)]


async def _execute(
    shop: Workshop, plan: TrajectoryPlan, log: Log, rng: random.Random
) -> tuple[Trace, list[ServerInfo], datetime]:
    """Run the plan; when its values lead nowhere, again about other things, each time on a fresh environment."""
    for _ in range(VARIATIONS - 1):
        try:
            return await _execute_once(shop, plan, log, rng)
        except PlanFailed as error:
            if error.stage != "plan":
                raise
    return await _execute_once(shop, plan, log, rng)


async def _execute_once(
    shop: Workshop, plan: TrajectoryPlan, log: Log, rng: random.Random
) -> tuple[Trace, list[ServerInfo], datetime]:
    """Run the plan's turns on a fresh environment; a later turn that fails is left out."""
    specs = [shop.specs[name] for name in dict.fromkeys(shop.graph.tools[tool].server for tool in plan.tools)]
    turns: list[TurnTrace] = []
    started = datetime.now(UTC)
    async with shop.open_fresh(specs) as environment:
        if environment.failures:
            raise PlanFailed("server", next(iter(environment.failures.values())))
        executor = Executor(environment, shop.graph, shop.book, shop.model, rng, log.attempts.append)
        for number, turn in enumerate(plan.turns):
            try:
                turns.append(await executor.run_turn(turn, number))
            except PlanFailed as error:
                if not turns:
                    raise
                log.cut = f"turn {number}: {error}"
                break
        servers = list(environment.servers.values())
    trace = Trace(tuple(turns))
    if executor.repaired:
        trace = await _again(trace, _specs(shop, trace), shop.open_fresh)
    return trace, servers, started


async def _again(trace: Trace, specs: Sequence[ServerSpec], open_fresh: OpenEnvironment) -> Trace:
    """The same calls on a fresh environment: failed attempts may have left something behind in the first one."""
    expected = [expected_call(call) for call in trace.calls]
    async with open_fresh(specs) as environment:
        seen = await replay(expected, environment)
    if seen.problem is not None:
        raise PlanFailed("plan", f"works only after a failed attempt: {seen.problem}")
    for call_id, result in seen.results.items():
        if (reason := emptiness(result)) is not None:
            raise PlanFailed("plan", f"works only after a failed attempt: {call_id}: {reason}")
    calls = {
        call.id: replace(call, arguments=rebound(item, seen.results), result=seen.results[call.id])
        for call, item in zip(trace.calls, expected, strict=True)
    }
    return Trace(tuple(TurnTrace(tuple(calls[call.id] for call in turn.calls)) for turn in trace.turns))


async def _converse(shop: Workshop, trace: Trace, log: Log, rng: random.Random) -> tuple[Conversation, Style]:
    """Ask and reason turn by turn; a later turn that fails is left out.

    Raises:
        TeacherError: The first turn did not come about.
    """
    tools = offer(shop.graph, trace, shop.callable_tools, shop.settings.offered, rng)
    conversation = Conversation(tools, function_names(tools))
    style = draw_style(rng)
    for number, turn in enumerate(trace.turns):
        try:
            spoken, messages = await _speak(shop, conversation, turn, number, style, log, rng)
        except TeacherError as error:
            if number == 0 or isinstance(error, EndpointUnusable):
                raise
            log.cut = f"turn {number}: {error}"
            break
        conversation.turns.append(spoken)
        conversation.messages[:] = messages
    return conversation, style


async def _speak(
    shop: Workshop,
    conversation: Conversation,
    turn: TurnTrace,
    number: int,
    style: Style,
    log: Log,
    rng: random.Random,
) -> tuple[SpokenTurn, list[Message]]:
    earlier = [call for done in conversation.turns for call in done.trace.calls]
    asked = await ask_backwards(shop.model, turn, earlier, conversation.messages, conversation.tools, style, rng)
    messages = [*conversation.messages, user_message(asked.query.text)]
    reasoner = Reasoner(
        shop.model, conversation.tools, conversation.names, asked.advanced, rng, messages, shop.settings.attempts
    )
    try:
        await reasoner.run(turn, frozenset(call.id for call in earlier))
    finally:
        log.revisions += [(number, revision) for revision in reasoner.revisions]
    first = len(conversation.messages)
    return SpokenTurn(turn, asked.query, (first, len(messages) - 1), reasoner.attempts), messages


def revision_line(index: int, turn: int, revision: Revision) -> dict[str, Any]:
    """A draft with its critique, as `revisions.jsonl` keeps it."""
    return {
        "index": index,
        "turn": turn,
        "attempt": revision.attempt,
        "mistake": revision.mistake,
        "hint": revision.hint,
        "messages": revision.messages,
        "draft": revision.draft.model_dump(mode="json"),
    }
