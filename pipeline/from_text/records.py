"""What is said of every procedure: its steps with their tools, where each argument is from, its outcome."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from toolweave.agent.texts.procedures import Procedure
from toolweave.agent.texts.resolving import ArgumentSource, Mapped
from toolweave.agent.texts.values import Given
from toolweave.pipeline.from_text.ground import TextGround
from toolweave.pipeline.storage.jsonl import read_lines


def procedure_lines(laid: TextGround, root: Path) -> Iterator[dict[str, Any]]:
    """A line for every procedure; those that were not made yet have no outcome."""
    kept = {int(line["index"]): line for line in read_lines(root / "samples.jsonl")}
    lost = {int(line["index"]): line for line in read_lines(root / "rejected.jsonl")}
    cuts = {
        int(line["index"]): line["cut"]
        for line in read_lines(root / "events.jsonl")
        if line["event"] == "item" and line["cut"]
    }
    simulated = {name for name, spec in laid.ground.specs.items() if spec.options.simulated}
    for index, one in enumerate(laid.aligned):
        outcome = _outcome(kept.get(index), lost.get(index), cuts.get(index))
        yield {"index": index, **described(one.procedure, one.mapped, simulated), **outcome}


def described(procedure: Procedure, mapped: Sequence[Mapped], simulated: Collection[str]) -> dict[str, Any]:
    """A procedure with its steps and what each means; `simulated` are names of servers."""
    return {
        "file": procedure.file,
        "lines": list(procedure.lines),
        "title": procedure.title,
        "steps": [_step(one, simulated) for one in mapped],
        "remarks": [asdict(remark) for remark in procedure.remarks],
    }


def _outcome(kept: dict[str, Any] | None, lost: dict[str, Any] | None, cut: str | None) -> dict[str, Any]:
    if kept is not None:
        return {"outcome": "kept", "sample": kept["id"], **({"cut": cut} if cut else {})}
    if lost is not None:
        return {key: lost[key] for key in ("outcome", "stage", "reason")}
    return {"outcome": None}


def _step(mapped: Mapped, simulated: Collection[str]) -> dict[str, Any]:
    tool = mapped.tool
    facts: dict[str, Any] = {"text": mapped.step.text, "lines": list(mapped.step.lines), "tool": tool and tool.id}
    if tool is not None and tool.server in simulated:
        facts["simulated"] = True
    if mapped.looked_up:
        facts["looked_up"] = True
    facts["arguments"] = {path: _source(source) for path, source in mapped.sources.items()}
    return facts | ({"problem": mapped.problem} if mapped.problem else {})


def _source(source: ArgumentSource) -> dict[str, Any]:
    if isinstance(source, Given):
        told = {"value": source.value, "from": source.origin, "text": source.text, "line": source.line}
        return {key: value for key, value in told.items() if value not in ("", None)}
    return {"from": "output", "step": source.step + 1, "field": source.field}
