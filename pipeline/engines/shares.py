"""Limits on what is under way at a time, divided among workers: together they never exceed what was allowed."""

from __future__ import annotations

from dataclasses import replace

from toolweave.pipeline.engines.job import Job
from toolweave.pipeline.teachers import options_of
from toolweave.servers.errors import ConfigError
from toolweave.servers.spec import ServerSpec


def share_of(job: Job, workers: int) -> Job:
    """The job of one of so many equal workers.

    Raises:
        ConfigError: A limit is smaller than the number of workers.
    """
    requests = options_of(job.pace).max_in_flight
    pace = job.pace.model_copy(update={"in_flight": _share("--in-flight", requests, workers)})
    specs = {name: _limited(spec, workers) for name, spec in job.ground.specs.items()}
    return replace(job, pace=pace, ground=replace(job.ground, specs=specs))


def _limited(spec: ServerSpec, workers: int) -> ServerSpec:
    limits = {
        pattern: _share(f"server {spec.name!r}: in_flight {pattern!r}", most, workers)
        for pattern, most in spec.options.in_flight.items()
    }
    return spec.model_copy(update={"options": spec.options.model_copy(update={"in_flight": limits})})


def _share(what: str, most: int, workers: int) -> int:
    if most < workers:
        raise ConfigError(f"{what}: {most} cannot be divided among {workers} workers; give --workers {most} or fewer")
    return most // workers
