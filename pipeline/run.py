"""The main job: from an `mcp.json` to a run directory of verified samples."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import anyio
import structlog
from anyio.streams.memory import MemoryObjectReceiveStream

from toolweave.agent.arguments import ValueBook
from toolweave.agent.probe import ProbeBudget, probe
from toolweave.graph.model import ToolGraph
from toolweave.graph.plan import NoSource, TrajectoryPlan
from toolweave.graph.planner import Planner
from toolweave.pipeline.coverage import coverage_of, read_run
from toolweave.pipeline.environments import Environments
from toolweave.pipeline.graph_file import graph_from_json, graph_to_json
from toolweave.pipeline.introspect import Introspection, introspect
from toolweave.pipeline.planning import CoveragePlanner
from toolweave.pipeline.produce import produce
from toolweave.pipeline.sample import Sample
from toolweave.pipeline.settings import Pace, RunSettings
from toolweave.pipeline.store import Store, read_json
from toolweave.pipeline.teachers import Teacher
from toolweave.pipeline.workshop import Dropped, Log, Workshop, revision_line
from toolweave.servers.config import McpConfig, load_mcp_config
from toolweave.servers.errors import ConfigError, EndpointUnusable, RunError

MOST_ITEMS = 4
"""Planned items per wanted sample before a run ends short."""
WAVE = 48
"""Most items that are planned before something is learnt from what became of them."""

log = structlog.get_logger()


@dataclass
class Progress:
    """What a run has come to so far; handed to `on_progress` whenever it changes."""

    wanted: int
    stage: str = "starting servers"
    planned: int = 0
    outcomes: Counter[str] = field(default_factory=Counter[str])
    probed: int = 0


OnProgress = Callable[[Progress], None]


@dataclass
class Run:
    """One invocation of the main job over one run directory."""

    settings: RunSettings
    pace: Pace
    store: Store
    teacher: Teacher
    on_progress: OnProgress
    open_fresh: Environments
    progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.progress = Progress(self.settings.samples)

    async def execute(self) -> dict[str, Any]:
        """Do the job and return the manifest.

        Raises:
            ToolweaveError: The run as a whole cannot go on.
        """
        self._tell()
        config = load_mcp_config(self.settings.mcp)
        seen = await introspect(config.servers, self.open_fresh, strict=self.settings.strict)
        if not seen.allowed:
            reason = next(iter(seen.refused.values()), "the servers list none")
            raise ConfigError(f"{self.settings.mcp}: no tool may be called: {reason}")
        graph = await self._graph(config, seen)
        specs = {spec.name: spec for spec in config.servers}
        book = ValueBook(specs, graph.facts, graph.tools)
        planner = Planner(graph, book.speakable, seen.allowed, book.variety)
        self.store.write_json("manifest.json", self._manifest(seen, planner, "running"))
        async with self.open_fresh.sharing(specs, graph, seen.allowed) as open_live:
            model, allowed = self.teacher.model, seen.allowed
            shop = Workshop(self.settings, graph, specs, book, model, allowed, self.open_fresh, open_live)
            await self._waves(shop, self._coverage(planner))
        self.store.sort()
        manifest = self._manifest(seen, planner, "finished")
        self.store.write_json("manifest.json", manifest)
        self.store.write_json("coverage.json", coverage_of(read_run(self.store.root)))
        return manifest

    def _tell(self, stage: str | None = None) -> None:
        self.progress.stage = stage or self.progress.stage
        self.progress.outcomes = Counter(self.store.done.values())
        self.on_progress(self.progress)

    async def _graph(self, config: McpConfig, seen: Introspection) -> ToolGraph:
        """The graph of this run: from its directory when it is there, else from schemas and first experiments."""
        path = self.store.root / "graph.json"
        if path.exists():
            return self._unchanged(graph_from_json(read_json(path)), seen)
        self._tell("learning which tool feeds which")
        specs = [spec for spec in config.servers if spec.name in seen.versions]
        budget = ProbeBudget.modest(self.settings.probe_calls)
        report = await probe(specs, seen.tools, budget, self.settings.seed, open=self.open_fresh, on_call=self._probed)
        for server, reason in report.unprobed.items():
            self.store.record("unprobed", server=server, reason=reason)
        self.store.write_json("graph.json", graph_to_json(report.graph))
        return report.graph

    def _probed(self) -> None:
        self.progress.probed += 1
        self.on_progress(self.progress)

    def _unchanged(self, graph: ToolGraph, seen: Introspection) -> ToolGraph:
        now = {tool.id: tool.digest for tool in seen.tools}
        changed = sorted(name for name, tool in graph.tools.items() if now.get(name) != tool.digest)
        if changed:
            raise RunError(f"{self.store.root}: tools have changed or are gone since this run began: {changed[:3]}")
        return graph

    def _coverage(self, planner: Planner) -> CoveragePlanner:
        tools = planner.graph.tools.values()
        unknown = [name for name in self.settings.targets if not any(name in (tool.id, tool.name) for tool in tools)]
        if unknown:
            close = difflib.get_close_matches(unknown[0], [name for tool in tools for name in (tool.id, tool.name)], 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise ConfigError(f"--target {unknown[0]!r}: no server has such a tool{hint}")
        settings = self.settings
        return CoveragePlanner(
            planner, settings.seed, settings.turns, settings.kinds, settings.targets, settings.samples
        )

    async def _waves(self, shop: Workshop, planner: CoveragePlanner) -> None:
        """Plan some items, as many as samples are missing at most, make them all, learn from them, and again."""
        index, most = 0, MOST_ITEMS * self.settings.samples
        while (missing := self.settings.samples - self._kept_before(index)) > 0 and index < most:
            wave = self._plan_wave(planner, index, min(missing, WAVE, most - index))
            if not wave:
                return
            self.progress.planned = index + len(wave)
            self._tell("making samples")
            await self._make(shop, [plan for plan in wave.values() if plan.index not in self.store.done])
            planner.coverage.learn(wave, self.store.done, self.store.kinds)
            index += len(wave)

    def _kept_before(self, index: int) -> int:
        return sum(1 for item, outcome in self.store.done.items() if item < index and outcome == "kept")

    def _plan_wave(self, planner: CoveragePlanner, start: int, size: int) -> dict[int, TrajectoryPlan]:
        wave: dict[int, TrajectoryPlan] = {}
        for index in range(start, start + size):
            plan = planner.plan(index)
            if isinstance(plan, NoSource):
                log.warning("nothing left to plan", reason=str(plan))
                break
            wave[index] = plan
        return wave

    async def _make(self, shop: Workshop, plans: list[TrajectoryPlan]) -> None:
        """All plans, as many at a time as the pace allows; the next begins when a worker is free."""
        send, receive = anyio.create_memory_object_stream[TrajectoryPlan](0)
        async with anyio.create_task_group() as tasks, send:
            for _ in range(min(self.pace.concurrency, len(plans))):
                tasks.start_soon(self._work, shop, receive.clone())
            receive.close()
            for plan in plans:
                await send.send(plan)

    async def _work(self, shop: Workshop, plans: MemoryObjectReceiveStream[TrajectoryPlan]) -> None:
        async with plans:
            async for plan in plans:
                record = Log()
                self._settle(plan, await _attempt(shop, plan, record), record)

    def _settle(self, plan: TrajectoryPlan, made: Sample | Dropped, record: Log) -> None:
        """Write everything that is known of an item; its outcome last, so that a torn item is done again."""
        for attempt in record.attempts:
            facts = {"tool": attempt.tool, "arguments": attempt.arguments, "status": attempt.status}
            self.store.record("call", index=plan.index, **facts, reason=attempt.reason, ms=round(attempt.seconds * 1e3))
        for turn, revision in record.revisions:
            self.store.revise(revision_line(plan.index, turn, revision))
        if isinstance(made, Dropped):
            target = plan.turns[0].target
            self.store.drop(plan.index, made.outcome, made.stage, made.reason, target=target, seed=plan.seed)
        else:
            if record.recording is not None:
                self.store.record_answers(record.recording)
            self.store.keep(made)
        self.store.record("item", index=plan.index, outcome=self.store.done[plan.index], cut=record.cut)
        self._tell()

    def _manifest(self, seen: Introspection, planner: Planner, state: str) -> dict[str, Any]:
        outcomes = Counter(self.store.done.values())
        unreachable = {
            tool: f"no source for {missing[1]!r} of {missing[0]}"
            for tool in sorted(seen.allowed)
            if (missing := planner.reach.missing(tool))
        }
        return {
            "format": "toolweave-run/1",
            "state": state,
            "wanted": self.settings.samples,
            "planned": sum(outcomes.values()),
            "outcomes": {name: outcomes[name] for name in ("kept", "rejected", "failed", "unresolved")},
            "reasons": dict(sorted(self.store.reasons.items())),
            "servers": seen.as_json(),
            "tools": {"listed": len(seen.tools), "callable": len(seen.allowed), "reachable": len(planner.reachable())},
            "unreachable": unreachable,
            "teacher": self.teacher.facts(),
            "versions": versions(),
        }


async def _attempt(shop: Workshop, plan: TrajectoryPlan, record: Log) -> Sample | Dropped:
    try:
        return await produce(shop, plan, record)
    except (RunError, ConfigError, EndpointUnusable):
        raise
    except Exception as error:  # boundary: a fault in one trajectory costs that trajectory only
        log.exception("a trajectory broke", index=plan.index)
        return Dropped("failed", "internal", f"{type(error).__name__}: {error}")


def versions() -> dict[str, str]:
    """Versions of what shapes the data."""
    return {name: version(name) for name in ("toolweave", "mcp", "networkx", "pydantic", "openai")}
