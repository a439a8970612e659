"""What a run covers, and what it could not: computed from what is on disk, also of a run that is not finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from toolweave.graph.model import Edge, ToolGraph
from toolweave.graph.planning.chances import EdgeKey
from toolweave.graph.planning.draft import edge_key
from toolweave.pipeline.plans.history import rehearsals
from toolweave.pipeline.reports.coverage_rows import row_facts
from toolweave.pipeline.reports.covered import Covered, counted, ratio
from toolweave.pipeline.reports.grid import GridRecord, grid_of, read_grid_record
from toolweave.pipeline.reports.lost import Lost
from toolweave.pipeline.sample import Sample
from toolweave.pipeline.storage.graph_file import graph_from_json
from toolweave.pipeline.storage.store import read_json, read_lines
from toolweave.servers.errors import RunError
from toolweave.servers.json_values import as_object


@dataclass(frozen=True)
class RunRecord:
    """A run directory, read."""

    graph: ToolGraph
    covered: Covered
    lost: Lost
    shares: dict[str, float]
    """Wanted share of every kind of turn; empty when the run has none."""
    refused: dict[str, str]
    """Tool id → why policy does not let it be called."""
    unreachable: dict[str, str]
    """Tool id → which parameter has no source."""
    grid: GridRecord | None = None
    """Shares by server, difficulty and kind, where some were wanted."""


def read_run(root: Path) -> RunRecord:
    """Read a run directory, finished or not; rows are read one by one.

    Raises:
        RunError: It holds no run, or lines that are no samples.
    """
    manifest, settings = read_json(root / "manifest.json"), read_json(root / "settings.json")
    covered = Covered()
    try:
        graph = graph_from_json(read_json(root / "graph.json"))
        for line in read_lines(root / "samples.jsonl"):
            covered.add(row_facts(Sample.model_validate(line), graph))
    except ValidationError as error:
        raise RunError(f"{root} holds rows of another format: {error.errors()[0]['msg']}") from error
    rejected = root / "rejected.jsonl"
    return RunRecord(
        graph,
        covered,
        Lost.of(read_lines(rejected), rehearsals(root / "events.jsonl")),
        as_object(settings.get("kinds")),
        as_object(as_object(manifest.get("servers")).get("refused")),
        as_object(manifest.get("unreachable")),
        read_grid_record(root, as_object(settings.get("grid")), read_lines(rejected)),
    )


def coverage_of(run: RunRecord) -> dict[str, Any]:
    """Everything that the report says, as JSON."""
    covered = run.covered
    return {
        "format": "toolweave-coverage/1",
        "samples": covered.samples,
        "lost": run.lost.by_stage(),
        "failures": run.lost.failures.as_json(),
        "rehearsals": run.lost.rehearsals.as_json(),
        "kinds": _kinds(run),
        "relations": counted(covered.relations),
        "tools": _tools(run),
        "edges": _edges(run),
        "shapes": covered.shapes.as_json(),
        "values": covered.values(),
        "server_pairs": counted(covered.pairs),
        **({"grid": grid_of(run.grid)} if run.grid else {}),
        **({"marks": counted(covered.marks)} if covered.marks else {}),
    }


def _kinds(run: RunRecord) -> dict[str, dict[str, float]]:
    got = run.covered.kinds
    return {
        kind: {"turns": got[kind], "share": ratio(got[kind], got.total()), "wanted": round(run.shares.get(kind, 0), 4)}
        for kind in dict.fromkeys([*run.shares, *sorted(got)])
    }


def _tools(run: RunRecord) -> dict[str, Any]:
    called = run.covered.tools
    reachable = [name for name in run.graph.tools if name not in run.refused and name not in run.unreachable]
    return {
        "listed": len(run.graph.tools),
        "callable": len(run.graph.tools.keys() - run.refused.keys()),
        "reachable": len(reachable),
        "called": len(called),
        "targets": len(run.covered.targets),
        "not_called": {name: _why_not(name, run) for name in run.graph.tools if name not in called},
    }


def _why_not(tool: str, run: RunRecord) -> str:
    """Why no row calls a tool."""
    if why := run.refused.get(tool) or run.unreachable.get(tool):
        return why
    return run.lost.why(tool) or "no plan for it yet"


def _edges(run: RunRecord) -> dict[str, Any]:
    """Edges between tools that may be called, and which of them a call that worked has followed."""
    followed = run.covered.edges
    usable = [edge for edge in run.graph.edges if not {edge.source, edge.target} & run.refused.keys()]
    data = [edge for edge in usable if edge.kind == "data"]
    confirmed = [edge for edge in data if edge.confirmed]
    return {
        "data": _share(data, followed),
        "confirmed": _share(confirmed, followed),
        "enabling": _share([edge for edge in usable if edge.effect == "enables"], followed),
        "not_followed": [
            {"edge": _spelt(edge), "why": _why_not_followed(edge, run)}
            for edge in confirmed
            if not followed[edge_key(edge)]
        ],
    }


def _share(edges: Sequence[Edge], followed: Mapping[EdgeKey, int]) -> dict[str, int]:
    return {"known": len(edges), "followed": sum(followed[edge_key(edge)] > 0 for edge in edges)}


def _spelt(edge: Edge) -> str:
    return f"{edge.source} {edge.source_field} -> {edge.target} {edge.target_param}"


def _why_not_followed(edge: Edge, run: RunRecord) -> str:
    unreachable = run.unreachable.get(edge.source) or run.unreachable.get(edge.target)
    return unreachable or run.lost.why(edge.target) or "no plan for it yet"
