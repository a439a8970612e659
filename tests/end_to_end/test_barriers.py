"""Twins and benchmark questions are kept out of a real run, also when it was killed in between."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.told import told
from toolweave.pipeline.contamination.dataset import read_samples
from toolweave.pipeline.duplicates import Weeder, candidate

FILES = ("samples.jsonl", "rejected.jsonl", "recordings.jsonl", "revisions.jsonl")


def call(command: list[str], *more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, *map(str, more)], capture_output=True, text=True, timeout=240, check=False)


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def manifest_of(out: Path) -> Any:
    return json.loads((out / "manifest.json").read_text())


@pytest.fixture(scope="module")
def first(small_job: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("first") / "run"
    done = call(small_job, "--out", out)
    assert done.returncode == 0, done.stderr
    return out


def test_of_twins_in_a_run_the_one_that_was_planned_first_stays(first: Path) -> None:
    kept = {row["id"]: row["index"] for row in rows_of(first / "samples.jsonl")}
    twins = [row for row in rows_of(first / "rejected.jsonl") if row["stage"] == "duplicate"]
    assert twins
    assert all(kept[row["twin"]] < row["index"] for row in twins)
    assert all(row["twin"] in row["reason"] for row in twins)
    assert manifest_of(first)["reasons"]["duplicate"] == len(twins)
    weeder = Weeder("first")
    assert list(weeder.weed(map(candidate, read_samples(first)))) == []


def test_a_run_repeats_nothing_of_a_run_that_it_must_not_be_like(
    first: Path, small_job: list[str], tmp_path: Path
) -> None:
    known = {row["id"] for row in rows_of(first / "samples.jsonl")}
    call(small_job, "--out", tmp_path / "run", "--unlike", first)
    twins = [row for row in rows_of(tmp_path / "run" / "rejected.jsonl") if row["stage"] == "duplicate"]
    assert known & {row["twin"] for row in twins}
    assert all(str(first) in row["reason"] for row in twins if row["twin"] in known)
    weeder = Weeder("second")
    weeder.against("first", map(candidate, read_samples(first)))
    assert list(weeder.weed(map(candidate, read_samples(tmp_path / "run")))) == []


def test_a_planted_benchmark_question_is_not_kept(first: Path, small_job: list[str], tmp_path: Path) -> None:
    planted = rows_of(first / "samples.jsonl")[0]
    question = next(message["content"] for message in planted["messages"] if message["role"] == "user")
    (tmp_path / "bench.jsonl").write_text(json.dumps({"id": "q1", "question": question}) + "\n")
    done = call(small_job, "--out", tmp_path / "run", "--decontaminate", tmp_path / "bench.jsonl")
    assert done.returncode == 0, done.stderr
    rejected = {row["index"]: row for row in rows_of(tmp_path / "run" / "rejected.jsonl")}
    assert rejected[planted["index"]]["stage"] == "contamination"
    assert "q1" in rejected[planted["index"]]["reason"]
    assert manifest_of(tmp_path / "run")["reasons"]["contamination"] >= 1
    assert question not in (tmp_path / "run" / "samples.jsonl").read_text()


@pytest.mark.parametrize("option", ["--decontaminate", "--unlike"])
def test_what_cannot_be_compared_with_stops_the_run_before_it_starts(
    small_job: list[str], tmp_path: Path, option: str
) -> None:
    done = call(small_job, "--out", tmp_path / "run", option, tmp_path / "missing")
    assert done.returncode == 2
    assert len(told(done.stderr)) == 1
    assert "missing" in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_run_that_was_killed_and_resumed_gives_the_same_bytes(
    first: Path, small_job: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    run = subprocess.Popen(
        [*small_job, "--out", str(out), "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert run.stdout is not None
    for line in run.stdout:
        if json.loads(line).get("progress", {}).get("kept", 0) >= 3:
            run.send_signal(signal.SIGKILL)
            break
    run.wait()
    run.stdout.close()
    done = call(small_job, "--out", out, "--resume")
    assert done.returncode == 0, done.stderr
    assert [(out / name).read_bytes() for name in FILES] == [(first / name).read_bytes() for name in FILES]
    assert not (out / "pending.jsonl").exists()
