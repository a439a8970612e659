"""What has to be known before anything is planned: the servers, their tools, and which tool feeds which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from toolweave.agent.arguments import ValueBook
from toolweave.agent.probe import ProbeBudget, ProbeReport, probe
from toolweave.graph.model import ToolGraph
from toolweave.graph.planner import Planner
from toolweave.pipeline.environments import OpenEnvironment
from toolweave.pipeline.plugins import load_functions
from toolweave.pipeline.running.introspect import Introspection, introspect
from toolweave.pipeline.running.sources import supplied
from toolweave.pipeline.settings import RunSettings
from toolweave.pipeline.storage.graph_file import graph_from_json, graph_to_json
from toolweave.pipeline.storage.store import Store, read_json
from toolweave.servers.config import McpConfig, ServerSpec, load_mcp_config
from toolweave.servers.errors import ConfigError, RunError
from toolweave.servers.watch import noting_deaths

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ground:
    """All that plans and items are made from."""

    specs: dict[str, ServerSpec]
    """Every server of the `mcp.json` by name."""
    seen: Introspection
    graph: ToolGraph
    book: ValueBook
    planner: Planner


@dataclass(frozen=True, slots=True)
class Groundwork:
    """Lays the ground of a run; what its directory holds already is not learnt again."""

    settings: RunSettings
    store: Store
    open_fresh: OpenEnvironment
    on_learning: Callable[[], None]
    """Told when experiments begin."""
    on_call: Callable[[], None]
    """Told of every call of theirs."""

    async def lay(self) -> Ground:
        """Look at all servers, and learn or read the graph.

        Raises:
            ToolweaveError: No server starts, no tool may be called, or the tools have changed since the run began.
        """
        config = load_mcp_config(self.settings.mcp)
        seen = await introspect(config.servers, self.open_fresh, strict=self.settings.strict)
        if not seen.allowed:
            reason = next(iter(seen.refused.values()), "the servers list none")
            raise ConfigError(f"{self.settings.mcp}: no tool may be called: {reason}")
        if sources := load_functions("values", self.settings.value_sources):
            config = supplied(config, seen, sources, self.store.root / "values.json")
        path = self.store.root / "graph.json"
        if not path.exists():
            await self._learn(config, seen)
        graph = self._unchanged(graph_from_json(read_json(path)), seen)
        specs = {spec.name: spec for spec in config.servers}
        seen = seen.checked_against(graph, specs)
        for name in graph.belied:
            log.warning("a tool says that it only reads, and was seen to change something", tool=name)
        book = ValueBook(specs, graph.facts, graph.tools)
        return Ground(specs, seen, graph, book, Planner(graph, book.speakable, seen.allowed, book.variety))

    async def _learn(self, config: McpConfig, seen: Introspection) -> None:
        """The graph from schemas and first experiments; what was written is read again, as a resumed run does.

        They are made once more when a server was gone in the middle: whoever ended it, the graph must not depend on it.
        """
        self.on_learning()
        specs = [spec for spec in config.servers if spec.name in seen.versions]
        budget = ProbeBudget.modest(self.settings.probe_calls)

        async def experiments() -> ProbeReport:
            return await probe(
                specs, seen.tools, budget, self.settings.seed, open=self.open_fresh, on_call=self.on_call
            )

        with noting_deaths() as deaths:
            report = await experiments()
        report = await experiments() if deaths else report
        for server, reason in report.unprobed.items():
            self.store.record("unprobed", server=server, reason=reason)
        for server, said in report.shut_out.items():
            log.warning("a server may write to ${WORKSPACE} only, and tried elsewhere", server=server, said=said[:200])
        self.store.write_json("graph.json", graph_to_json(report.graph))

    def _unchanged(self, graph: ToolGraph, seen: Introspection) -> ToolGraph:
        now = {tool.id: tool.digest for tool in seen.tools}
        changed = sorted(name for name, tool in graph.tools.items() if now.get(name) != tool.digest)
        if changed:
            raise RunError(f"{self.store.root}: tools have changed or are gone since this run began: {changed[:3]}")
        return graph
