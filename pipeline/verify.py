"""Checks kept samples again: the static gates on the row as it stands, then a replay on fresh environments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from pydantic import ValidationError

from toolweave.agent.replay import observation_problem, replay
from toolweave.pipeline.environments import OpenEnvironment, warm_environments
from toolweave.pipeline.gates.static import static_rejection
from toolweave.pipeline.sample import Sample, tool_messages
from toolweave.pipeline.store import read_lines
from toolweave.servers.config import ServerSpec


@dataclass
class Verification:
    """What became of every sample of a dataset."""

    failures: dict[str, str] = field(default_factory=dict[str, str])
    """Sample id → the first reason."""
    samples: int = 0

    def as_json(self) -> dict[str, Any]:
        """The last line of `toolweave verify`."""
        failed = len(self.failures)
        return {"samples": self.samples, "passed": self.samples - failed, "failed": failed, "failures": self.failures}


async def verify(
    path: Path, specs: Mapping[str, ServerSpec], concurrency: int, on_sample: Callable[[str, str | None], None]
) -> Verification:
    """Check every line of a `samples.jsonl`.

    Raises:
        RunError: The file cannot be read.
    """
    async with warm_environments() as open_fresh:
        return await _verify(path, specs, concurrency, on_sample, open_fresh)


async def _verify(
    path: Path,
    specs: Mapping[str, ServerSpec],
    concurrency: int,
    on_sample: Callable[[str, str | None], None],
    open_fresh: OpenEnvironment,
) -> Verification:
    found = Verification()
    limiter = anyio.CapacityLimiter(concurrency)

    async def check(number: int, line: dict[str, Any]) -> None:
        async with limiter:
            problem = await sample_problem(line, specs, open_fresh)
        name = str(line.get("id") or f"line {number}")
        if problem is not None:
            found.failures[name if name not in found.failures else f"{name} (line {number})"] = problem
        on_sample(name, problem)

    async with anyio.create_task_group() as tasks:
        for number, line in enumerate(read_lines(path), 1):
            found.samples += 1
            tasks.start_soon(check, number, line)
    return found


async def sample_problem(
    line: dict[str, Any], specs: Mapping[str, ServerSpec], open_fresh: OpenEnvironment
) -> str | None:
    """The first reason why a row does not hold; `None` when it does."""
    try:
        sample = Sample.model_validate(line)
    except ValidationError as error:
        first = error.errors()[0]
        return f"format: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    rejection = static_rejection(sample)
    return str(rejection) if rejection else await _replay_problem(sample, specs, open_fresh)


async def _replay_problem(sample: Sample, specs: Mapping[str, ServerSpec], open_fresh: OpenEnvironment) -> str | None:
    names = list(dict.fromkeys(call.server for call in sample.checker.calls))
    if missing := [name for name in names if name not in specs]:
        return f"replay: mcp.json has no server {missing[0]!r}"
    async with open_fresh([specs[name] for name in names]) as environment:
        if environment.failures:
            return f"replay: {next(iter(environment.failures.values()))}"
        seen = await replay(sample.checker.calls, environment)
    if seen.problem is not None:
        return f"replay: {seen.problem}"
    shown = tool_messages(sample.messages)
    for call in sample.checker.calls:
        if problem := observation_problem(call, shown[call.id], seen.results[call.id].text):
            return f"replay: {problem}"
    return None
