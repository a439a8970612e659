"""The same rows as `rows_bare.py`, by Toolweave's own parts: schedule, stream, endpoint teacher and store.

Every row is an item of the stream: planned in waves, asked for by the teacher's role `value` (prompt, schema, checks),
committed in order, on disk before it counts. Only the servers are left out, because the row job has none.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import anyio

from toolweave.agent.endpoint.options import EndpointOptions
from toolweave.agent.endpoint.teacher import EndpointTeacher
from toolweave.agent.roles import ValueAsk
from toolweave.graph.plan import NoSource, TrajectoryPlan, TurnKind
from toolweave.pipeline.making.finished import Finished
from toolweave.pipeline.making.workshop import Dropped
from toolweave.pipeline.plans.schedule import Schedule
from toolweave.pipeline.running.governor import Governor
from toolweave.pipeline.running.stream import Stream, Turns
from toolweave.pipeline.storage.store import Store
from toolweave.servers.tools import Tool

TOOL = Tool(
    "inn", "register_guest", "Register a guest.", {"type": "object", "properties": {"name": {"type": "string"}}}
)


class Rows:
    """Plans of nothing but a number, and what became of them."""

    def __init__(self, store: Store, turns: Turns, rows: int) -> None:
        self._rows = rows
        self.done: Mapping[int, str] = store.done
        self.kinds: Mapping[int, Sequence[TurnKind]] = store.kinds
        self.reach = turns.reach

    def plan(self, index: int) -> TrajectoryPlan | NoSource:
        """A row, as long as there are any."""
        return TrajectoryPlan(index, index, ()) if index < self._rows else NoSource("row", "number")

    def learn(self, plans: object, outcomes: object, kept: object) -> None:
        """Nothing."""


async def main(port: int, rows: int, in_flight: int, root: Path) -> None:
    """Make every row."""
    with Store.create(root, {}) as store:
        options = EndpointOptions(max_in_flight=in_flight)
        async with EndpointTeacher("m", f"http://127.0.0.1:{port}/v1", options=options) as teacher:

            async def make(plan: TrajectoryPlan) -> Finished:
                reply = await teacher.value(ValueAsk(TOOL, "/name", {"type": "string"}, plan.seed))
                return Finished(plan.index, Dropped("unresolved", "row", str(reply.value)))

            async def settle(item: Finished) -> bool:
                store.commit(item)
                return True

            turns = Turns(0)
            known = Rows(store, turns, rows)
            schedule = Schedule(known, known, rows, min(in_flight, 256))
            stream = Stream(make, settle, turns, store.pending, Governor().ready)
            began = time.perf_counter()
            await stream.run(schedule.items(), in_flight)
            seconds = time.perf_counter() - began
        assert store.next == rows
        store.finish()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    facts = {"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "mb": usage.ru_maxrss / 1024}
    sys.stdout.write(json.dumps(facts) + "\n")


if __name__ == "__main__":
    anyio.run(main, int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
