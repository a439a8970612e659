"""What items left behind for those planned after them: the plans that were rehearsed, and the calls that were made.

It is read back from the run's events, so a resumed run learns the same. Items are written in order; a reading ends
with the last item of a wave.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from toolweave.agent.memory import Attempt
from toolweave.graph.coverage import RowFacts
from toolweave.graph.plan import TrajectoryPlan
from toolweave.graph.planning.chances import EdgeKey, ways_into
from toolweave.pipeline.making.finished import Finished
from toolweave.pipeline.making.workshop import Dropped, Tried
from toolweave.pipeline.plans.cells import Place, easier_or_harder
from toolweave.pipeline.plans.grid import Grid
from toolweave.pipeline.storage.jsonl import read_lines


@dataclass
class Traces:
    """What one item left behind."""

    tried: list[Tried] = field(default_factory=list[Tried])
    attempts: list[Attempt] = field(default_factory=list[Attempt])
    row: RowFacts | None = None
    """What its row has, if it was kept."""
    place: Place | None = None
    """Where its sample lies, if it was made and anybody had asked for a place."""


def event_of(index: int, tried: Tried) -> dict[str, Any]:
    """A rehearsal as an event of the run."""
    return {
        "event": "rehearsal",
        "index": index,
        "plan": _plans().dump_python(tried.plan, mode="json"),
        "turn": tried.turn,
        "step": tried.step,
        "reason": tried.reason,
    }


def remarked(item: Finished, grid: Grid | None) -> Finished:
    """The item with what it was asked to be and what it has become, as events of the run; where there is a grid."""
    asked = None if grid is None else grid.asked.get(item.index)
    if grid is None or asked is None:
        return item
    band, got = asked.request.cell.band, None if isinstance(item.made, Dropped) else grid.place(item.made)
    facts = {
        "event": "cell",
        "index": item.index,
        "asked": str(asked.request.cell),
        "forecast": round(asked.forecast, 3),
        "got": got and asdict(got),
        "off": easier_or_harder(band, got.band) if band and got else "",
    }
    events = [*({"event": "drift", "index": item.index, **drift.as_json()} for drift in asked.drifts), facts]
    return replace(item, before=(*item.before, *(("events", event) for event in events)))


class History:
    """The events of a run, read wave by wave.

    Args:
        path: The run's `events.jsonl`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def until(self, last: int) -> dict[int, Traces]:
        """What all items up to this one have left behind since the reading before."""
        found: dict[int, Traces] = {}
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                event = json.loads(line)
                index = event.get("index", -1)
                if index > last:
                    break
                self._offset += len(line)
                _add(found.setdefault(index, Traces()), event)
        return found


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One rehearsal, as reports need it."""

    index: int
    lost: str | None
    """Target of the turn that could not be made; `None` when a way was found."""
    reason: str


def rehearsals(path: Path) -> Iterator[Rehearsed]:
    """All rehearsals of a run, from its `events.jsonl`, item by item; none where there is no such file."""
    for event in read_lines(path) if path.exists() else ():
        if event["event"] == "rehearsal":
            yield Rehearsed(int(event["index"]), _lost_target(event), str(event["reason"]))


def _lost_target(event: dict[str, Any]) -> str | None:
    turn = event["turn"]
    return None if turn is None else str(event["plan"]["turns"][turn]["target"])


def lost_and_made(tried: Sequence[Tried]) -> tuple[list[Tried], TrajectoryPlan | None]:
    """The rehearsals that found no way, and the plan for which there was one."""
    made = [one.plan for one in tried if one.turn is None]
    return [one for one in tried if one.turn is not None], made[-1] if made else None


def ways_rehearsed(tried: Sequence[Tried]) -> tuple[list[EdgeKey], list[EdgeKey]]:
    """How calls were fed that worked, in any rehearsal of an item, and how those were that no way was found for."""
    worked: list[EdgeKey] = []
    broke: list[EdgeKey] = []
    for one in tried:
        calls = [call for turn in one.plan.turns for call in turn.calls]
        tools = {call.step: call.tool for call in calls}
        for call in calls:
            if one.step is None or call.step < one.step:
                worked += ways_into(call, tools)
            elif call.step == one.step:
                broke += ways_into(call, tools)
    return worked, broke


def _add(traces: Traces, event: dict[str, Any]) -> None:
    if event["event"] == "rehearsal":
        plan = _plans().validate_python(event["plan"])
        traces.tried.append(Tried(plan, event["turn"], event["step"], event["reason"]))
    elif event["event"] == "call":
        attempt = Attempt(event["tool"], event["arguments"], event["status"], event["reason"], event["ms"] / 1e3)
        traces.attempts.append(attempt)
    elif event["event"] == "item" and "targets" in event:
        traces.row = RowFacts(int(event["long_turns"]), frozenset(event["targets"]))
    elif event["event"] == "cell" and event["got"]:
        got = event["got"]
        traces.place = Place(got["domain"], got["difficulty"], tuple(got["kinds"]))


@cache
def _plans() -> TypeAdapter[TrajectoryPlan]:
    return TypeAdapter(TrajectoryPlan)
