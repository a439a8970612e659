"""`toolweave refine` as a function: every kept sample in other words where all gates pass them, else as it was.

Contract: the new directory is there whole or not at all. Until then a directory beside it (`….making`) holds what an
endpoint has answered, so that the same command goes on where it was ended and pays for nothing twice.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import anyio

from toolweave.agent.reviewing import Refiner
from toolweave.pipeline.contamination import Screen
from toolweave.pipeline.evaluation.evaluate import read_samples
from toolweave.pipeline.gates.checker import checker_gate
from toolweave.pipeline.gates.static import static_rejection
from toolweave.pipeline.gates.verdict import Rejection
from toolweave.pipeline.making.workshop import Dropped
from toolweave.pipeline.refining.wording import ask_for, drafts, reworded
from toolweave.pipeline.reports.coverage import coverage_of, read_run
from toolweave.pipeline.running.weeding import Weeding
from toolweave.pipeline.sample import Sample
from toolweave.pipeline.storage.jsonl import line_of, read_json, read_lines, write_json
from toolweave.pipeline.storage.replies import Replies
from toolweave.pipeline.teachers import open_teacher
from toolweave.pipeline.verify import Again, live, sample_problem
from toolweave.servers.errors import ConfigError, EndpointUnusable, RunError, TeacherError
from toolweave.servers.json_values import as_list, as_object
from toolweave.servers.spec import ServerSpec

_WHOLE = ("graph.json", "settings.json", "manifest.json", "coverage.json", "events.jsonl", "rejected.jsonl")
"""Files of a run that rewording does not touch."""


@dataclass(frozen=True, slots=True)
class RefineSettings:
    """Who rewords, and how."""

    model: str
    base_url: str | None = None
    prompts: Path | None = None
    seed: int = 0
    concurrency: int = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one sample."""

    original: Sample
    refined: Sample | None = None
    dropped: Rejection | None = None
    """Why the other words were not taken; with neither, there were none."""

    @property
    def kept(self) -> Sample:
        """The row as it stands now."""
        return self.refined or self.original

    def as_json(self) -> dict[str, Any]:
        """A line of `refined.jsonl`."""
        lost = {"gate": self.dropped.gate, "reason": self.dropped.reason} if self.dropped is not None else {}
        word = "refined" if self.refined is not None else "dropped" if self.dropped is not None else "unchanged"
        return {"index": self.original.index, "sample": self.original.id, "outcome": word, "now": self.kept.id, **lost}


async def refine(
    run: Path,
    out: Path,
    specs: dict[str, ServerSpec],
    settings: RefineSettings,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
) -> dict[str, Any]:
    """Reword the samples of a run into a new run directory, or go on with one that was ended, and return the report.

    Raises:
        ToolweaveError: The run, the servers or the model are of no use, or `out` is there already.
    """
    samples, screen = _read(run, out)
    making = out.with_name(f"{out.name}.making")
    making.mkdir(parents=True, exist_ok=True)
    with closing(Replies(making / "replies.sqlite")) as replies:
        found, usage = await _reworded(samples, screen, specs, settings, replies, on_outcome)
        report = _report(found, settings) | ({"usage": usage} if usage else {})
        _write(run, making, found)
        write_json(making / "refining.json", report)
        if (making / "graph.json").exists():
            write_json(making / "coverage.json", coverage_of(read_run(making)))
        replies.remove()
    making.rename(out)
    return report


async def _reworded(
    samples: Sequence[Sample],
    screen: Screen | None,
    specs: dict[str, ServerSpec],
    settings: RefineSettings,
    replies: Replies,
    on_outcome: Callable[[Outcome], None],
) -> tuple[list[Outcome], dict[str, Any]]:
    """What became of the samples, and what an endpoint counted."""
    teaching = open_teacher(settings.model, settings.base_url, settings.prompts, shelf=replies)
    async with teaching as teacher, live(specs) as again:
        if not hasattr(teacher.model, "refine"):
            raise ConfigError(f"--model {settings.model}: this teacher cannot reword samples")
        work = Rewording(cast("Refiner", teacher.model), again, screen, settings.seed)
        found = await _all(samples, work, settings.concurrency, on_outcome)
        return _weeded(found), as_object(as_object(teacher.facts().get("usage")).get("refine"))


