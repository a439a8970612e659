"""Checks kept samples again: the static gates on the row as it stands, then its checker, with servers or without.

Live, the tools on offer are held against those of the servers, the calls are made again on fresh environments and the
final state is read. From the recording of the run, the same is done with what was offered and answered then: that
checks the row and its checker, not the servers.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from pydantic import ValidationError

from toolweave.agent.messages import Message
from toolweave.agent.replay import Replayed, rebound, replay
from toolweave.pipeline.checking.candidate import Candidate, FinalState, gold
from toolweave.pipeline.checking.judge import judge
from toolweave.pipeline.checking.offered import Named, Strange, named, strange_tools
from toolweave.pipeline.checking.recording import NotRecorded, RecordedServers, Recording
from toolweave.pipeline.checking.state import ask, read_state
from toolweave.pipeline.environments import OpenEnvironment, warm_environments
from toolweave.pipeline.gates.agreement import alteration, disagreement
from toolweave.pipeline.gates.static import static_rejection
from toolweave.pipeline.sample import Sample
from toolweave.pipeline.storage.graph_file import graph_from_json
from toolweave.pipeline.storage.store import read_json, read_lines
from toolweave.servers.config import ServerSpec
from toolweave.servers.environment import Environment
from toolweave.servers.errors import RunError
from toolweave.servers.misfit import first_misfit
from toolweave.servers.tools import Tool


@dataclass
class Verification:
    """What became of every sample of a dataset."""

    failures: dict[str, str] = field(default_factory=dict[str, str])
    """Sample id → the first reason."""
    samples: int = 0
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The last line of `toolweave verify`."""
        failed = len(self.failures)
        counts = {"samples": self.samples, "passed": self.samples - failed, "failed": failed}
        return {**counts, "seconds": round(self.seconds, 2), "failures": self.failures}


Again = Callable[[Sample], Awaitable[tuple[Replayed, FinalState]]]
"""Makes the calls of a sample again and reads the final state; raises `Unanswered` where nobody can answer."""
OnSample = Callable[[str, str | None], None]


class Unanswered(Exception):
    """The calls cannot be made: no such server, it does not start, or it does not offer what the row says."""


async def verify(path: Path, specs: Mapping[str, ServerSpec], concurrency: int, on_sample: OnSample) -> Verification:
    """Check every line of a `samples.jsonl` on fresh servers.

    Raises:
        RunError: The file cannot be read.
    """
    async with live(specs) as again:
        return await _verify(path, again, concurrency, on_sample)


async def verify_recorded(path: Path, concurrency: int, on_sample: OnSample) -> Verification:
    """Check every line of a `samples.jsonl` by `recordings.jsonl` and `graph.json` beside it; no server is started.

    Raises:
        RunError: A file cannot be read, or holds something else.
    """
    recordings = read_recordings(path.with_name("recordings.jsonl"))
    again = from_recordings(recordings, read_tools(path.with_name("graph.json")))
    return await _verify(path, again, concurrency, on_sample)


async def _verify(path: Path, again: Again, concurrency: int, on_sample: OnSample) -> Verification:
    found, began = Verification(), anyio.current_time()
    limiter = anyio.CapacityLimiter(concurrency)

    async def check(number: int, line: dict[str, Any]) -> None:
        async with limiter:
            problem = await sample_problem(line, again)
        name = str(line.get("id") or f"line {number}")
        if problem is not None:
            found.failures[name if name not in found.failures else f"{name} (line {number})"] = problem
        on_sample(name, problem)

    async with anyio.create_task_group() as tasks:
        for number, line in enumerate(read_lines(path), 1):
            found.samples += 1
            tasks.start_soon(check, number, line)
    found.seconds = anyio.current_time() - began
    return found


async def sample_problem(line: dict[str, Any], again: Again) -> str | None:
    """The first reason why a row does not hold; `None` when it does."""
    try:
        sample = Sample.model_validate(line)
    except ValidationError as error:
        return f"format: {first_misfit(error)}"
    if (rejection := static_rejection(sample) or disagreement(sample)) is not None:
        return str(rejection)
    if not (verdict := judge(sample, gold(sample))).passed:
        return f"checker: {verdict.failure}: {verdict.reason}"
    try:
        seen, state = await again(sample)
    except (Unanswered, NotRecorded) as error:
        return f"replay: {error}"
    if seen.problem is not None:
        return f"replay: {seen.problem}"
    verdict = judge(sample, _as_seen(sample, seen, state), words=False)
    if not verdict.passed:
        return f"replay: {verdict.failure}: {verdict.reason}"
    altered = alteration(sample)  # last: what was altered is more to the point, where anything else can tell
    return None if altered is None else str(altered)


