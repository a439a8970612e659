"""A grid of server, difficulty and kind: shares are met or what is short is named, drift is found and made up for."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from toolweave.graph.model import Edge, Evidence, ToolFacts, ToolGraph
from toolweave.graph.plan import TrajectoryPlan
from toolweave.graph.planner import Planner
from toolweave.graph.quotas import row_kinds
from toolweave.pipeline.cli import app
from toolweave.pipeline.making.finished import Finished
from toolweave.pipeline.making.workshop import Dropped
from toolweave.pipeline.plans.cells import Cell, Place, band_of, cells_of, domains_of, read_cell, read_grid
from toolweave.pipeline.plans.foresight import Shelf, planned_difficulty
from toolweave.pipeline.plans.grid import Grid
from toolweave.pipeline.plans.history import Traces, remarked
from toolweave.pipeline.plans.planning import CoveragePlanner
from toolweave.pipeline.reports.grid import GridItem, GridRecord, grid_lines, grid_of
from toolweave.pipeline.settings import DEFAULT_KINDS
from toolweave.servers.errors import ConfigError
from toolweave.servers.tools import Tool

NOUNS = ("boat", "guest", "parcel", "orchard")
DEEDS = ("show", "order", "send")
SIDES = ("list", "count", "watch")
Outcome = Callable[[TrajectoryPlan, float], float]


def tool(server: str, name: str, *required: str) -> Tool:
    properties: dict[str, Any] = {key: {"type": "string"} for key in required}
    return Tool(server, name, input_schema={"type": "object", "properties": properties, "required": list(required)})


def confirmed(source: str, place: str, target: str, parameter: str) -> Edge:
    return Edge(source, place, target, parameter, "data", 0.95, (Evidence("intervened", 0.95),))


@pytest.fixture(scope="module")
def planner() -> Planner:
    """Per thing a search, a chain of deeds, each with what the one before gave, and what needs nothing; and a bell."""
    tools, edges = [tool("bell", "ring")], list[Edge]()
    for noun in NOUNS:
        tools += [tool(noun, f"find_{noun}", "name"), *(tool(noun, f"{deed}_{noun}") for deed in SIDES)]
        for before, deed in zip(("find", *DEEDS), DEEDS, strict=False):
            tools.append(tool(noun, f"{deed}_{noun}", f"{deed}_id"))
            edges.append(confirmed(f"{noun}/{before}_{noun}", f"{deed}_id", f"{noun}/{deed}_{noun}", f"{deed}_id"))
    known = {item.id: item for item in tools}
    graph = ToolGraph(known, tuple(edges), {name: ToolFacts("reads") for name in known})
    return Planner(graph, lambda _, name: name == "name", frozenset(known), lambda _, name: 4 * (name == "name"))


def waves(planner: Planner, shares: dict[str, float], seed: int = 1) -> CoveragePlanner:
    cells = cells_of(shares)
    servers = [*NOUNS, "bell"]
    shelf = Shelf(dict.fromkeys(NOUNS, 20) | {"bell": 1}, 24, 96)
    grid = Grid(cells, domains_of(cells, servers), planner.reachable(), shelf)
    return CoveragePlanner(planner, seed, 3, DEFAULT_KINDS, samples=200, grid=grid)


def as_planned(plan: TrajectoryPlan, planned: float) -> float:
    return planned


@dataclass
class Dataset:
    """What became of a run in which every sample is kept and comes out as the outcome has it."""

    plans: CoveragePlanner
    outcome: Outcome = as_planned
    domains: Sequence[str] = ()
    places: list[Place] = field(default_factory=list[Place])
    items: list[GridItem] = field(default_factory=list[GridItem])
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def grow(self, count: int, wave: int = 20) -> Dataset:
        grid = self.plans.grid
        assert grid is not None
        for _ in range(count // wave):
            first = len(self.items)
            drawn = {
                at: plan for at in range(first, first + wave) if isinstance(plan := self.plans.plan(at), TrajectoryPlan)
            }
            history: dict[int, Traces] = {}
            for index, plan in drawn.items():
                asked, server = grid.asked[index], plan.turns[0].target.partition("/")[0]
                domain = next((name for name in self.domains if server in name.split("+")), "other")
                got = min(1.0, max(0.0, self.outcome(plan, planned_difficulty(plan, grid.foresight.shelf))))
                place = Place(domain, got, tuple(row_kinds(plan)))
                history[index] = Traces(place=place)
                self.places.append(place)
                self.items.append(GridItem(asked.request.cell, place, None))
                item = remarked(Finished(index, Dropped("rejected", "query", "")), grid)
                self.events += [line for _, line in item.before]
            kinds = {index: row_kinds(plan) for index, plan in drawn.items()}
            self.plans.learn(drawn, dict.fromkeys(drawn, "kept"), kinds, history)
        return self

    def share(self, cell: str) -> float:
        return sum(read_cell(cell).holds(place) for place in self.places) / len(self.places)


@pytest.mark.parametrize("seed", [1, 2])
def test_shares_by_server_difficulty_and_cell_are_met(planner: Planner, seed: int) -> None:
    shares = {"boat": 0.2, "guest+parcel": 0.5, "easy": 0.3, "hard": 0.3, "boat/parallel": 0.1}
    rng = random.Random(seed)
    plans = waves(planner, shares, seed)
    scattered = Dataset(plans, lambda _, planned: planned + rng.gauss(-0.05, 0.05), ("boat", "guest+parcel")).grow(160)
    assert {cell: scattered.share(cell) for cell in shares} == pytest.approx(shares, abs=0.03)


def test_a_batch_that_comes_out_too_easy_is_flagged_as_drift_and_made_up_for(planner: Planner) -> None:
    def planted(_: TrajectoryPlan, planned: float) -> float:
        return planned - 0.12 if planned > 0.3 else planned

    dataset = Dataset(waves(planner, {"easy": 0.5, "medium": 0.5}), planted).grow(120)
    drifts = [event for event in dataset.events if event["event"] == "drift"]
    assert drifts and drifts[0]["band"] == "medium"
    assert drifts[0]["easier"] * 2 > drifts[0]["kept"] and drifts[0]["by"] < -0.05
    first = drifts[0]["index"]
    before = [item.place for item in dataset.items[:first] if item.asked.band == "medium" and item.place]
    after = [item.place for item in dataset.items[first + 40 :] if item.asked.band == "medium" and item.place]
    assert sum(place.band == "medium" for place in before) < 0.5 * len(before)
    assert sum(place.band == "medium" for place in after) > 0.8 * len(after), "planned harder from there"
    assert dataset.share("medium") == pytest.approx(0.5, abs=0.03), "what was missing is made up for"


def test_without_drift_none_is_flagged(planner: Planner) -> None:
    dataset = Dataset(waves(planner, {"easy": 0.5, "medium": 0.5})).grow(60)
    assert not [event for event in dataset.events if event["event"] == "drift"]
    cells = [event for event in dataset.events if event["event"] == "cell"]
    assert [event["index"] for event in cells] == list(range(60))


@pytest.mark.parametrize("seed", range(1, 6))
def test_what_cannot_be_had_is_named_and_takes_nothing_from_the_rest(planner: Planner, seed: int) -> None:
    shares = {"bell": 0.2, "bell/hard": 0.2, "easy": 0.5}
    dataset = Dataset(waves(planner, shares, seed), domains=("bell",)).grow(160)
    assert dataset.share("easy") == pytest.approx(0.5, abs=0.05)
    assert dataset.share("bell") == pytest.approx(0.2, abs=0.05)
    found = grid_of(GridRecord(cells_of(shares), dataset.items, ()))
    hard = next(cell for cell in found["cells"] if cell["cell"] == "bell/hard")
    assert not hard["met"] and hard["why"]
    assert any("bell/hard" in line and hard["why"] in line for line in grid_lines(found))


def test_a_shortfall_says_where_samples_were_lost_or_went(planner: Planner) -> None:
    hard = Cell("boat", "hard")
    items = [
        *[GridItem(hard, None, "query")] * 3,
        *[GridItem(hard, Place("boat", 0.35, ("base",)), None)] * 2,
        *[GridItem(Cell(), Place("guest", 0.1, ("base",)), None)] * 5,
    ]
    found = grid_of(GridRecord({hard: 0.5}, items, ()))
    assert found["cells"][0]["why"] == "asked for 5 times; lost: 3 at query; 2 came out easier"
    assert found["bands"] == {"hard": {"kept": 2, "as_asked": 0, "easier": 2, "harder": 0}}


def test_equal_seeds_ask_for_the_same(planner: Planner) -> None:
    shares = {"boat": 0.3, "hard": 0.4}
    one, other = (Dataset(waves(planner, shares, 4)).grow(40) for _ in range(2))
    assert one.events == other.events


def test_turns_of_a_trajectory_stay_in_the_domain_that_was_asked_for(planner: Planner) -> None:
    plans = waves(planner, {"boat": 0.5, "guest": 0.5})
    drawn = [plan for index in range(30) if isinstance(plan := plans.plan(index), TrajectoryPlan)]
    homes = [{turn.target.partition("/")[0] for turn in plan.turns if turn.calls} for plan in drawn]
    assert all(len(home) == 1 for home in homes)


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        (["boat"], "write it as"),
        (["boat=1.5"], "at most 1"),
        (["boat=0.7", "guest=0.7"], "more than 1"),
        (["boat=0.2", "boat/hard=0.3"], "a part of boat"),
        (["easy/hard=0.3"], "is no cell"),
        (["hard/boat=0.1", "boat/hard=0.2"], "the same cell"),
    ],
)
def test_a_grid_that_is_none_is_refused_in_one_line(texts: Sequence[str], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        read_grid(texts)


def test_a_server_that_is_none_or_in_two_domains_is_refused() -> None:
    with pytest.raises(ConfigError, match="did you mean boat"):
        domains_of([Cell("boot")], NOUNS)
    with pytest.raises(ConfigError, match="boat stands in two domains"):
        domains_of([Cell("boat"), Cell("boat+guest")], NOUNS)


def test_bands_divide_all_difficulties() -> None:
    assert [band_of(number / 100) for number in (0, 29, 30, 44, 45, 100)] == [
        "easy", "easy", "medium", "medium", "hard", "hard",
    ]  # fmt: skip


def test_a_run_steers_by_its_grid_and_says_in_report_and_console_how_far_it_came(tmp_path: Path) -> None:
    world = {"command": "python", "toolweave": {"disposable": True}}
    servers = {name: world | {"args": ["-m", f"toolweave.servers.worlds.{name}"]} for name in ("kitchen", "laboratory")}
    (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": servers}))
    (tmp_path / "run.toml").write_text(
        'mcp = "mcp.json"\nsamples = 4\nseed = 2\nout = "run"\nprobe_calls = 2\nturns = 1\n'
        "[grid]\nkitchen = 0.5\neasy = 1.0\n"
    )
    done = CliRunner().invoke(app, ["run", "--settings", str(tmp_path / "run.toml")])
    assert done.exit_code == 0, done.output
    assert "kitchen: 50.0% of 50.0%" in done.output and "easy: " in done.output
    report = CliRunner().invoke(app, ["report", str(tmp_path / "run"), "--json"])
    cells = json.loads(report.stdout)["grid"]["cells"]
    assert [cell["cell"] for cell in cells] == ["kitchen", "easy"] and cells[0]["met"]
    assert all(cell["met"] or cell["why"] for cell in cells)
    events = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    asked = [event for event in events if event["event"] == "cell"]
    assert asked and all(event["asked"].endswith("easy") for event in asked)
