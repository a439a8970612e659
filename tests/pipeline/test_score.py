"""Runs held against each other: the same plans, nothing made up where nothing is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from toolweave.pipeline.cli import app
from toolweave.pipeline.reports.worth import compared, recovered
from toolweave.servers.errors import ConfigError


def sample(number: int) -> dict[str, Any]:
    """What is read of a row: a look-up and a call that takes its result."""
    calls = [
        {"server": "shop", "tool": "find_order", "arguments": {"name": f"Ada {number}"}},
        {"server": "shop", "tool": "ship_order", "arguments": {"order": f"OR-{number}"}},
    ]
    return {
        "index": number,
        "seed": 70 + number,
        "turns": [{"target": "shop/ship_order"}],
        "messages": [{"role": "user", "content": f"Please ship the order of Ada {number}."}],
        "checker": {"calls": calls},
        "provenance": [{"source": {"kind": "user"}}, {"source": {"kind": "output"}}],
        "quality": {"attempts": 1 + number % 2, "difficulty": 0.25, "depth": 2},
    }


PRICES = {"prompt": 500.0, "completion": 500.0}
ROWS = [sample(number) for number in range(6)]


def run(folder: Path, rows: list[dict[str, Any]], lost: list[dict[str, Any]], teacher: dict[str, Any]) -> Path:
    folder.mkdir()
    for name, lines in (("samples", rows), ("rejected", lost)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "manifest.json").write_text(json.dumps({"teacher": teacher}))
    return folder


def dropped(row: dict[str, Any], stage: str) -> dict[str, Any]:
    plan = {"index": row["index"], "seed": row["seed"], "target": row["turns"][0]["target"]}
    return {"outcome": "rejected", "stage": stage, "reason": "x", **plan}


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    usage = {"query": {"requests": 4, "prompt_tokens": 900, "completion_tokens": 100, "unmetered": 0}}
    lost = [dropped(ROWS[2], "query"), dropped(ROWS[3], "replay")]
    cheap = run(tmp_path / "cheap", ROWS[:2], lost, {"name": "offline"})
    return [cheap, run(tmp_path / "dear", ROWS[:4], [], {"name": "large", "usage": usage, "prices": PRICES})]


def test_the_same_plans_are_compared(two: list[Path]) -> None:
    cheap, dear = compared(two)
    assert (cheap.planned, cheap.kept, cheap.kept_share, cheap.lost) == (4, 2, 0.5, {"query": 1, "replay": 1})
    assert (dear.kept, dear.kept_share, dear.lost, dear.same_targets) == (4, 1.0, {}, 1.0)
    assert (dear.usd_per_kept, dear.tokens_per_kept) == (0.125, 250.0)
    assert cheap.usd_per_kept is None and cheap.tokens_per_kept is None
    assert (dear.attempts, dear.at_once, dear.plans_apart, dear.calls_apart) == (1.5, 0.5, 0.25, 1.0)
    assert (dear.distinct_2, dear.depth, dear.grounded) == (round(9 / 24, 4), 2.0, 0.5)


def test_plans_that_only_one_run_made_do_not_count(two: list[Path], tmp_path: Path) -> None:
    usage = {"query": {"requests": 1, "prompt_tokens": 1, "completion_tokens": 1, "unmetered": 0}}
    longer = run(tmp_path / "longer", ROWS, [], {"name": "large", "usage": usage, "prices": PRICES})
    found = compared([two[0], longer])
    assert [one.planned for one in found] == [4, 4]
    assert found[1].kept == 4
    assert found[1].usd_per_kept is None, "what the four cost of the six is not known"


def test_runs_without_a_common_plan_are_refused(two: list[Path], tmp_path: Path) -> None:
    other = run(tmp_path / "other", [ROWS[0] | {"seed": 7}], [], {"name": "offline"})
    with pytest.raises(ConfigError, match="no plan in common"):
        compared([two[0], other])


@pytest.mark.parametrize(
    ("scores", "expected"), [((40, 50, 60), 50.0), ((40, 35, 60), -25.0), ((40, 40, 40), None), ((60, 50, 40), 50.0)]
)
def test_a_gap_that_opens_counts_as_negative_and_no_gap_as_unknown(
    scores: tuple[float, float, float], expected: float | None
) -> None:
    assert recovered(*scores) == expected


def test_the_command_prints_what_is_not_known_as_such(two: list[Path]) -> None:
    done = CliRunner().invoke(app, ["score", *map(str, two)])
    assert done.exit_code == 0, done.output
    assert "performance gap recovered: n/a" in done.output
    told = CliRunner().invoke(
        app, ["score", *map(str, two), "--base", "40", "--student", "52", "--reference", "60", "--json"]
    )
    assert json.loads(told.stdout)["performance_gap_recovered"] == 60.0
    assert CliRunner().invoke(app, ["score", str(two[0].parent / "nothing")]).exit_code == 2
