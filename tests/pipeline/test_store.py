"""The run directory: nothing lost, nothing twice, one process at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolweave.pipeline.store import Store, read_lines
from toolweave.servers.errors import RunError

SETTINGS = {"seed": 1, "samples": 2}


def test_a_torn_last_line_is_cut_and_its_item_is_open_again(tmp_path: Path) -> None:
    with Store.create(tmp_path, SETTINGS) as store:
        store.drop(0, "failed", "plan", "no source")
        store.drop(1, "rejected", "leak", "says a name")
    path = tmp_path / "rejected.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    with Store.resume(tmp_path, SETTINGS) as store:
        assert store.done == {0: "failed"}
        store.drop(1, "rejected", "leak", "says a name")
    assert [line["index"] for line in read_lines(path)] == [0, 1]


def test_a_second_run_does_not_overwrite_the_first(tmp_path: Path) -> None:
    with Store.create(tmp_path, SETTINGS):
        pass
    with pytest.raises(RunError, match="already holds a run"):
        Store.create(tmp_path, SETTINGS)


def test_resuming_with_other_settings_names_the_difference(tmp_path: Path) -> None:
    with Store.create(tmp_path, SETTINGS):
        pass
    with pytest.raises(RunError, match="seed was 1, now 2"):
        Store.resume(tmp_path, {"seed": 2, "samples": 2})


def test_two_processes_do_not_share_a_directory(tmp_path: Path) -> None:
    with Store.create(tmp_path, SETTINGS), pytest.raises(RunError, match="in use by another"):
        Store.resume(tmp_path, SETTINGS)


def test_a_directory_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunError, match="cannot be written"):
        Store.create(tmp_path / "file" / "run", SETTINGS)


def test_a_finished_run_is_in_the_order_of_its_items(tmp_path: Path) -> None:
    with Store.create(tmp_path, SETTINGS) as store:
        for index in (2, 0, 1):
            store.drop(index, "failed", "plan", "no source")
        store.sort()
    assert [line["index"] for line in read_lines(tmp_path / "rejected.jsonl")] == [0, 1, 2]
