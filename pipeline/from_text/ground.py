"""What has to be known before procedures are carried out: which tools the steps mean, and which tool feeds which.

The tools are found by the schemas alone. Then the servers that are needed are tried out, with the values that the text
gives, so that what their tools return is known; with that, it is decided what gives each argument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolweave.agent.arguments import ValueBook
from toolweave.agent.probe import ProbeBudget, probe
from toolweave.agent.texts.aligning import Aligned, Aligner, Asked
from toolweave.agent.texts.matching import Matcher
from toolweave.agent.texts.procedures import Procedure
from toolweave.agent.texts.resolving import Mapped
from toolweave.agent.texts.values import Given
from toolweave.graph.model import ToolGraph
from toolweave.graph.planner import Planner
from toolweave.pipeline.environments import OpenEnvironment
from toolweave.pipeline.from_text.imitation import Imitation
from toolweave.pipeline.from_text.looking import Look, moved
from toolweave.pipeline.from_text.reading import Reader, settled
from toolweave.pipeline.running.groundwork import Ground
from toolweave.pipeline.running.introspect import Introspection, introspect
from toolweave.pipeline.settings import RunSettings
from toolweave.pipeline.storage.graph_file import graph_from_json, graph_to_json
from toolweave.pipeline.storage.jsonl import read_json
from toolweave.pipeline.storage.store import Store
from toolweave.servers.config import load_mcp_config
from toolweave.servers.errors import RunError
from toolweave.servers.spec import ServerSpec


@dataclass(frozen=True, slots=True)
class TextGround:
    """All that the items of a run are made from."""

    ground: Ground
    aligned: tuple[Aligned, ...]
    """Every procedure with what its steps mean."""


@dataclass(frozen=True, slots=True)
class TextGroundwork:
    """Lays the ground; what the run directory holds already is not learnt again."""

    settings: RunSettings
    user_mcp: Path
    """The `mcp.json` of the user; that of the settings extends it."""
    reader: Reader
    store: Store
    open_fresh: OpenEnvironment

    async def lay(self, procedures: Sequence[Procedure], on_call: Callable[[], None]) -> TextGround:
        """Look at the servers, map every step, and learn what the tools return.

        Args:
            procedures: All of the run.
            on_call: Told of every call by which tools are tried out.

        Raises:
            ToolweaveError: No server starts, or the tools have changed since the run began.
        """
        config = load_mcp_config(self.user_mcp)
        seen = await introspect(config.servers, self.open_fresh, strict=self.settings.strict)
        matcher = Matcher(seen.tools)
        meant = await self.reader.meant(procedures, matcher)
        first: Sequence[Sequence[Mapped]] = [one.mapped for one in meant]
        imitated = Imitation([one.proposals for one in meant])
        imitated.write(self.settings.mcp, self.user_mcp, self.settings.seed)
        if imitated.tools:
            config = load_mcp_config(self.settings.mcp)
            seen = seen.beside(await introspect(config.servers[-1:], self.open_fresh))
            first = imitated.mapped(first, seen.tools)
        specs = {spec.name: spec for spec in config.servers}
        asked = [(one.procedure, settled(steps)) for one, steps in zip(meant, first, strict=True)]
        graph = await self._graph(asked, matcher, specs, seen, first, on_call)
        aligned = tuple(one for _, one in Aligner(matcher, graph).align_all(asked))
        seen = seen.checked_against(graph, specs)
        book = ValueBook({})  # nothing that the text does not say
        planner = Planner(graph, book.speakable, seen.allowed & graph.tools.keys(), book.variety)
        return TextGround(Ground(specs, seen, graph, book, planner), aligned)

    async def _graph(
        self,
        asked: Sequence[Asked],
        matcher: Matcher,
        specs: dict[str, ServerSpec],
        seen: Introspection,
        first: Sequence[Sequence[Mapped]],
        on_call: Callable[[], None],
    ) -> ToolGraph:
        path = self.store.root / "graph.json"
        if not path.exists():
            steps = [one for mapped in first for one in mapped]
            graph = await self._learnt(specs, seen, steps, on_call)
            aligned = [one for _, one in Aligner(matcher, graph).align_all(asked)]
            look = Look(specs, self.open_fresh, self.reader.model, self.settings.seed)
            graph = await look.beyond(graph, matcher.box, [*_by_file(aligned), *(one.mapped for one in aligned)])
            self.store.write_json("graph.json", graph_to_json(graph))
        graph = graph_from_json(read_json(path))
        now = {tool.id: tool.digest for tool in seen.tools}
        changed = sorted(name for name, tool in graph.tools.items() if now.get(name) != tool.digest)
        if changed:
            raise RunError(f"{self.store.root}: tools have changed or are gone since this run began: {changed[:3]}")
        return graph

    async def _learnt(
        self, specs: dict[str, ServerSpec], seen: Introspection, steps: Sequence[Mapped], on_call: Callable[[], None]
    ) -> ToolGraph:
        """What first experiments with the servers show that the steps need."""
        needed = {one.tool.server for one in steps if one.tool is not None}
        tools = [tool for tool in seen.tools if tool.server in needed]
        told = [_with_values(spec, steps) for name, spec in specs.items() if name in needed]
        budget = ProbeBudget.modest(self.settings.probe_calls)
        report = await probe(told, tools, budget, self.settings.seed, open=self.open_fresh, on_call=on_call)
        for server, reason in report.unprobed.items():
            self.store.record("unprobed", server=server, reason=reason)
        return report.graph


def _by_file(aligned: Sequence[Aligned]) -> list[list[Mapped]]:
    """The steps of all procedures of each text, one behind the other: a later one may need what an earlier one did."""
    found: dict[str, list[Mapped]] = {}
    for one in aligned:
        steps = found.setdefault(one.procedure.file, [])
        steps += [moved(step, len(steps)) for step in one.mapped]
    return list(found.values())


def _with_values(spec: ServerSpec, steps: Sequence[Mapped]) -> ServerSpec:
    """A server whose tools are tried with what the text says, before what its entry says."""
    values = {name: list(examples) for name, examples in spec.options.values.items()}
    for one in steps:
        if one.tool is None or one.tool.server != spec.name:
            continue
        for path, source in one.sources.items():
            if isinstance(source, Given) and source.origin in ("step", "fact", "context"):
                examples = values.setdefault(f"{one.tool.name}.{path}", list(values.get(path, [])))
                if source.value not in examples:
                    examples.insert(0, source.value)
    return spec.model_copy(update={"options": spec.options.model_copy(update={"values": values})})