def _as_seen(sample: Sample, seen: Replayed, state: FinalState) -> Candidate:
    """The sample with the arguments and observations of another run: ids that servers make up afresh differ."""
    expected = {call.id: call for call in sample.checker.calls}

    def made_again(call: dict[str, Any]) -> dict[str, Any]:
        return call | {"function": call["function"] | {"arguments": rebound(expected[call["id"]], seen.results)}}

    def seen_again(message: Message) -> Message:
        if message["role"] == "tool":
            return message | {"content": seen.results[message["tool_call_id"]].text}
        calls = message.get("tool_calls")
        return message | {"tool_calls": [made_again(call) for call in calls]} if calls else message

    turns = tuple(tuple(seen_again(one) for one in turn) for turn in gold(sample).turns)
    return Candidate(turns, state, {name: result.value for name, result in seen.results.items()})


@asynccontextmanager
async def live(specs: Mapping[str, ServerSpec]) -> AsyncGenerator[Again]:
    """Answers of fresh servers."""
    async with warm_environments() as open_fresh:
        listed = _Listed(specs, open_fresh)

        async def again(sample: Sample) -> tuple[Replayed, FinalState]:
            names = list(dict.fromkeys(call.server for call in sample.checker.calls))
            if missing := [name for name in names if name not in specs]:
                raise Unanswered(f"mcp.json has no server {missing[0]!r}")
            async with open_fresh([specs[name] for name in names]) as environment:
                if environment.failures:
                    raise Unanswered(next(iter(environment.failures.values())))
                listed.learn(environment)
                _complain(await listed.strange(sample))
                seen = await replay(sample.checker.calls, environment)
                if seen.problem is not None:
                    return seen, FinalState()
                return seen, await read_state(sample.checker, environment, seen.results)

        yield again


class _Listed:
    """The tools of the servers, as far as they were started; the rest are started when a row offers what none has."""

    def __init__(self, specs: Mapping[str, ServerSpec], open_fresh: OpenEnvironment) -> None:
        self._specs, self._open_fresh = specs, open_fresh
        self._lock = anyio.Lock()
        self._tools: dict[str, tuple[Tool, ...]] = {}
        self._named: Named = {}

    def learn(self, environment: Environment) -> None:
        """Note what the servers of an environment offer."""
        seen = {name: info.tools for name, info in environment.servers.items()}
        if any(self._tools.get(name) != tools for name, tools in seen.items()):
            self._tools |= seen
            self._named = named(tool for tools in self._tools.values() for tool in tools)

    async def strange(self, sample: Sample) -> Strange:
        """What a row offers that no server has; all servers are asked before that is said."""
        async with self._lock:
            found = strange_tools(sample, self._named)
            unasked = [spec for name, spec in self._specs.items() if name not in self._tools]
            if found and unasked:
                self._tools |= {spec.name: () for spec in unasked}
                async with self._open_fresh(unasked) as environment:
                    self.learn(environment)
                found = strange_tools(sample, self._named)
            return found


def _complain(strange: Strange) -> None:
    for name, problem in strange:
        raise Unanswered(f"the row offers {name!r}: {problem}")


def read_tools(path: Path) -> tuple[Tool, ...]:
    """The tools in the `graph.json` of a run.

    Raises:
        RunError: The file cannot be read, or holds something else.
    """
    try:
        return tuple(graph_from_json(read_json(path)).tools.values())
    except ValidationError as error:
        raise RunError(f"{path} holds no graph: {error.errors()[0]['msg']}") from error


def read_recordings(path: Path) -> dict[tuple[int, str], Recording]:
    """(index, sample id) → its recording, the last one where a resumed run has two.

    Raises:
        RunError: The file cannot be read, or holds something else.
    """
    try:
        lines = [Recording.model_validate(line) for line in read_lines(path)]
    except ValidationError as error:
        raise RunError(f"{path} holds no recordings: {error.errors()[0]['msg']}") from error
    return {(one.index, one.id): one for one in lines}


def from_recordings(recordings: Mapping[tuple[int, str], Recording], known: Collection[Tool]) -> Again:
    """Answers of the servers when the samples were made; `known` are the tools that they offered then."""
    offered = named(known)

    async def again(sample: Sample) -> tuple[Replayed, FinalState]:
        recording = recordings.get((sample.index, sample.id))
        if recording is None:
            raise NotRecorded(f"{sample.id} was not recorded")
        _complain(strange_tools(sample, offered))
        servers = RecordedServers(sample, recording)
        seen = await replay(sample.checker.calls, servers)
        if seen.problem is not None:
            return seen, FinalState()
        answers = await ask(sample.checker.state, servers, seen.results)
        files = {(one.server, one.path): one.sha256 for one in recording.files}
        return seen, FinalState(tuple(answer.shown for answer in answers), files)

    return again
