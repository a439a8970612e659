"""The main job on real servers over real stdio: run, verify, tamper, export, kill and resume."""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolweave.graph.plan import TURN_KINDS

TOOLWEAVE = [sys.executable, "-m", "toolweave.pipeline"]
Rows = list[dict[str, Any]]


def toolweave(*args: object, **kwargs: Any) -> subprocess.CompletedProcess[str]:
    command = [*TOOLWEAVE, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, **kwargs)


def rows_of(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def mcp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two bundled worlds and a third-party server, in a folder with a space in its name."""
    path = tmp_path_factory.mktemp("some servers") / "mcp.json"
    world = {"command": "python", "toolweave": {"disposable": True}}
    servers = {
        "kitchen": world | {"args": ["-m", "toolweave.servers.worlds.kitchen"]},
        "laboratory": world | {"args": ["-m", "toolweave.servers.worlds.laboratory"]},
        "time": {
            "command": "python",
            "args": ["-m", "mcp_server_time", "--local-timezone", "Europe/Rome"],
            "toolweave": {
                "values": {"timezone": ["Asia/Tokyo"], "source_timezone": ["Europe/Oslo"], "time": ["14:30"]}
            },
        },
    }
    path.write_text(json.dumps({"mcpServers": servers}))
    return path


@pytest.fixture(scope="module")
def finished(mcp: Path) -> Path:
    out = mcp.parent / "a run"
    done = toolweave("run", "--mcp", mcp, "--out", out, "-n", 8, "--seed", 3, "--probe-calls", 6)
    assert done.returncode == 0, done.stderr
    return out


def test_every_planned_item_has_one_outcome_with_a_reason(finished: Path) -> None:
    manifest = json.loads((finished / "manifest.json").read_text())
    kept, rest = rows_of(finished / "samples.jsonl"), rows_of(finished / "rejected.jsonl")
    indices = [row["index"] for row in kept + rest]
    assert sorted(indices) == list(range(manifest["planned"]))
    assert manifest["outcomes"]["kept"] == len(kept) > 0
    assert sum(manifest["outcomes"].values()) == manifest["planned"]
    assert all(row["outcome"] in ("rejected", "failed", "unresolved") and row["reason"] for row in rest)


def test_a_kept_row_has_what_the_interface_promises(finished: Path) -> None:
    for row in rows_of(finished / "samples.jsonl"):
        assert row["format"] == "toolweave/1"
        assert row["teacher"] == "offline"
        assert all(
            isinstance(call["function"]["arguments"], dict) for m in row["messages"] for call in m.get("tool_calls", [])
        )
        assert {turn["kind"] for turn in row["turns"]} <= set(TURN_KINDS)
        assert {item["call"] for item in row["provenance"]} <= {call["id"] for call in row["checker"]["calls"]}
        assert row["servers"] and all(server["digest"] for server in row["servers"])


def test_several_kinds_of_turn_are_made(finished: Path) -> None:
    kinds = {turn["kind"] for row in rows_of(finished / "samples.jsonl") for turn in row["turns"]}
    assert len(kinds) >= 4


def test_verify_passes_what_was_kept(finished: Path) -> None:
    done = toolweave("verify", finished)
    report = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, report["failures"]) == (0, {})
    assert report["samples"] == report["passed"] == len(rows_of(finished / "samples.jsonl"))


def _is_plain(row: dict[str, Any]) -> bool:
    """Whether every step makes one call, and none was made to fail."""
    single = all(len(message.get("tool_calls", [])) <= 1 for message in row["messages"])
    return bool(row["provenance"]) and single and not any(turn["masked"] for turn in row["turns"])


def _change_an_argument(row: dict[str, Any]) -> None:
    calls = [call for m in row["messages"] for call in m.get("tool_calls", []) if call["function"]["arguments"]]
    arguments = calls[0]["function"]["arguments"]
    arguments[next(iter(arguments))] = "something else"


def _drop_a_call(row: dict[str, Any]) -> None:
    at = next(index for index, message in enumerate(row["messages"]) if message.get("tool_calls"))
    del row["messages"][at : at + 2]
    for turn in row["turns"]:
        turn["messages"] = [index - 2 * (index > at) for index in turn["messages"]]


def _change_an_observation(row: dict[str, Any]) -> None:
    message = next(message for message in row["messages"] if message["role"] == "tool")
    message["content"] = message["content"].replace("a", "o", 1) + " "


def _change_the_checker_too(row: dict[str, Any]) -> None:
    """The argument in the conversation, in the checker and in the provenance, all of one mind."""
    call = next(call for call in row["checker"]["calls"] if call["arguments"])
    name = next(iter(call["arguments"]))
    call["arguments"][name] = "something else"
    for message in row["messages"]:
        for made in message.get("tool_calls", []):
            if made["id"] == call["id"]:
                made["function"]["arguments"][name] = "something else"


@pytest.mark.parametrize("tamper", [_change_an_argument, _drop_a_call, _change_an_observation, _change_the_checker_too])
def test_verify_fails_what_somebody_changed(
    finished: Path, tmp_path: Path, tamper: Callable[[dict[str, Any]], None]
) -> None:
    rows = copy.deepcopy([row for row in rows_of(finished / "samples.jsonl") if _is_plain(row)][:1])
    tamper(rows[0])
    (tmp_path / "settings.json").write_text((finished / "settings.json").read_text())
    (tmp_path / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = toolweave("verify", tmp_path)
    report = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, report["passed"], report["failed"]) == (1, 0, 1)


def test_equal_seeds_give_equal_bytes(finished: Path, mcp: Path, tmp_path: Path) -> None:
    done = toolweave(
        "run", "--mcp", mcp, "--out", tmp_path, "-n", 8, "--seed", 3, "--probe-calls", 6, "--concurrency", 2
    )
    assert done.returncode == 0, done.stderr
    once, again = rows_of(finished / "samples.jsonl"), rows_of(tmp_path / "samples.jsonl")
    assert [row["id"] for row in again if "time" not in str(row["servers"])] == [
        row["id"] for row in once if "time" not in str(row["servers"])
    ]


def test_a_killed_run_goes_on_where_it_was_and_leaves_no_process(finished: Path, mcp: Path, tmp_path: Path) -> None:
    args = ["run", "--mcp", str(mcp), "--out", str(tmp_path / "out"), "-n", "8", "--seed", "3", "--probe-calls", "6"]
    marker = {"TOOLWEAVE_TEST_MARKER": str(tmp_path)}
    run = subprocess.Popen(
        [*TOOLWEAVE, *args, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | marker,
    )
    assert run.stdout is not None
    for line in run.stdout:
        if json.loads(line).get("progress", {}).get("kept"):
            run.send_signal(signal.SIGKILL)
            break
    run.wait()
    run.stdout.close()
    before = {row["id"] for row in rows_of(tmp_path / "out" / "samples.jsonl")}
    done = toolweave(*args, "--resume")
    assert done.returncode == 0, done.stderr
    after = [row["id"] for row in rows_of(tmp_path / "out" / "samples.jsonl")]
    assert before <= set(after)
    assert len(after) == len(set(after)) == len(rows_of(finished / "samples.jsonl"))


@pytest.mark.parametrize("fmt", ["openai", "trl"])
def test_an_export_has_every_row(finished: Path, tmp_path: Path, fmt: str) -> None:
    done = toolweave("export", finished, "--to", fmt, "--out", tmp_path / "train.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["samples"] == len(rows_of(finished / "samples.jsonl"))
    assert report["rows"] == len(rows_of(tmp_path / "train.jsonl")) >= report["samples"]
