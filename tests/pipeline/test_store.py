"""The run directory: in order, nothing lost, nothing twice, one process at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from toolweave.pipeline.making.finished import Finished
from toolweave.pipeline.making.workshop import Dropped
from toolweave.pipeline.storage.journal import Journal
from toolweave.pipeline.storage.store import Store, read_lines
from toolweave.servers.errors import RunError

SETTINGS = {"seed": 1, "samples": 2}
FILES = ("samples", "recordings", "rejected", "revisions", "events")


def item(index: int, reason: str = "no source") -> Finished:
    line = ("events", {"event": "call", "index": index, "tool": "a/b"})
    draft = ("revisions", {"index": index, "turn": 0, "draft": "ü \ud800"})
    return Finished(index, Dropped("failed", "plan", reason), {"target": "a/b", "seed": 3}, (line, draft))


def contents(root: Path) -> dict[str, bytes]:
    return {name: (root / f"{name}.jsonl").read_bytes() for name in FILES}


def whole(root: Path) -> dict[str, bytes]:
    """Three items, without any kill."""
    with Store.create(root, SETTINGS) as store:
        for index in range(3):
            store.commit(item(index))
    return contents(root)


def test_items_stand_in_the_files_in_the_order_of_their_plans(tmp_path: Path) -> None:
    whole(tmp_path)
    assert [line["index"] for line in read_lines(tmp_path / "rejected.jsonl")] == [0, 1, 2]
    assert [line["event"] for line in read_lines(tmp_path / "events.jsonl")] == ["call", "item"] * 3


@pytest.mark.parametrize("torn", range(1, 80))
def test_whatever_a_kill_tears_off_an_item_the_resumed_run_has_the_same_files(tmp_path: Path, torn: int) -> None:
    expected = whole(tmp_path / "whole")
    with Store.create(tmp_path / "run", SETTINGS) as store:
        store.commit(item(0))
        store.commit(item(1))
        before = {name: len(data) for name, data in contents(tmp_path / "run").items()}
        store.commit(item(2))
    left = torn * 4
    for name in ("events", "revisions", "events", "rejected"):  # the order in which an item is written
        path = tmp_path / "run" / f"{name}.jsonl"
        written = path.stat().st_size - before[name]
        os.truncate(path, before[name] + min(left, written))
        left -= min(left, written)
    with Store.resume(tmp_path / "run", SETTINGS) as store:
        for index in range(store.next, 3):
            store.commit(item(index))
    assert contents(tmp_path / "run") == expected


def test_an_item_that_waits_for_its_turn_survives_a_kill(tmp_path: Path) -> None:
    with Store.create(tmp_path, SETTINGS) as store:
        store.pending.put(item(1, "a reason"))
    path = tmp_path / "pending.jsonl"
    path.write_bytes(path.read_bytes() + b'{"index": 2, "fa')
    with Store.resume(tmp_path, SETTINGS) as store:
        assert list(store.pending.waiting) == [1]
        store.commit(item(0))
        waiting = store.pending.take(1)
        assert waiting is not None
        store.commit(waiting)
    assert [line["reason"] for line in read_lines(tmp_path / "rejected.jsonl")] == ["no source", "a reason"]
    assert path.read_bytes() == b""


def test_what_was_committed_before_the_kill_does_not_wait_any_more(tmp_path: Path) -> None:
    with Store.create(tmp_path, SETTINGS) as store:
        store.pending.put(item(0))
        left = (tmp_path / "pending.jsonl").read_bytes()
        store.pending.take(0)
        store.commit(item(0))
    (tmp_path / "pending.jsonl").write_bytes(left)
    with Store.resume(tmp_path, SETTINGS) as store:
        assert (store.next, store.pending.waiting) == (1, {})


def test_the_journal_does_not_grow_with_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolweave.pipeline.storage.journal.MOST_BYTES", 2_000)
    journal, sizes = Journal(tmp_path / "pending.jsonl"), list[int]()
    for index in range(1, 100):
        journal.put(item(index))
        if index > 4:
            journal.take(index - 4)
        journal.tidy()
        sizes.append((tmp_path / "pending.jsonl").stat().st_size)
    journal.close()
    assert max(sizes) < 4_500
    again = Journal(tmp_path / "pending.jsonl")
    again.close()
    assert sorted(again.waiting)[-4:] == [96, 97, 98, 99]


def test_items_that_are_missing_in_the_middle_are_not_passed_over(tmp_path: Path) -> None:
    whole(tmp_path)
    lines = (tmp_path / "rejected.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "rejected.jsonl").write_text(lines[0] + lines[2])
    with pytest.raises(RunError, match="item 1 is missing"):
        Store.resume(tmp_path, SETTINGS)


def test_a_second_run_does_not_overwrite_the_first(tmp_path: Path) -> None:
    with Store.create(tmp_path, SETTINGS):
        pass
    with pytest.raises(RunError, match="already holds a run"):
        Store.create(tmp_path, SETTINGS)


def test_resuming_with_other_settings_names_the_difference(tmp_path: Path) -> None:
    with Store.create(tmp_path, SETTINGS):
        pass
    with pytest.raises(RunError, match="seed: 1 -> 2"):
        Store.resume(tmp_path, {"seed": 2, "samples": 2})


def test_two_processes_do_not_share_a_directory(tmp_path: Path) -> None:
    with Store.create(tmp_path, SETTINGS), pytest.raises(RunError, match=f"in use by .* \\(pid {os.getpid()}\\)"):
        Store.resume(tmp_path, SETTINGS)


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, signal, sys\n"
        "from toolweave.pipeline.storage.store import Store\n"
        "store = Store.create(pathlib.Path(sys.argv[1]), {'seed': 1})\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path)], timeout=60, check=False)
    assert killed.returncode < 0
    assert (tmp_path / ".lock").read_text().strip().isdigit()
    with Store.resume(tmp_path, {"seed": 1}) as store:
        assert store.next == 0


def test_a_directory_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunError, match="cannot be written"):
        Store.create(tmp_path / "file" / "run", SETTINGS)


LIMITED = """
import pathlib, resource, signal, sys
from toolweave.pipeline.making.finished import Finished
from toolweave.pipeline.storage.store import Store
from toolweave.pipeline.making.workshop import Dropped
from toolweave.servers.errors import RunError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = Store.create(pathlib.Path(sys.argv[1]), {"seed": 1, "samples": 2})
resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))
try:
    for index in range(1000):
        store.commit(Finished(index, Dropped("failed", "plan", "ü" * 70)))
except RunError as error:
    print(store.next, error)
store.close()
"""


def test_a_disk_that_is_full_ends_the_run_in_one_line_and_tears_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
    )
    written, _, message = done.stdout.partition(" ")
    assert "rejected.jsonl cannot be written: File too large" in message
    assert done.stderr == ""
    lines: list[dict[str, Any]] = [json.loads(line) for line in (tmp_path / "rejected.jsonl").read_text().splitlines()]
    assert [line["index"] for line in lines] == list(range(int(written)))
    with Store.resume(tmp_path, SETTINGS) as store:
        store.commit(item(store.next))
        assert store.next == len(lines) + 1
