"""Figures of a run: what it covers, as `toolweave report` has it, and what it has spent."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any

from pydantic import ValidationError

from toolweave.graph.model import ToolGraph
from toolweave.pipeline.plans.history import rehearsals
from toolweave.pipeline.reports.coverage import RunRecord, coverage_of
from toolweave.pipeline.reports.coverage_rows import RowFacts, row_facts
from toolweave.pipeline.reports.covered import Covered
from toolweave.pipeline.reports.lost import Lost
from toolweave.pipeline.running.control import status_of
from toolweave.pipeline.sample import Sample
from toolweave.pipeline.storage.graph_file import graph_from_json
from toolweave.pipeline.storage.jsonl import read_json, read_lines
from toolweave.pipeline.viewer.index import RunIndex
from toolweave.servers.errors import RunError
from toolweave.servers.json_values import as_object

COVERAGE = "coverage.json"
MOST_COUNTED = 400
"""Samples that one answer counts, about a second's work; the page asks again."""


class Figures:
    """Figures of a run that may still grow: every sample is counted once."""

    def __init__(self, index: RunIndex) -> None:
        self._index = index
        self._lock = Lock()
        self._generation = -1

    def as_json(self, most: int = MOST_COUNTED) -> dict[str, Any]:
        """`coverage` of the first `counted` samples of `total`, and what was `spent`; no coverage before it is known.

        Raises:
            RunError: The files are damaged.
        """
        with self._lock:
            total = len(self._index.samples)
            written = self._written()
            counted, coverage = (total, written) if written is not None else self._count(most)
            spent = self._index.tallies.as_json()
            return {"coverage": coverage, "counted": counted, "total": total, "spent": spent}

    def _written(self) -> dict[str, Any] | None:
        """What the run wrote at its end, if that is still so."""
        written, samples = self._index.root / COVERAGE, self._index.root / "samples.jsonl"
        if not written.exists() or not samples.exists() or written.stat().st_mtime_ns < samples.stat().st_mtime_ns:
            return None
        return read_json(written)

    def _count(self, most: int) -> tuple[int, dict[str, Any] | None]:
        root, index = self._index.root, self._index
        if not (root / "graph.json").exists() or not (root / "manifest.json").exists():
            return 0, None
        if self._generation != index.generation:
            self._generation, self._covered, self._graph = index.generation, Covered(), _graph(root)
        counted = self._covered.samples
        for number in range(counted, min(len(index.samples), counted + most)):
            self._covered.add(_facts(index.sample_at(number), self._graph))
        return self._covered.samples, coverage_of(self._record(root))

    def _record(self, root: Path) -> RunRecord:
        manifest, events = read_json(root / "manifest.json"), root / "events.jsonl"
        whole, rejected = self._covered.samples == len(self._index.samples), root / "rejected.jsonl"
        return RunRecord(
            self._graph,
            self._covered,
            Lost.of(read_lines(rejected) if rejected.exists() else (), rehearsals(events) if whole else ()),
            as_object(read_json(root / "settings.json").get("kinds")),
            as_object(as_object(manifest.get("servers")).get("refused")),
            as_object(manifest.get("unreachable")),
        )


def _graph(root: Path) -> ToolGraph:
    try:
        return graph_from_json(read_json(root / "graph.json"))
    except ValidationError as error:
        raise RunError(f"{root / 'graph.json'} holds a graph of another format") from error


def _facts(line: dict[str, Any], graph: ToolGraph) -> RowFacts:
    try:
        return row_facts(Sample.model_validate(line), graph)
    except ValidationError as error:
        raise RunError(f"sample {line.get('id')} is of another format: {error.errors()[0]['msg']}") from error


def state_of(root: Path) -> dict[str, Any]:
    """What the job is doing, with what is wanted and by whom it is made; empty parts where nothing is known."""
    try:
        status = status_of(root)
    except RunError:
        status = {"state": "unknown", "running": False}
    try:
        manifest = read_json(root / "manifest.json")
    except RunError:
        manifest = {}
    return {
        "name": root.resolve().name,
        "status": status,
        "teacher": manifest.get("teacher"),
        "wanted": manifest.get("wanted"),
        "tools": manifest.get("tools"),
        "servers": manifest.get("servers", {}).get("versions", {}),
    }
