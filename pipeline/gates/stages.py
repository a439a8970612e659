"""Stages that other packages bring along: they look at a finished row, note something about it, or reject it.

**Contract.** A stage is the last to see a row before it is kept. It may note what it finds, under its own name, or give
a reason to reject. It gets a copy: what it changes there is not kept, and a stage that changed anything rejects the
row, for it meant another one. One that raises, or takes longer than its time, rejects too: what cannot decide is no
pass. Not covered: a stage that is not deterministic makes a run that is not.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio

from toolweave.pipeline.gates.verdict import Rejection
from toolweave.pipeline.sample import Sample
from toolweave.servers.errors import EndpointUnusable
from toolweave.servers.json_values import is_object

Stage = Callable[[Sample], Awaitable[Mapping[str, Any] | str | None]]
"""Given a finished row: what to note about it, or why to reject it, or nothing."""
MOST_SECONDS = 300.0
"""That a stage may take for one row."""


async def through(stages: Mapping[str, Stage], sample: Sample) -> Sample | Rejection:
    """The row with what the stages note, or why the first of them rejects it.

    Raises:
        EndpointUnusable: A stage asks an endpoint that cannot be asked any more.
    """
    for name, stage in stages.items():
        said = await _said(name, stage, sample)
        if isinstance(said, Rejection):
            return said
        if said:
            sample = sample.model_copy(update={"notes": {**sample.notes, name: said}})
    return sample


async def _said(name: str, stage: Stage, sample: Sample) -> dict[str, Any] | Rejection | None:
    copy = sample.model_copy(deep=True)
    try:
        with anyio.fail_after(MOST_SECONDS):
            said = await stage(copy)
        if copy != sample:
            return Rejection(name, "changed the row, of which a stage may only note something")
        return None if said is None else _as_note(name, said)
    except EndpointUnusable:
        raise
    except Exception as error:  # boundary: another package's code may fail in any way, and then it has not passed
        return Rejection(name, f"cannot decide: {type(error).__name__}: {error}")


def _as_note(name: str, said: object) -> dict[str, Any] | Rejection:
    if isinstance(said, str):
        return Rejection(name, said or "rejected without a reason")
    note = json.loads(json.dumps(said, allow_nan=False))
    return note if is_object(note) else Rejection(name, f"cannot decide: {said!r:.80} is neither a note nor a reason")
