"""What the offline teacher tells of a result."""

from __future__ import annotations

import random
from typing import Any

from toolweave.agent.offline.answering import answer
from toolweave.agent.offline.conversation import Seen
from toolweave.agent.offline.purpose import purpose_of
from toolweave.servers.tools import Tool

MACHINES = [{"name": "Fendt 724", "fuel": 80}, {"name": "Deere 6120", "fuel": 10}]


def told(value: dict[str, Any]) -> str:
    purpose = purpose_of(Tool("farm", "list_machines", "List the machines of the farm.", {}))
    seen = Seen(0, "list_machines", {}, "", value, now=True, failed=False, step=0)
    return answer([(seen, purpose)], (), plain=False, rng=random.Random(1))


def test_a_number_beside_a_list_that_counts_something_else_is_not_how_many_there_are() -> None:
    said = told({"depot_litres": 170, "machines": MACHINES})
    assert "170 machines" not in said
    assert "two machines" in said


def test_a_total_beside_a_list_that_was_cut_is_how_many_there_are() -> None:
    assert "41 machines" in told({"total": 41, "machines": MACHINES})
    assert "41 machines" in told({"machineCount": 41, "machines": MACHINES})
