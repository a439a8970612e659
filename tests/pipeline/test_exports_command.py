"""`toolweave export`, as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from toolweave.pipeline.cli import app
from toolweave.pipeline.storage.jsonl import read_lines

ROWS = list(read_lines(Path(__file__).with_name("exports_readers") / "rows.jsonl"))


@pytest.fixture
def run_directory(tmp_path: Path) -> Path:
    """A run with the rows of the readers: what an export reads of one."""
    bare = [{key: value for key, value in row.items() if key != "revisions"} for row in ROWS]
    revisions = [revision | {"index": row["index"]} for row in ROWS for revision in row["revisions"]]
    for name, lines in (("samples", bare), ("revisions", revisions)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def export(directory: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["export", str(directory), "--out", str(directory / "out.jsonl"), *arguments])


def test_losses_are_refused_and_then_allowed_by_name(run_directory: Path) -> None:
    refused = export(run_directory, "--to", "hermes")
    assert refused.exit_code == 1
    assert "--allow-loss unmaskable" in refused.stderr
    allowed = export(run_directory, "--to", "hermes", "--allow-loss", "unmaskable", "--json")
    assert allowed.exit_code == 0
    assert list(json.loads(allowed.stdout)["losses"]) == ["unmaskable"]


def test_openais_want_of_reasoning_is_named_without_being_asked_for(run_directory: Path) -> None:
    done = export(run_directory, "--to", "openai", "--json")
    assert done.exit_code == 0
    report = json.loads(done.stdout)
    assert (report["format"], report["samples"], report["rows"]) == ("openai", 6, 7)
    assert list(report["losses"]) == ["reasoning"]


def test_pairs_are_made_from_the_revisions_of_the_run(run_directory: Path) -> None:
    assert "in 5 lines" in export(run_directory, "--to", "dpo").stdout
    assert len(list(read_lines(run_directory / "out.jsonl"))) == 5


def test_the_two_splits_exclude_each_other(run_directory: Path) -> None:
    done = export(run_directory, "--to", "trl", "--split-turns", "--split-steps")
    assert done.exit_code == 2
    assert "exclude each other" in done.stderr


def test_lines_of_a_split_end_with_what_is_learnt(run_directory: Path) -> None:
    assert export(run_directory, "--to", "sharegpt", "--split-steps").exit_code == 0
    assert {line["conversations"][-1]["from"] for line in read_lines(run_directory / "out.jsonl")} == {
        "gpt",
        "function_call",
    }
