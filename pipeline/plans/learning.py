"""What the schedule asks of a run: plans that go for what is covered least, and what became of the items before."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolweave.graph.focus import EVERYWHERE
from toolweave.graph.plan import NoSource, TrajectoryPlan, TurnKind
from toolweave.graph.planner import Planner
from toolweave.pipeline.evaluation.weakness import weakness_of
from toolweave.pipeline.plans.cells import cells_of, domains_of
from toolweave.pipeline.plans.foresight import Shelf
from toolweave.pipeline.plans.grid import Grid
from toolweave.pipeline.plans.history import History
from toolweave.pipeline.plans.planning import CoveragePlanner
from toolweave.pipeline.running.stream import Turns
from toolweave.pipeline.settings import RunSettings
from toolweave.pipeline.storage.store import Store
from toolweave.servers.errors import ConfigError


def coverage_planner(planner: Planner, settings: RunSettings) -> CoveragePlanner:
    """The planner of a run.

    Raises:
        ConfigError: A target is no tool, or what a model gets wrong cannot be read.
    """
    tools = planner.graph.tools.values()
    unknown = [name for name in settings.targets if not any(name in (tool.id, tool.name) for tool in tools)]
    if unknown:
        close = difflib.get_close_matches(unknown[0], [name for tool in tools for name in (tool.id, tool.name)], 1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise ConfigError(f"--target {unknown[0]!r}: no server has such a tool{hint}")
    weakness = weakness_of(settings.weak) if settings.weak is not None else None
    kinds = weakness.shares(settings.kinds) if weakness is not None else settings.kinds
    focus = weakness.focus(planner) if weakness is not None else EVERYWHERE
    return CoveragePlanner(
        planner,
        settings.seed,
        settings.turns,
        kinds,
        settings.targets,
        settings.samples,
        focus,
        _grid(planner, settings),
    )


def _grid(planner: Planner, settings: RunSettings) -> Grid | None:
    """The grid of a run, where it has one."""
    if not settings.grid:
        return None
    cells, tools = cells_of(settings.grid), planner.reachable()
    servers = list(dict.fromkeys(tool.server for tool in planner.graph.tools.values()))
    callable_tools = Counter(tool.partition("/")[0] for tool in tools)
    shelf = Shelf(callable_tools, settings.offered, settings.long_offered)
    return Grid(cells, domains_of(cells, servers), tools, shelf)


@dataclass(frozen=True, slots=True)
class Known:
    """What became of items."""

    store: Store
    turns: Turns

    @property
    def done(self) -> Mapping[int, str]:
        """Index → outcome."""
        return self.store.done

    @property
    def kinds(self) -> Mapping[int, Sequence[TurnKind]]:
        """Index of every kept item → kinds of its turns."""
        return self.store.kinds

    async def reach(self, index: int) -> None:
        """Wait until all items before this one are known."""
        await self.turns.reach(index)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Plans, each learnt from what earlier waves have left in the run's events."""

    planner: CoveragePlanner
    history: History

    def plan(self, index: int) -> TrajectoryPlan | NoSource:
        """The plan of this item."""
        return self.planner.plan(index)

    def learn(
        self, plans: Mapping[int, TrajectoryPlan], outcomes: Mapping[int, str], kept: Mapping[int, Sequence[TurnKind]]
    ) -> None:
        """Count what became of a wave."""
        self.planner.learn(plans, outcomes, kept, self.history.until(max(plans)))
