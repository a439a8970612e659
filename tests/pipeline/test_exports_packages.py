"""Packages for RL frameworks: what is in them, and what they refuse. How they are played: `gym/test_hosting.py`."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from toolweave.pipeline.exports import Options, export
from toolweave.pipeline.exports.files import read_file
from toolweave.pipeline.exports.registry import FORMATS
from toolweave.pipeline.storage.jsonl import read_lines
from toolweave.servers.errors import RunError

Row = dict[str, Any]
ROWS = list(read_lines(Path(__file__).with_name("exports_readers") / "rows.jsonl"))
LOSSES = frozenset({"changing-offer", "later-requests"})
has_arrow = importlib.util.find_spec("pyarrow") is not None
PACKAGES = [
    pytest.param(
        name, marks=[pytest.mark.skipif(name == "rlfactory" and not has_arrow, reason="pyarrow is not installed")]
    )
    for name in ("verifiers", "nemo-gym", "trinity", "rlfactory")
]


def lines_of(name: str, folder: Path) -> list[Row]:
    target = FORMATS[name]
    assert target.folder is not None
    return list(read_file(folder / target.folder.data, target.layouts[0].columns))


@pytest.mark.parametrize("name", PACKAGES)
def test_every_line_names_its_sample_and_holds_the_first_request(tmp_path: Path, name: str) -> None:
    report = export(lambda: ROWS, name, tmp_path / "o", Options(allow=LOSSES))
    lines = [json.dumps(line, ensure_ascii=False) for line in lines_of(name, tmp_path / "o")]
    assert len(lines) == report.rows == len(ROWS) - sum(report.losses.values())
    kept = [row for row in ROWS if any(row["id"] in line for line in lines)]
    for row, line in zip(kept, lines, strict=True):
        assert row["id"] in line
        assert json.dumps(row["messages"][0]["content"], ensure_ascii=False)[1:-1] in line


@pytest.mark.parametrize("name", PACKAGES)
def test_every_python_file_of_a_package_compiles(tmp_path: Path, name: str) -> None:
    export(lambda: ROWS, name, tmp_path / "o", Options(allow=LOSSES))
    sources = sorted((tmp_path / "o").rglob("*.py"))
    assert len(sources) == 2
    for source in sources:
        compile(source.read_text(), str(source), "exec")


def test_a_framework_that_lists_tools_once_gets_no_changing_offer(tmp_path: Path) -> None:
    changing = [row for row in ROWS if len({tuple(turn["withheld"]) for turn in row["turns"]}) > 1]
    assert changing
    with pytest.raises(RunError, match=rf"changing-offer \({len(changing)}\)"):
        export(lambda: ROWS, "nemo-gym", tmp_path / "o")


@pytest.mark.skipif(not has_arrow, reason="pyarrow is not installed")
def test_a_framework_without_a_user_gets_samples_of_one_request_only(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="--allow-loss later-requests"):
        export(lambda: ROWS, "rlfactory", tmp_path / "o")


def test_a_package_is_a_folder_and_not_a_file(tmp_path: Path) -> None:
    (tmp_path / "o").write_text("mine")
    with pytest.raises(RunError, match="is not a folder"):
        export(lambda: ROWS, "verifiers", tmp_path / "o")
    assert (tmp_path / "o").read_text() == "mine"
