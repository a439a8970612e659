"""A model's weakness: read off its trials, and what the next round of plans goes for."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from toolweave.graph.focus import EVERYWHERE, Focus
from toolweave.graph.model import Edge, Evidence, ToolFacts, ToolGraph
from toolweave.graph.plan import TrajectoryPlan
from toolweave.graph.planner import Planner
from toolweave.pipeline.evaluation.weakness import weakness_of
from toolweave.pipeline.plans.planning import CoveragePlanner
from toolweave.pipeline.settings import DEFAULT_KINDS
from toolweave.servers.errors import ConfigError
from toolweave.servers.tools import Tool

NOUNS = ("boat", "guest", "parcel", "orchard", "recipe", "bridge")
OPTIONS = ("colour", "size")


def tool(server: str, name: str, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> Tool:
    properties: dict[str, Any] = {key: {"type": "string"} for key in (*required, *optional)}
    return Tool(server, name, input_schema={"type": "object", "properties": properties, "required": list(required)})


@pytest.fixture(scope="module")
def planner() -> Planner:
    """Per thing: a search with filters, a list, two look-alikes that show one, and an order."""
    tools: list[Tool] = []
    edges: list[Edge] = []
    for noun in NOUNS:
        key = f"{noun}_id"
        tools += [
            tool(noun, f"find_{noun}", ("name",), OPTIONS if noun in NOUNS[:2] else ()),
            tool(noun, f"list_{noun}s", ()),
            *(tool(noun, f"{deed}_{noun}", (key,)) for deed in ("show", "inspect", "order")),
        ]
        edges += [
            Edge(f"{noun}/{source}", place, f"{noun}/{deed}_{noun}", key, "data", 0.95, (Evidence("intervened", 0.95),))
            for source, place in ((f"find_{noun}", "id"), (f"list_{noun}s", "[].id"))
            for deed in ("show", "inspect", "order")
        ]
    known = {item.id: item for item in tools}
    facts = {name: ToolFacts("writes" if "order" in name else "reads") for name in known}
    sayable = ("name", *OPTIONS)
    graph = ToolGraph(known, tuple(edges), facts)
    return Planner(graph, lambda _, name: name in sayable, frozenset(known), lambda _, name: 4 * (name in sayable))


def drawn(planner: Planner, focus: Focus, seed: int) -> list[TrajectoryPlan]:
    waves = CoveragePlanner(planner, seed, 3, DEFAULT_KINDS, samples=100, focus=focus)
    return [plan for index in range(100) if isinstance(plan := waves.plan(index), TrajectoryPlan)]


def trial(tools: list[str], passed: bool, optional: bool = False) -> dict[str, Any]:
    return {"passed": passed, "tools": tools, "optional": optional, "depth": len(tools), "kinds": ["base"]}


def written(folder: Path, trials: list[dict[str, Any]]) -> Path:
    (folder / "trials.jsonl").write_text("".join(json.dumps(one) + "\n" for one in trials))
    return folder


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_look_alikes_that_a_model_mixes_up_are_most_of_the_next_targets(
    planner: Planner, tmp_path: Path, seed: int
) -> None:
    likes = {"boat/show_boat", "boat/inspect_boat"}
    trials = [trial([f"{noun}/find_{noun}", f"{noun}/{deed}_{noun}"], noun != "boat" or deed == "order")
              for noun in NOUNS for deed in ("show", "inspect", "order", "show", "inspect", "order")]  # fmt: skip
    found = weakness_of(written(tmp_path, trials))
    assert set(found.tools) == likes
    assert not found.options and not found.deep
    targets = Counter(
        turn.target for plan in drawn(planner, found.focus(planner), seed) for turn in plan.turns if turn.calls
    )
    before = Counter(turn.target for plan in drawn(planner, EVERYWHERE, seed) for turn in plan.turns if turn.calls)
    assert sum(targets[name] for name in likes) >= 0.5 * targets.total()
    assert sum(before[name] for name in likes) < 0.2 * before.total()
    assert len(set(targets) - likes) >= 10, "a share stays with what the model gets right"


def test_filters_that_a_model_never_gives_are_given_by_most_of_the_next_targets(
    planner: Planner, tmp_path: Path
) -> None:
    trials = [
        trial([f"{noun}/find_{noun}"], passed=not optional, optional=optional)
        for noun in NOUNS
        for optional in (True, False)
    ]
    found = weakness_of(written(tmp_path, trials))
    assert found.options and found.tools == ()

    def filtered(focus: Focus) -> float:
        turns = [turn for plan in drawn(planner, focus, 4) for turn in plan.turns if turn.calls]
        return sum(any(set(OPTIONS) & set(call.sources) for call in turn.calls) for turn in turns) / len(turns)

    assert filtered(found.focus(planner)) >= 0.5
    assert filtered(EVERYWHERE) < 0.2


def test_a_model_that_fails_everywhere_alike_has_no_weakness(planner: Planner, tmp_path: Path) -> None:
    trials = [trial([f"{noun}/find_{noun}"], passed=False, optional=bool(at % 2)) for noun in NOUNS for at in range(4)]
    assert weakness_of(written(tmp_path, trials)).focus(planner) == EVERYWHERE


def test_kinds_of_turn_that_fail_get_more_and_none_gets_nothing(tmp_path: Path) -> None:
    trials = [trial(["a/b"], passed=True) | {"kinds": ["base"]} for _ in range(8)]
    trials += [trial(["a/b"], passed=False) | {"kinds": ["parallel"]} for _ in range(8)]
    shares = weakness_of(written(tmp_path, trials)).shares({"base": 0.5, "parallel": 0.5})
    assert shares["parallel"] > 3 * shares["base"] > 0
    assert sum(shares.values()) == pytest.approx(1.0)


def test_results_that_are_none_are_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there are no trials"):
        weakness_of(tmp_path)
    with pytest.raises(ConfigError, match="run `toolweave eval` again"):
        weakness_of(written(tmp_path, [{"passed": True, "kinds": ["base"]}]))
