"""The replay gate: a sample's calls are made again on fresh environments, and its checker is found by experiment.

Once for every sample: the same observations have to come back. What differs between runs, or follows the clock, is
volatile. Where a call may change something, a second time: what both runs agree that the calls changed is asserted of
the final state. A sample whose observation has another shape the second time, or nothing left that could be checked,
is rejected.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from toolweave.agent.observations import clocked, differing, places
from toolweave.agent.replay import ExpectedCall, Replayed, rebound, replay
from toolweave.graph.model import ToolGraph
from toolweave.pipeline.checking.candidate import FinalState
from toolweave.pipeline.checking.facts import told
from toolweave.pipeline.checking.files import Found, digests, file_assertions, look_at_files, shifting_sizes
from toolweave.pipeline.checking.necessity import enabled_by, to_try, weighed
from toolweave.pipeline.checking.readings import changing_calls, harmless_names, readings
from toolweave.pipeline.checking.recording import Recording, recorded
from toolweave.pipeline.checking.state import Answer, ask, changes, confirmed, is_size
from toolweave.pipeline.environments import OpenEnvironment
from toolweave.pipeline.gates.verdict import Rejection
from toolweave.pipeline.sample import Checker, FileState, Sample, StateRead, tool_messages
from toolweave.servers.config import ServerSpec
from toolweave.servers.json_values import canonical

NOTHING_WRITTEN = "no call changes anything"
NOTHING_SEEN = "what the calls change shows in no read"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A sample whose calls were made again, and what was answered to them."""

    sample: Sample
    recording: Recording


@dataclass
class _Run:
    """One time that the calls were made, and what was read around them."""

    replayed: Replayed
    before: list[Answer]
    after: list[Answer]
    files: tuple[Found, Found]
    """Before and after."""


@dataclass(frozen=True)
class ReplayGate:
    """What the gate needs besides the sample."""

    graph: ToolGraph
    specs: Sequence[ServerSpec]
    """The servers that the sample calls."""
    now: datetime
    """When its observations began to come in."""
    open_fresh: OpenEnvironment

    async def __call__(self, sample: Sample) -> Confirmed | Rejection:
        """The sample with its checker complete, or why it cannot be kept."""
        reads = readings(sample, self.graph)
        first = await self._run(sample, reads, look_before=True)
        calls = self._same(sample, first, sample.checker.calls)
        if isinstance(calls, Rejection):
            return calls
        changing = {call.id for call in changing_calls(sample, self.graph)}
        if not changing:
            return self._confirmed(sample, calls, [], (), first, NOTHING_WRITTEN)
        sizes = shifting_sizes(first.files[1])
        found = [changes(*pair, self.now, sizes) for pair in zip(reads, first.before, first.after, strict=True)]
        changed = [read for read in found if read is not None]
        second = await self._run(sample, changed, look_before=False)
        calls = self._same(sample, second, calls)
        if isinstance(calls, Rejection):
            return calls
        state = [
            (read, answer)
            for item, answer in zip(changed, second.after, strict=True)
            if (read := confirmed(item, answer)) is not None
        ]
        files = file_assertions(first.files[0], first.files[1], second.files[1])
        calls = await self._weighed(sample, calls, changing)
        return self._confirmed(sample, calls, state, files, second, "" if state or files else NOTHING_SEEN)

    async def _run(self, sample: Sample, reads: Sequence[StateRead], *, look_before: bool) -> _Run:
        async with self.open_fresh(self.specs) as environment:
            files = await look_at_files(environment)
            before = await ask(reads, environment, None) if look_before else []
            seen = await replay(sample.checker.calls, environment)
            after = await ask(reads, environment, seen.results) if seen.problem is None else []
            return _Run(seen, before, after, (files, await look_at_files(environment)))

    def _same(self, sample: Sample, run: _Run, calls: Sequence[ExpectedCall]) -> tuple[ExpectedCall, ...] | Rejection:
        """The calls with the places at which this run differs from the row."""
        if run.replayed.problem is not None:
            return Rejection("replay", run.replayed.problem)
        shown, made = tool_messages(sample.messages), list[ExpectedCall]()
        sizes = shifting_sizes(run.files[1])
        for call in calls:
            volatile = volatile_places(call, shown[call.id], run.replayed.results[call.id].text, self.now, sizes)
            if isinstance(volatile, str):
                return Rejection("replay", f"{call.id} ({call.server}/{call.tool}): {volatile}")
            made.append(call.model_copy(update={"volatile": tuple(sorted(volatile))}))
        return tuple(made)

    async def _weighed(
        self, sample: Sample, calls: Sequence[ExpectedCall], changing: set[str]
    ) -> tuple[ExpectedCall, ...]:
        shown = tool_messages(sample.messages)
        tried: dict[str, set[str]] = {}
        for call in to_try(calls, changing):
            broken = await enabled_by(call, calls, shown, changing, self.specs, self.open_fresh)
            if broken is not None:
                tried[call.id] = broken
        return weighed(calls, tried, changing)

    def _confirmed(
        self,
        sample: Sample,
        calls: Sequence[ExpectedCall],
        state: Sequence[tuple[StateRead, Answer]],
        files: tuple[FileState, ...],
        run: _Run,
        unasserted: str,
    ) -> Confirmed:
        checker = Checker(
            calls=tuple(calls),
            reads=harmless_names(sample, self.graph),
            state=tuple(read for read, _ in state),
            files=files,
            unasserted=unasserted,
            told=told(sample),
        )
        complete = sample.model_copy(update={"checker": checker})
        results = run.replayed.results
        made = [(call.server, call.tool, rebound(call, results), results[call.id]) for call in calls]
        made += [(read.server, read.tool, answer.arguments, answer.result) for read, answer in state if answer.result]
        seen = FinalState(files=digests(run.files[1], files))
        return Confirmed(complete, recorded(complete, made, seen))


def volatile_places(
    call: ExpectedCall, recorded: str, replayed: str, now: datetime, sizes: Collection[int] = ()
) -> set[str] | str:
    """Places of an observation that change from run to run; or why the observation cannot be checked."""
    changed = differing(recorded, replayed)
    if changed is None:
        return "another shape the second time"
    sized = {place for place, value in places(recorded).items() if is_size(value, sizes)}
    volatile = changed | set(call.volatile) | sized | clocked(recorded, now, [canonical(call.arguments)])
    if volatile and volatile >= places(recorded).keys():
        return "nothing in its observation stays the same"
    return volatile
