"""Limits are divided among workers so that together they never exceed what was allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolweave.agent.arguments import ValueBook
from toolweave.graph.model import ToolGraph
from toolweave.graph.planner import Planner
from toolweave.pipeline.engines.job import Job
from toolweave.pipeline.engines.shares import share_of
from toolweave.pipeline.running.groundwork import Ground
from toolweave.pipeline.running.introspect import Introspection
from toolweave.pipeline.settings import Pace, RunSettings
from toolweave.servers.errors import ConfigError
from toolweave.servers.spec import ServerOptions, ServerSpec


def job_of(pace: Pace, in_flight: dict[str, int]) -> Job:
    graph = ToolGraph({}, (), {})
    spec = ServerSpec(name="shop", command="shop", options=ServerOptions(in_flight=in_flight))
    book = ValueBook({"shop": spec}, {}, {})
    planner = Planner(graph, book.speakable, frozenset(), book.variety)
    ground = Ground({"shop": spec}, Introspection((), {}, {}, {}), graph, book, planner)
    return Job(RunSettings(mcp=Path("mcp.json")), pace, ground, None)


def test_every_worker_gets_its_share_of_requests_and_of_calls() -> None:
    share = share_of(job_of(Pace(in_flight=9), {"*": 8, "find_*": 2}), 2)
    assert share.pace.in_flight == 4
    assert share.ground.specs["shop"].options.in_flight == {"*": 4, "find_*": 1}


def test_one_worker_gets_all() -> None:
    job = job_of(Pace(), {"*": 1})
    assert share_of(job, 1).ground.specs == job.ground.specs


@pytest.mark.parametrize(("pace", "limits"), [(Pace(in_flight=2), {}), (Pace(), {"find_*": 2})])
def test_a_limit_that_cannot_be_divided_is_refused(pace: Pace, limits: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="cannot be divided among 3 workers; give --workers 2 or fewer"):
        share_of(job_of(pace, limits), 3)
