"""One item from its plan to what is written of it, whatever happens on the way."""

from __future__ import annotations

from dataclasses import asdict

import structlog

from toolweave.graph.plan import TrajectoryPlan
from toolweave.pipeline.making.finished import Finished, Line
from toolweave.pipeline.making.produce import produce
from toolweave.pipeline.making.workshop import Dropped, Log, Workshop, revision_line
from toolweave.pipeline.plans.history import event_of
from toolweave.pipeline.sample import Sample
from toolweave.servers.errors import ConfigError, EndpointUnusable, RunError
from toolweave.servers.watch import noting_deaths

log = structlog.get_logger()


async def finish(shop: Workshop, plan: TrajectoryPlan) -> Finished:
    """Make an item; once more, from its plan, when a server was gone that it needed: that may have come from outside.

    Raises:
        ToolweaveError: No further item could be made either.
    """
    record = Log()
    with noting_deaths() as deaths:
        made = await _attempt(shop, plan, record)
    if deaths:
        log.info("made once more", index=plan.index, gone=deaths)
        record = Log()
        made = await _attempt(shop, plan, record)
    facts = {"target": plan.turns[0].target, "seed": plan.seed}
    return Finished(plan.index, made, facts, tuple(_lines(plan, record)), record.cut, record.recording)


async def _attempt(shop: Workshop, plan: TrajectoryPlan, record: Log) -> Sample | Dropped:
    try:
        return await produce(shop, plan, record)
    except (RunError, ConfigError, EndpointUnusable):
        raise
    except Exception as error:  # boundary: a fault in one trajectory costs that trajectory only
        log.exception("a trajectory broke", index=plan.index)
        return Dropped("failed", "internal", f"{type(error).__name__}: {error}")


def _lines(plan: TrajectoryPlan, record: Log) -> list[Line]:
    """Every live call, every rehearsal, every conversation that was tried and every revision."""
    calls: list[Line] = [
        (
            "events",
            {
                "event": "call",
                "index": plan.index,
                "tool": attempt.tool,
                "arguments": attempt.arguments,
                "status": attempt.status,
                "reason": attempt.reason,
                "ms": round(attempt.seconds * 1e3),
            },
        )
        for attempt in record.attempts
    ]
    calls += [("events", event_of(plan.index, tried)) for tried in record.tried]
    calls += [("events", {"event": "talk", "index": plan.index, **asdict(talk)}) for talk in record.talks]
    return calls + [("revisions", revision_line(plan.index, turn, revision)) for turn, revision in record.revisions]
