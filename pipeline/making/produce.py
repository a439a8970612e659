"""Makes one sample from one plan: execute, compose, reason, assemble, gate. Every way out has a stage and a reason."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime

from toolweave.agent.fill import PlanFailed
from toolweave.agent.trace import Trace
from toolweave.graph.plan import TrajectoryPlan
from toolweave.pipeline.checking.tags import tagged
from toolweave.pipeline.gates.checker import checker_gate
from toolweave.pipeline.gates.replay import ReplayGate
from toolweave.pipeline.gates.static import static_rejection
from toolweave.pipeline.gates.verdict import Rejection
from toolweave.pipeline.making.assemble import assemble
from toolweave.pipeline.making.conversation import Conversation, converse
from toolweave.pipeline.making.execution import Executed, execute
from toolweave.pipeline.making.offers import offer
from toolweave.pipeline.making.role_play import ONE_GOAL, RolePlay, is_played
from toolweave.pipeline.making.wishes import MOST_GOALS, one_wish_each
from toolweave.pipeline.making.workshop import Dropped, Log, Workshop
from toolweave.pipeline.plans.styles import draw_style
from toolweave.pipeline.sample import Sample
from toolweave.servers.errors import EndpointUnusable, ServerError, TeacherError


async def produce(shop: Workshop, plan: TrajectoryPlan, log: Log) -> Sample | Dropped:
    """One planned item, from plan to gated sample."""
    try:
        executed, rng = await _executed(shop, plan, log)
    except PlanFailed as error:
        return Dropped("unresolved" if error.stage == "plan" else "failed", error.stage, str(error))
    played = is_played(plan, shop.settings.role_play)
    try:
        told = await _told(shop, plan, executed, log, rng, ONE_GOAL if played else MOST_GOALS)
    except EndpointUnusable:
        raise
    except TeacherError as error:
        return Dropped("rejected", error.stage, str(error))
    if isinstance(told, Dropped):
        return told
    made = await _gated(shop, told.sample, executed.started, log)
    if played and isinstance(made, Sample):
        made = await _played(shop, plan, replace(told, sample=made), log, rng)
    return made if isinstance(made, Dropped) else await _reviewed(shop, made)


async def _executed(shop: Workshop, plan: TrajectoryPlan, log: Log) -> tuple[Executed, random.Random]:
    """The executed plan; once more, with nothing shared, when a server that was shared turns out to keep state."""
    rng = random.Random(plan.seed)
    try:
        return await execute(shop, plan, log, rng), rng
    except ServerError:
        rng = random.Random(plan.seed)
        return await execute(replace(shop, open_live=shop.open_fresh), plan, log, rng), rng


@dataclass(frozen=True, slots=True)
class _Told:
    """A sample, and what it was assembled from."""

    sample: Sample
    trace: Trace
    conversation: Conversation


async def _told(
    shop: Workshop, plan: TrajectoryPlan, executed: Executed, log: Log, rng: random.Random, most_goals: int
) -> _Told | Dropped:
    wished = one_wish_each(executed.trace, most_goals)
    offered = offer(shop.graph, wished, shop.callable_tools, shop.settings, rng)
    if isinstance(offered, str):
        return Dropped("failed", "plan", offered)
    style = draw_style(rng)
    conversation, trace = await converse(shop, wished, offered, style, log, rng)
    made = assemble(conversation, trace, executed.servers, shop.model.name, plan, style)
    return _Told(made, trace, conversation)


async def _played(shop: Workshop, plan: TrajectoryPlan, told: _Told, log: Log, rng: random.Random) -> Sample | Dropped:
    """A conversation of its own about what a finished sample is about."""

    async def gates(sample: Sample, began: datetime) -> Sample | Dropped:
        return await _gated(shop, sample, began, log)

    log.recording = None
    return await RolePlay(shop, plan, told.sample, told.trace, told.conversation, gates).perform(log, rng)


async def _gated(shop: Workshop, sample: Sample, began: datetime, log: Log) -> Sample | Dropped:
    """The sample with its checker complete; `began` is when its observations began to come in."""
    if (rejection := static_rejection(sample, shop.gates)) is not None:
        return _rejected(rejection)
    if shop.screen is not None and (shared := shop.screen.rejection(sample)) is not None:
        return Dropped("rejected", "contamination", shared)
    names = dict.fromkeys(call.server for call in sample.checker.calls)
    gate = ReplayGate(shop.graph, [shop.specs[name] for name in names], began, shop.open_fresh)
    confirmed = await gate(sample)
    if isinstance(confirmed, Rejection):
        return _rejected(confirmed)
    checked = checker_gate(confirmed.sample)
    if isinstance(checked, Rejection):
        return _rejected(checked)
    log.recording = confirmed.recording
    return checked.model_copy(update={"quality": tagged(checked)})


async def _reviewed(shop: Workshop, sample: Sample) -> Sample | Dropped:
    """The sample as the judge leaves it, where there is one."""
    judged = sample if shop.panel is None else await shop.panel.review(sample)
    return _rejected(judged) if isinstance(judged, Rejection) else judged


def _rejected(rejection: Rejection) -> Dropped:
    return Dropped("rejected", rejection.gate, rejection.reason)
