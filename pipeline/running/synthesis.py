"""The main job as a library: run it to its end, or take its samples one by one as they are kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from anyio.from_thread import start_blocking_portal

from toolweave.pipeline.engines.actors import load_ray
from toolweave.pipeline.engines.job import gates_of, stages_of
from toolweave.pipeline.environments import warm_environments
from toolweave.pipeline.grouped_errors import plain_errors
from toolweave.pipeline.plugins import load_functions
from toolweave.pipeline.running.barriers import Barriers
from toolweave.pipeline.running.control import Control
from toolweave.pipeline.running.governor import Governor
from toolweave.pipeline.running.progress import OnProgress, silent
from toolweave.pipeline.running.run import OnSample, Run
from toolweave.pipeline.sample import Sample
from toolweave.pipeline.settings import Pace, RunSettings
from toolweave.pipeline.storage.identity import identity_of
from toolweave.pipeline.storage.store import Store
from toolweave.pipeline.teachers import rubric_of, teacher_of
from toolweave.servers.errors import ToolweaveError


async def _nowhere(_: Sample) -> None:
    pass


async def run_job(
    settings: RunSettings,
    out: Path,
    pace: Pace | None = None,
    *,
    resume: bool = False,
    governor: Governor | None = None,
    on_progress: OnProgress = silent,
    on_sample: OnSample = _nowhere,
) -> dict[str, Any]:
    """Make a dataset in a directory, or go on with it, and return the manifest.

    Args:
        settings: What shapes the dataset.
        out: The run directory.
        pace: What shapes only how fast it is made, and when to stop.
        resume: Whether to go on with a run that the directory may hold.
        governor: By which the run can be paused and ended from outside.
        on_progress: Told whenever something has changed.
        on_sample: Takes every sample that is kept, in order; the run waits for it.

    Raises:
        ToolweaveError: The run cannot begin, or not go on.
    """
    barriers = Barriers.read(settings)
    rubric = rubric_of(settings)
    gates_of(settings)
    stages_of(settings)
    load_functions("values", settings.value_sources)
    pace, governor = pace or Pace(), governor or Governor()
    if pace.engine == "ray":
        load_ray()
    with (Store.resume if resume else Store.create)(out, identity_of(settings)) as store, plain_errors():
        async with (
            teacher_of(settings, pace, rubric, store.replies) as teacher,
            warm_environments() as open_fresh,
        ):
            run = Run(settings, pace, store, teacher, on_progress, open_fresh, barriers, governor, on_sample)
            return await _controlled(run, Control(out, governor, run.facts))


async def _controlled(run: Run, control: Control) -> dict[str, Any]:
    """The run, while another process may look at it and end it."""
    manifest: dict[str, Any] = {}
    try:
        with plain_errors():
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(control.serve)
                manifest = await run.execute()
                tasks.cancel_scope.cancel()
    except ToolweaveError as error:
        control.report("broken")
        run.store.record("broken", reason=str(error))
        raise
    control.report(str(manifest["state"]))
    return manifest


async def synthesize(
    settings: RunSettings, out: Path, pace: Pace | None = None, *, resume: bool = False
) -> AsyncGenerator[Sample]:
    """The samples of a run, each as soon as it is kept; those that a resumed run has kept before do not come again.

    May be left at any time: what was kept is in the run directory, everything that was started is ended, and the run
    can be resumed. It works in a thread of its own, never more than a few waves ahead of whoever takes the samples; who
    leaves early waits until the servers have ended.

    Args:
        settings: What shapes the dataset.
        out: The run directory.
        pace: What shapes only how fast it is made, and when to stop.
        resume: Whether to go on with a run that the directory may hold.

    Raises:
        ToolweaveError: The run cannot begin, or not go on.
    """
    send, receive = anyio.create_memory_object_stream[Sample](0)

    async def job() -> None:
        async with send:
            await run_job(settings, out, pace, resume=resume, on_sample=send.send)

    with ExitStack() as thread:
        portal = thread.enter_context(start_blocking_portal())
        running = portal.start_task_soon(job)
        try:
            while True:
                try:
                    yield await anyio.to_thread.run_sync(portal.call, receive.receive, abandon_on_cancel=True)
                except anyio.EndOfStream:
                    break
        finally:
            running.cancel()
            thread.close()  # not awaited: what leaves the loop last may be cancelled at its first await
            send.close()
            receive.close()
        running.result()
