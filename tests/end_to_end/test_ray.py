"""`--engine ray`: the same samples, also when an actor dies; a clear word where there is no Ray."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from toolweave.pipeline.engines import actors
from toolweave.servers.errors import ConfigError

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is an extra")


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"--engine ray needs Ray: pip install 'toolweave\[ray\]'"):
        actors.load_ray()


@needs_ray
def test_two_actors_of_which_one_dies_make_the_same_samples(small_job: list[str], tmp_path: Path) -> None:
    subprocess.run([*small_job, "--out", str(tmp_path / "local")], check=True, capture_output=True, timeout=300)
    line = [*small_job, "--out", str(tmp_path / "ray"), "--engine", "ray", "--workers", "2", "--json"]
    killed: list[int] = []
    told: dict[str, Any] = {}
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as run:
        assert run.stdout is not None
        for text in run.stdout:
            told = json.loads(text)
            if not killed and told.get("progress", {}).get("planned"):
                killed = actors_of(run.pid)[:1]
                os.kill(killed[0], signal.SIGKILL)
    assert (run.returncode, told.get("state")) == (0, "finished"), told
    assert killed
    for name in ("samples", "rejected", "recordings"):
        assert (tmp_path / "ray" / f"{name}.jsonl").read_bytes() == (tmp_path / "local" / f"{name}.jsonl").read_bytes()


@needs_ray
def test_a_limit_ends_the_run_of_actors_and_the_resumed_run_makes_the_same_samples(
    small_job: list[str], tmp_path: Path
) -> None:
    subprocess.run([*small_job, "--out", str(tmp_path / "local")], check=True, capture_output=True, timeout=300)
    line = [*small_job, "--out", str(tmp_path / "ray"), "--engine", "ray", "--workers", "2"]
    limited = subprocess.run([*line, "--max-calls", "30"], capture_output=True, text=True, timeout=300, check=False)
    assert limited.returncode == 5, limited.stderr
    assert "--max-calls 30 is used up" in limited.stderr
    kept = (tmp_path / "ray" / "samples.jsonl").read_bytes()
    subprocess.run([*line, "--resume"], check=True, capture_output=True, timeout=300)
    whole = (tmp_path / "local" / "samples.jsonl").read_bytes()
    assert (tmp_path / "ray" / "samples.jsonl").read_bytes() == whole
    assert whole.startswith(kept)
    assert whole != kept


def parent(process: Path) -> int:
    return int((process / "stat").read_text().rpartition(")")[2].split()[1])


def actors_of(driver: int) -> list[int]:
    """Processes of the actors that Ray has started for this process, through its own."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            is_actor = (process / "cmdline").read_bytes().startswith(b"ray::Worker")
            if is_actor and parent(Path("/proc", str(parent(process)))) == driver:
                found.append(int(process.name))
    return found
