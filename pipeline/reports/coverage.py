"""What a run covers, and what it could not: computed from what is on disk, also of a run that is not finished."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from toolweave.graph.coverage import LONG, server_pairs
from toolweave.graph.model import Edge, ToolGraph
from toolweave.graph.planning.draft import EdgeKey, edge_key
from toolweave.pipeline.plans.history import Rehearsed, rehearsals
from toolweave.pipeline.reports.coverage_rows import RowFacts, row_facts
from toolweave.pipeline.reports.grid import GridRecord, grid_of, read_grid_record
from toolweave.pipeline.reports.taxonomy import failures
from toolweave.pipeline.sample import Sample
from toolweave.pipeline.storage.graph_file import graph_from_json
from toolweave.pipeline.storage.store import read_json, read_lines
from toolweave.servers.errors import RunError
from toolweave.servers.json_values import as_object


@dataclass(frozen=True)
class RunRecord:
    """A run directory, read."""

    graph: ToolGraph
    rows: tuple[RowFacts, ...]
    rejected: tuple[dict[str, Any], ...]
    shares: dict[str, float]
    """Wanted share of every kind of turn; empty when the run has none."""
    refused: dict[str, str]
    """Tool id → why policy does not let it be called."""
    unreachable: dict[str, str]
    """Tool id → which parameter has no source."""
    rehearsals: tuple[Rehearsed, ...] = ()
    """Every plan that was rehearsed, in the order of the items."""
    grid: GridRecord | None = None
    """Shares by server, difficulty and kind, where some were wanted."""


def read_run(root: Path) -> RunRecord:
    """Read a run directory, finished or not; rows are read one by one.

    Raises:
        RunError: It holds no run, or lines that are no samples.
    """
    manifest, settings = read_json(root / "manifest.json"), read_json(root / "settings.json")
    rejected = tuple(read_lines(root / "rejected.jsonl"))
    try:
        graph = graph_from_json(read_json(root / "graph.json"))
        lines = read_lines(root / "samples.jsonl")
        rows = tuple(row_facts(Sample.model_validate(line), graph) for line in lines)
    except ValidationError as error:
        raise RunError(f"{root} holds rows of another format: {error.errors()[0]['msg']}") from error
    return RunRecord(
        graph,
        rows,
        rejected,
        as_object(settings.get("kinds")),
        as_object(as_object(manifest.get("servers")).get("refused")),
        as_object(manifest.get("unreachable")),
        rehearsals(root / "events.jsonl"),
        read_grid_record(root, as_object(settings.get("grid")), rejected),
    )


def coverage_of(run: RunRecord) -> dict[str, Any]:
    """Everything that the report says, as JSON."""
    turns = [turn for row in run.rows for turn in row.turns]
    pairs = Counter(pair for row in run.rows for pair in server_pairs(row.tools))
    return {
        "format": "toolweave-coverage/1",
        "samples": len(run.rows),
        "lost": _counted(str(line["stage"]) for line in run.rejected),
        "failures": failures(run.rejected),
        "rehearsals": _rehearsals(run.rehearsals),
        "kinds": _kinds(run),
        "relations": _counted(turn.relation for turn in turns),
        "tools": _tools(run),
        "edges": _edges(run),
        "shapes": _shapes(run.rows),
        "values": _values(run.rows),
        "server_pairs": {"+".join(pair): count for pair, count in sorted(pairs.items())},
        **({"grid": grid_of(run.grid)} if run.grid else {}),
        **({"marks": marks} if (marks := _counted(mark for row in run.rows for mark in row.marks)) else {}),
    }


def _rehearsals(found: Sequence[Rehearsed]) -> dict[str, int]:
    """How many items have been rehearsed, with how many plans, and for how many a way was found."""
    first = {one.index: one for one in reversed(found)}
    return {
        "items": len(first),
        "found": len({one.index for one in found if one.lost is None}),
        "found_at_once": sum(one.lost is None for one in first.values()),
        "plans": len(found),
    }


def _counted(values: Iterable[Any]) -> dict[str, int]:
    return {str(value): count for value, count in sorted(Counter(values).items())}


def _kinds(run: RunRecord) -> dict[str, dict[str, float]]:
    got = Counter[str](turn.kind for row in run.rows for turn in row.turns)
    return {
        kind: {"turns": got[kind], "share": _ratio(got[kind], got.total()), "wanted": round(run.shares.get(kind, 0), 4)}
        for kind in dict.fromkeys([*run.shares, *sorted(got)])
    }


def _ratio(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def _tools(run: RunRecord) -> dict[str, Any]:
    called = {tool for row in run.rows for tool in row.tools}
    targets = {turn.target for row in run.rows for turn in row.turns if turn.kind != "irrelevant"}
    reachable = [name for name in run.graph.tools if name not in run.refused and name not in run.unreachable]
    return {
        "listed": len(run.graph.tools),
        "callable": len(run.graph.tools.keys() - run.refused.keys()),
        "reachable": len(reachable),
        "called": len(called),
        "targets": len(targets),
        "not_called": {name: _why_not(name, run) for name in run.graph.tools if name not in called},
    }


def _why_not(tool: str, run: RunRecord) -> str:
    """Why no row calls a tool."""
    if why := run.refused.get(tool) or run.unreachable.get(tool):
        return why
    return _lost(tool, run) or "no plan for it yet"


def _lost(tool: str, run: RunRecord) -> str | None:
    """What became of the plans for a target that were lost."""
    lost = [(str(line["stage"]), str(line["reason"])) for line in run.rejected if line.get("target") == tool]
    lost += [("rehearsal", one.reason) for one in run.rehearsals if one.lost == tool]
    return f"{len(lost)} lost, the last at {lost[-1][0]}: {lost[-1][1]}" if lost else None


def _edges(run: RunRecord) -> dict[str, Any]:
    """Edges between tools that may be called, and which of them a call that worked has followed."""
    followed = Counter(edge for row in run.rows for edge in row.edges)
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
    return unreachable or _lost(edge.target, run) or "no plan for it yet"


def _shapes(rows: Sequence[RowFacts]) -> dict[str, Any]:
    turns = [turn for row in rows for turn in row.turns]
    return {
        "turns": len(turns),
        "turns_per_sample": _counted(len(row.turns) for row in rows),
        "calls_per_turn": _counted(turn.calls for turn in turns),
        "dependent_calls_per_turn": _counted(turn.dependent for turn in turns),
        "long_share": _ratio(sum(turn.dependent >= LONG for turn in turns), len(turns)),
        "width": _counted(turn.width for turn in turns),
        "depth": _counted(row.depth for row in rows),
        "diamonds": sum(turn.diamond for turn in turns),
        "loops": sum(turn.loop for turn in turns),
    }


def _values(rows: Sequence[RowFacts]) -> dict[str, Any]:
    calls = sum(len(row.tools) for row in rows)
    dependent = sum(turn.dependent for row in rows for turn in row.turns)
    sources = sum((row.sources for row in rows), Counter[str]())
    return {"sources": dict(sorted(sources.items())), "calls": calls, "dependent_share": _ratio(dependent, calls)}
