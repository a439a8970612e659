"""What a run would call, before it calls anything: servers, tools with the policy's word on each, the first plans."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolweave.graph.plan import NoSource, TrajectoryPlan
from toolweave.pipeline.environments import warm_environments
from toolweave.pipeline.plans.learning import coverage_planner
from toolweave.pipeline.plans.planning import CoveragePlanner
from toolweave.pipeline.running.groundwork import Ground, Groundwork
from toolweave.pipeline.settings import RunSettings
from toolweave.pipeline.storage.identity import identity_of
from toolweave.pipeline.storage.store import Store
from toolweave.servers.json_values import as_object
from toolweave.servers.policy import decide


@dataclass(frozen=True, slots=True)
class Preview:
    """What is known beforehand."""

    ground: Ground
    plans: tuple[TrajectoryPlan, ...]
    """As a run draws them until it learns from what has become of earlier ones."""
    stopped: NoSource | None
    """Why there are no more plans, where fewer were found than asked for."""
    probed: int
    """Live calls that were made to learn which tool feeds which."""
    grid: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Each cell with its wanted share, and the share of the plans whose samples are likely to lie in it."""

    def as_json(self) -> dict[str, Any]:
        """Everything, as `--json` prints it."""
        seen = self.ground.seen
        return {
            "servers": {"started": seen.versions, "failed": seen.failures},
            "tools": list(self._tools()),
            "plans": [_plan_json(plan) for plan in self.plans],
            "kinds": dict(Counter(turn.kind for plan in self.plans for turn in plan.turns)),
            **({"grid": self.grid} if self.grid else {}),
            "values": self._values(),
            "stopped": str(self.stopped) if self.stopped else None,
            "probed": self.probed,
        }

    def _values(self) -> dict[str, dict[str, Any]]:
        """Server → parameters that nothing gives, each with an example of its form, as `values` takes them."""
        found: dict[str, dict[str, Any]] = {}
        for tool in self.ground.seen.tools:
            missing = self.ground.planner.reach.missing(tool.id) if tool.id in self.ground.seen.allowed else None
            if missing is not None:
                name = missing[1].partition("[")[0].partition(".")[0]
                found.setdefault(tool.server, {})[name] = [_blank(as_object(tool.parameters.get(name)))]
        return found

    def _tools(self) -> Iterator[dict[str, Any]]:
        planned = Counter(tool for plan in self.plans for tool in plan.tools)
        reach, seen = self.ground.planner.reach, self.ground.seen
        for tool in seen.tools:
            allowed = tool.id in seen.allowed
            missing = reach.missing(tool.id) if allowed else None
            yield {
                "tool": tool.id,
                "may_be_called": allowed,
                "why": seen.refused.get(tool.id) or decide(self.ground.specs[tool.server], tool).reason,
                "without_source": str(missing[1]) if missing else None,
                "planned": planned[tool.id],
            }


async def preview(settings: RunSettings, *, probing: bool) -> Preview:
    """Look at the servers and draw the plans of the first samples; nothing is executed and nothing stays on disk.

    Args:
        settings: Of the run; as many plans are drawn as it asks for samples.
        probing: Whether the first experiments are made, as a run does; else the graph is that of the schemas alone, and
            no tool is called.

    Raises:
        ToolweaveError: As a run with these settings would end.
    """
    wanted = settings if probing else settings.model_copy(update={"probe_calls": 0})
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1

    with (
        tempfile.TemporaryDirectory(prefix="toolweave-plan-") as folder,
        Store.create(Path(folder), identity_of(wanted)) as store,
    ):
        async with warm_environments() as open_fresh:
            ground = await Groundwork(wanted, store, open_fresh, lambda: None, count).lay()
    planner = coverage_planner(ground.planner, wanted)
    plans: list[TrajectoryPlan] = []
    for index in range(settings.samples):
        plan = planner.plan(index)
        if isinstance(plan, NoSource):
            return Preview(ground, tuple(plans), plan, calls, _cells(planner))
        plans.append(plan)
    return Preview(ground, tuple(plans), None, calls, _cells(planner))


def _cells(planner: CoveragePlanner) -> list[dict[str, Any]]:
    shares = planner.grid.planned_shares() if planner.grid is not None else {}
    return [{"cell": str(cell), "wanted": wanted, "planned": planned} for cell, (wanted, planned) in shares.items()]


def _blank(schema: dict[str, Any]) -> Any:
    """Something of the form that a schema asks for, to be filled in."""
    match schema.get("type"):
        case "array":
            return [_blank(as_object(schema.get("items")))]
        case "object":
            return {name: _blank(as_object(inner)) for name, inner in as_object(schema.get("properties")).items()}
        case "integer" | "number":
            return 1
        case "boolean":
            return True
        case _:
            return "…"


def _plan_json(plan: TrajectoryPlan) -> dict[str, Any]:
    turns = [
        {
            "kind": turn.kind,
            "relation": turn.relation,
            "target": turn.target,
            "calls": [call.tool for call in turn.calls],
        }
        for turn in plan.turns
    ]
    return {"index": plan.index, "turns": turns}