def _read(run: Path, out: Path) -> tuple[list[Sample], Screen | None]:
    """The samples of a run, and the benchmarks that they were held against."""
    if out.exists():
        raise RunError(f"{out} is there already: name another --out")
    against = [Path(str(path)) for path in as_list(read_json(run / "settings.json").get("decontaminate"))]
    return read_samples(run / "samples.jsonl"), Screen.read(against) if against else None


@dataclass(frozen=True, slots=True)
class Rewording:
    """Rewords one sample at a time."""

    refiner: Refiner
    again: Again
    screen: Screen | None
    seed: int

    async def __call__(self, sample: Sample) -> Outcome:
        """What becomes of one sample.

        Raises:
            EndpointUnusable: No further sample can be reworded.
        """
        try:
            reply = await self.refiner.refine(ask_for(sample, (sample.seed + self.seed) % 2**31))
        except EndpointUnusable:
            raise
        except TeacherError as error:
            return Outcome(sample, dropped=Rejection(error.stage, str(error)))
        made = reworded(sample, reply, self.refiner.name)
        gated = await self._gated(made) if isinstance(made, Sample) else made
        return Outcome(sample, dropped=gated) if isinstance(gated, Rejection) else Outcome(sample, gated)

    async def _gated(self, made: Sample) -> Sample | Rejection:
        """The row if all gates pass it, the replay on fresh servers last."""
        if (rejection := static_rejection(made)) is not None:
            return rejection
        if self.screen is not None and (shared := self.screen.rejection(made)) is not None:
            return Rejection("contamination", shared)
        checked = checker_gate(made)
        if isinstance(checked, Rejection):
            return checked
        problem = await sample_problem(checked.model_dump(mode="json"), self.again)
        if problem is None:
            return checked
        gate, _, reason = problem.partition(": ")
        return Rejection(gate, reason)


async def _all(
    samples: Sequence[Sample], work: Rewording, concurrency: int, on_outcome: Callable[[Outcome], None]
) -> list[Outcome]:
    done: dict[int, Outcome] = {}
    limiter = anyio.CapacityLimiter(concurrency)

    async def one(place: int, sample: Sample) -> None:
        async with limiter:
            done[place] = await work(sample)
        on_outcome(done[place])

    async with anyio.create_task_group() as tasks:
        for place, sample in enumerate(samples):
            tasks.start_soon(partial(one, place, sample))
    return [done[place] for place in sorted(done)]


def _weeded(found: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes, with other words dropped that make a sample the twin of an earlier one."""
    weeding, left = Weeding(), list[Outcome]()
    for one in found:
        judged = weeding.judged(one.kept)
        if isinstance(judged, Dropped) and one.refined is not None:
            one = Outcome(one.original, dropped=Rejection(judged.stage, judged.reason))
            weeding.judged(one.original)
        left.append(one)
    return left


def _write(run: Path, out: Path, found: Sequence[Outcome]) -> None:
    """A run directory with the rows as they are now; the old words stand in `revisions.jsonl`."""
    for name in _WHOLE:
        if (run / name).exists():
            shutil.copyfile(run / name, out / name)
    names = {(one.original.index, one.original.id): one.kept.id for one in found}
    recorded = list(read_lines(run / "recordings.jsonl")) if (run / "recordings.jsonl").exists() else []
    revised = list(read_lines(run / "revisions.jsonl")) if (run / "revisions.jsonl").exists() else []
    revised += [line for one in found if one.refined is not None for line in drafts(one.original, one.refined)]
    _put(out / "samples.jsonl", [one.kept.model_dump(mode="json") for one in found])
    _put(
        out / "recordings.jsonl",
        [line | {"id": names.get((line["index"], line["id"]), line["id"])} for line in recorded],
    )
    _put(out / "revisions.jsonl", revised)
    _put(out / "refined.jsonl", [one.as_json() for one in found])


def _put(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    path.write_text("".join(map(line_of, lines)), encoding="utf-8")


def _report(found: Sequence[Outcome], settings: RefineSettings) -> dict[str, Any]:
    words = Counter(one.as_json()["outcome"] for one in found)
    gates = Counter(one.dropped.gate for one in found if one.dropped is not None)
    return {
        "format": "toolweave-refining/1",
        "refiner": settings.model,
        "seed": settings.seed,
        "samples": len(found),
        **{word: words[word] for word in ("refined", "unchanged", "dropped")},
        "messages": sum(len(one.refined.refined.messages) for one in found if one.refined and one.refined.refined),
        "gates": dict(gates.most_common()),
    }
