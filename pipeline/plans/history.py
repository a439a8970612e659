"""What items left behind for those planned after them: the plans that were rehearsed, and the calls that were made.

It is read back from the run's events, so a resumed run learns the same. Items are written in order; a reading ends
with the last item of a wave.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from toolweave.agent.memory import Attempt
from toolweave.graph.plan import TrajectoryPlan
from toolweave.pipeline.making.workshop import Tried
from toolweave.pipeline.storage.jsonl import read_lines


@dataclass
class Traces:
    """What one item left behind."""

    tried: list[Tried] = field(default_factory=list[Tried])
    attempts: list[Attempt] = field(default_factory=list[Attempt])


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


def rehearsals(path: Path) -> tuple[Rehearsed, ...]:
    """All rehearsals of a run, from its `events.jsonl`; none where there is no such file."""
    if not path.exists():
        return ()
    events = (event for event in read_lines(path) if event["event"] == "rehearsal")
    return tuple(Rehearsed(int(event["index"]), _lost_target(event), str(event["reason"])) for event in events)


def _lost_target(event: dict[str, Any]) -> str | None:
    turn = event["turn"]
    return None if turn is None else str(event["plan"]["turns"][turn]["target"])


def lost_and_made(tried: Sequence[Tried]) -> tuple[list[Tried], TrajectoryPlan | None]:
    """The rehearsals that found no way, and the plan for which there was one."""
    made = [one.plan for one in tried if one.turn is None]
    return [one for one in tried if one.turn is not None], made[-1] if made else None


def _add(traces: Traces, event: dict[str, Any]) -> None:
    if event["event"] == "rehearsal":
        plan = _plans().validate_python(event["plan"])
        traces.tried.append(Tried(plan, event["turn"], event["step"], event["reason"]))
    elif event["event"] == "call":
        attempt = Attempt(event["tool"], event["arguments"], event["status"], event["reason"], event["ms"] / 1e3)
        traces.attempts.append(attempt)


@cache
def _plans() -> TypeAdapter[TrajectoryPlan]:
    return TypeAdapter(TrajectoryPlan)
