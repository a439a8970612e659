"""The job as a library: from texts and an `mcp.json` to a run directory of verified samples.

Contract: every procedure that is found ends as exactly one of kept, rejected, failed and unresolved, with a reason, in
the files of the run and in `procedures.jsonl`. Equal texts, settings, servers, seed and teacher give equal files, also
after a kill.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from toolweave.agent.texts.procedures import Procedure
from toolweave.agent.texts.resolving import Mapped
from toolweave.graph.plan import TrajectoryPlan
from toolweave.pipeline.engines.job import gates_of
from toolweave.pipeline.environments import Environments, OpenEnvironment, warm_environments
from toolweave.pipeline.from_text.ground import TextGround, TextGroundwork
from toolweave.pipeline.from_text.plans import plan_of, traced, unplannable
from toolweave.pipeline.from_text.reading import Reader
from toolweave.pipeline.from_text.records import procedure_lines
from toolweave.pipeline.from_text.texts import digests_of, text_files
from toolweave.pipeline.grouped_errors import plain_errors
from toolweave.pipeline.making.finished import Finished, Line
from toolweave.pipeline.making.items import finish
from toolweave.pipeline.making.workshop import Dropped, Workshop
from toolweave.pipeline.reports.coverage import coverage_of, read_run
from toolweave.pipeline.running.barriers import Barriers
from toolweave.pipeline.running.governor import Governor
from toolweave.pipeline.running.groundwork import Ground
from toolweave.pipeline.running.progress import OnProgress, Progress, Teller, silent
from toolweave.pipeline.running.stream import Stream, Turns
from toolweave.pipeline.settings import Pace, RunSettings
from toolweave.pipeline.storage.identity import identity_of
from toolweave.pipeline.storage.jsonl import line_of
from toolweave.pipeline.storage.manifest import manifest_of
from toolweave.pipeline.storage.replies import asking_for
from toolweave.pipeline.storage.store import Store
from toolweave.pipeline.teachers import Teacher, teacher_of

MOST_TELLINGS = 4
"""Times that a procedure is told, each in other words; only the first request says what the text calls it."""


async def run_texts(
    files: Sequence[Path],
    settings: RunSettings,
    out: Path,
    pace: Pace | None = None,
    *,
    resume: bool = False,
    governor: Governor | None = None,
    simulate: bool = True,
    on_progress: OnProgress = silent,
) -> dict[str, Any]:
    """Make samples of the procedures in some texts and return the manifest.

    Args:
        files: Texts, or folders of them.
        settings: What shapes the samples, with the `mcp.json` of the user.
        out: The run directory, absolute; it gets an `mcp.json` of its own, which extends the user's.
        pace: What shapes only how fast they are made.
        resume: Whether to go on with a run that the directory may hold.
        governor: By which the run can be ended from outside.
        simulate: Whether steps that no tool fits get a simulated one.
        on_progress: Told whenever something has changed.

    Raises:
        ToolweaveError: The run cannot begin, or not go on.
    """
    files = text_files(files)
    barriers = Barriers.read(settings)
    pace, governor = pace or Pace(), governor or Governor()
    own = settings.model_copy(update={"mcp": out / "mcp.json"})
    facts = {"mcp": str(own.mcp), "extends": str(settings.mcp), "texts": digests_of(files), "simulate": simulate}
    identity = identity_of(settings) | facts
    with (Store.resume if resume else Store.create)(out, identity) as store, plain_errors():
        async with teacher_of(own, pace, None, store.replies) as teacher, warm_environments() as open_fresh:
            reader = Reader(teacher.model, store, own.seed, simulate)
            procedures = await reader.procedures(files)
            own = own.model_copy(update={"samples": max(1, len(procedures))})
            ground = TextGroundwork(own, settings.mcp, reader, store, open_fresh)
            run = TextRun(procedures, own, pace, store, teacher, open_fresh, barriers, governor, on_progress, ground)
            return await run.execute()


@dataclass
class TextRun:
    """One invocation of the job over one run directory."""

    procedures: Sequence[Procedure]
    settings: RunSettings
    pace: Pace
    store: Store
    teacher: Teacher
    open_fresh: Environments
    barriers: Barriers
    governor: Governor
    on_progress: OnProgress
    groundwork: TextGroundwork
    teller: Teller = field(init=False)

    def __post_init__(self) -> None:
        self.teller = Teller(self.store, self.on_progress, Progress(len(self.procedures)))

    async def execute(self) -> dict[str, Any]:
        """Do the job and return the manifest.

        Raises:
            ToolweaveError: The run as a whole cannot go on.
        """
        self.barriers.weeding.know(self.store.root)
        self.teller.tell("reading the texts")
        laid = await self.groundwork.lay(self.procedures, self.teller.probed)
        self.procedures = [one.procedure for one in laid.aligned]
        self.teller.progress.wanted = len(self.procedures)
        self._write_manifest(laid, "running")
        self.teller.tell("making samples")
        ground = laid.ground
        async with self.open_fresh.sharing(ground.specs, ground.graph, ground.seen.allowed) as open_live:
            await self._stream(self._shop(ground, open_live), laid)
        complete = self.store.next == len(self.procedures)
        if complete:
            self.store.finish()
        lines = list(procedure_lines(laid, self.store.root))
        (self.store.root / "procedures.jsonl").write_text("".join(map(line_of, lines)), "utf-8")
        manifest = self._write_manifest(laid, "finished" if complete else "stopped")
        self.store.write_json("coverage.json", coverage_of(read_run(self.store.root)))
        return manifest | {"procedures": lines}

    def _shop(self, ground: Ground, open_live: OpenEnvironment) -> Workshop:
        return Workshop(
            self.settings,
            ground.graph,
            ground.specs,
            ground.book,
            self.teacher.model,
            ground.seen.allowed & ground.graph.tools.keys(),
            self.open_fresh,
            open_live,
            self.barriers.screen,
            gates_of(self.settings),
            self.teacher.panel,
            as_written=True,
        )

    async def _stream(self, shop: Workshop, laid: TextGround) -> None:
        turns = Turns(self.store.next)

        async def make(plan: TrajectoryPlan) -> Finished:
            return await self._make(shop, laid, plan)

        async def settle(item: Finished) -> bool:
            self.store.commit(item.judged_by(self.barriers.weeding.judged))
            self.teller.tell()
            return True

        async def items() -> AsyncGenerator[TrajectoryPlan]:
            for index in range(self.store.next, len(self.procedures)):
                yield plan_of([], index, self.settings.seed)

        self.governor.making = True
        stream = Stream(make, settle, turns, self.store.pending, self.governor.ready)
        await stream.run(items(), self.pace.concurrency)

    async def _make(self, shop: Workshop, laid: TextGround, blank: TrajectoryPlan) -> Finished:
        """One procedure with what became of it."""
        procedure, mapped = laid.aligned[blank.index].procedure, laid.aligned[blank.index].mapped
        place = {"file": procedure.file, "lines": list(procedure.lines), "title": procedure.title}
        dropped = unplannable(mapped, laid.ground.seen.refused)
        if dropped is not None:
            return Finished(blank.index, dropped, {"target": _target(mapped), "seed": blank.seed, **place})
        done = await self._told(shop, procedure, mapped, blank.index)
        facts = done.facts | place
        if isinstance(done.made, Dropped):
            return replace(done, facts=facts)
        return replace(done, facts=facts, made=traced(done.made, procedure))

    async def _told(self, shop: Workshop, procedure: Procedure, mapped: Sequence[Mapped], index: int) -> Finished:
        """A procedure carried out and told; once more in other words where a telling did not pass."""
        before: tuple[Line, ...] = ()
        telling = 0
        with asking_for(index):
            while True:
                occasion = "" if telling else procedure.title
                plan = plan_of(mapped, index, self.settings.seed, telling)
                done = await finish(replace(shop, occasion=occasion), plan)
                before, telling = before + done.before, telling + 1
                if done.outcome != "rejected" or telling == MOST_TELLINGS:
                    return replace(done, before=before)

    def _write_manifest(self, laid: TextGround, state: str) -> dict[str, Any]:
        ground = laid.ground
        manifest = manifest_of(self.settings, self.store, self.teacher.facts(), ground.seen, ground.planner, state)
        manifest |= {"ended": self.governor.ended if state == "stopped" else "", "found": len(self.procedures)}
        self.store.write_json("manifest.json", manifest)
        return manifest


def _target(mapped: Sequence[Mapped]) -> str:
    """The tool of the last step that has one; empty when none has."""
    return next((one.tool.id for one in reversed(mapped) if one.tool is not None), "")
