"""Makes one sample from one plan: execute, compose, reason, assemble, gate. Every way out has a stage and a reason."""

from __future__ import annotations

import random
from dataclasses import replace

from toolweave.agent.fill import PlanFailed
from toolweave.graph.plan import TrajectoryPlan
from toolweave.pipeline.checking.tags import tagged
from toolweave.pipeline.gates.checker import checker_gate
from toolweave.pipeline.gates.replay import ReplayGate
from toolweave.pipeline.gates.static import static_rejection
from toolweave.pipeline.gates.verdict import Rejection
from toolweave.pipeline.making.assemble import assemble
from toolweave.pipeline.making.conversation import converse
from toolweave.pipeline.making.execution import Executed, execute
from toolweave.pipeline.making.offers import offer
from toolweave.pipeline.making.wishes import one_wish_each
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
    try:
        sample = await _told(shop, plan, executed, log, rng)
    except EndpointUnusable:
        raise
    except TeacherError as error:
        return Dropped("rejected", error.stage, str(error))
    return sample if isinstance(sample, Dropped) else await _gated(shop, sample, executed, log)


async def _executed(shop: Workshop, plan: TrajectoryPlan, log: Log) -> tuple[Executed, random.Random]:
    """The executed plan; once more, with nothing shared, when a server that was shared turns out to keep state."""
    rng = random.Random(plan.seed)
    try:
        return await execute(shop, plan, log, rng), rng
    except ServerError:
        rng = random.Random(plan.seed)
        return await execute(replace(shop, open_live=shop.open_fresh), plan, log, rng), rng


async def _told(
    shop: Workshop, plan: TrajectoryPlan, executed: Executed, log: Log, rng: random.Random
) -> Sample | Dropped:
    wished = one_wish_each(executed.trace)
    offered = offer(shop.graph, wished, shop.callable_tools, shop.settings, rng)
    if isinstance(offered, str):
        return Dropped("failed", "plan", offered)
    style = draw_style(rng)
    conversation, trace = await converse(shop, wished, offered, style, log, rng)
    return assemble(conversation, trace, executed.servers, shop.model.name, plan, style)


async def _gated(shop: Workshop, sample: Sample, executed: Executed, log: Log) -> Sample | Dropped:
    if (rejection := static_rejection(sample, shop.gates)) is not None:
        return _rejected(rejection)
    if shop.screen is not None and (shared := shop.screen.rejection(sample)) is not None:
        return Dropped("rejected", "contamination", shared)
    names = dict.fromkeys(call.server for call in sample.checker.calls)
    gate = ReplayGate(shop.graph, [shop.specs[name] for name in names], executed.started, shop.open_fresh)
    confirmed = await gate(sample)
    if isinstance(confirmed, Rejection):
        return _rejected(confirmed)
    checked = checker_gate(confirmed.sample)
    if isinstance(checked, Rejection):
        return _rejected(checked)
    checked = checked.model_copy(update={"quality": tagged(checked)})
    judged = checked if shop.panel is None else await shop.panel.review(checked)
    if isinstance(judged, Rejection):
        return _rejected(judged)
    log.recording = confirmed.recording
    return judged


def _rejected(rejection: Rejection) -> Dropped:
    return Dropped("rejected", rejection.gate, rejection.reason)
