"""A running job under control: Ctrl-C, another process, a consumer that stops, settings that changed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from typer.testing import CliRunner

from tests.told import told
from toolweave.pipeline import Pace, RunSettings, run_job, synthesize
from toolweave.pipeline.cli import app
from toolweave.pipeline.running.control import status_of
from toolweave.pipeline.storage.store import Store
from toolweave.servers.errors import RunError

TOOLWEAVE = [sys.executable, "-m", "toolweave.pipeline"]
MANY = ("-n", "400", "--max-seconds", "150")


def call(command: list[str], *more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, *map(str, more)], capture_output=True, text=True, timeout=240, check=False)


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@contextmanager
def running(command: list[str], out: Path, until: Callable[[dict[str, Any]], bool]) -> Generator[subprocess.Popen[str]]:
    """A job that goes on, from the moment at which its progress is as wanted; its output is read to the end."""
    line = [*command, "--out", str(out), "--json"]
    job = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert job.stdout is not None
    try:
        for text in job.stdout:
            if until(json.loads(text).get("progress", {})):
                break
        yield job
    finally:
        job.kill()
        job.communicate()


def made(count: int) -> Callable[[dict[str, Any]], bool]:
    return lambda progress: progress.get("planned", 0) >= count


def last_line(text: str) -> Any:
    return json.loads(text.splitlines()[-1])


def wait_for(out: Path, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What the job tells as soon as it is as wanted; it tells something new about once a second."""
    while not wanted(found := status_of(out)):
        assert found["running"]
        os.sched_yield()
    return found


def nothing_is_missing(out: Path) -> bool:
    indices = [row["index"] for name in ("samples", "rejected") for row in rows_of(out / f"{name}.jsonl")]
    return sorted(indices) == list(range(len(indices)))


def test_ctrl_c_finishes_what_is_in_the_making_and_prints_where_to_resume(small_job: list[str], tmp_path: Path) -> None:
    out = tmp_path / "run"
    with running([*small_job, *MANY], out, made(2)) as job:
        job.send_signal(signal.SIGINT)
        stdout, stderr = job.communicate(timeout=120)
    assert job.returncode == 130
    assert "finishing what is in the making" in stderr
    assert f"toolweave run --resume --out {out}" in stderr
    manifest = last_line(stdout)
    assert (manifest["state"], manifest["ended"]) == ("stopped", "interrupted")
    assert manifest["planned"] > 2
    assert nothing_is_missing(out)


def test_ctrl_c_twice_stops_now_and_the_run_can_be_resumed(small_job: list[str], tmp_path: Path) -> None:
    out = tmp_path / "run"
    with running([*small_job, *MANY], out, made(2)) as job:
        job.send_signal(signal.SIGINT)
        assert job.stderr is not None
        assert any("once more to stop now" in job.stderr.readline() for _ in range(2))
        job.send_signal(signal.SIGINT)
        _, stderr = job.communicate(timeout=120)
    assert job.returncode == 130
    assert "--resume" in stderr
    done = call(small_job, *MANY, "--out", out, "--resume", "--preview", 1, "--json")
    assert done.returncode == 0, done.stderr
    assert nothing_is_missing(out)


def test_another_process_can_look_pause_resume_and_stop(small_job: list[str], tmp_path: Path) -> None:
    out, cli = tmp_path / "run", CliRunner()
    with running([*small_job, *MANY], out, made(1)) as job:
        with pytest.raises(RunError, match=rf"in use by another toolweave process \(pid {job.pid}\)"):
            Store.resume(out, json.loads((out / "settings.json").read_text()))
        assert cli.invoke(app, ["pause", str(out)]).exit_code == 0
        paused = wait_for(out, lambda found: found["state"] == "paused" and not found["in_flight"])
        assert paused["running"]
        assert status_of(out)["planned"] == paused["planned"]
        assert cli.invoke(app, ["resume", str(out)]).exit_code == 0
        wait_for(out, lambda found: found["planned"] > paused["planned"])
        assert cli.invoke(app, ["stop", str(out)]).exit_code == 0
        stdout, _ = job.communicate(timeout=120)
    assert job.returncode == 5
    assert last_line(stdout)["ended"] == "toolweave stop"
    shown = cli.invoke(app, ["status", str(out), "--json"])
    found = json.loads(shown.stdout)
    assert (found["state"], found["running"]) == ("stopped", False)
    refused = cli.invoke(app, ["pause", str(out)])
    assert refused.exit_code == 1
    assert "nothing is running" in refused.stderr


def test_the_status_of_a_job_that_was_killed_says_so(small_job: list[str], tmp_path: Path) -> None:
    with running([*small_job, *MANY], tmp_path / "run", made(1)) as job:
        os.kill(job.pid, signal.SIGKILL)
        job.wait()
    found = status_of(tmp_path / "run")
    assert (found["state"], found["running"]) == ("killed", False)


def test_a_reader_that_goes_away_ends_the_run_with_one_line(small_job: list[str], tmp_path: Path) -> None:
    with running([*small_job, *MANY], tmp_path / "run", made(1)) as job:
        assert job.stdout is not None
        assert job.stderr is not None
        job.stdout.close()
        said = job.stderr.read()
        assert job.wait() == 1
    assert told(said) == ["toolweave: nobody reads the output any more; `--resume` goes on with what is on disk"]


def settings_of(small_job: list[str], samples: int) -> RunSettings:
    mcp = Path(small_job[small_job.index("--mcp") + 1])
    return RunSettings(mcp=mcp, samples=samples, seed=3, turns=1, kinds={"base": 1.0}, probe_calls=2)


def test_a_consumer_that_stops_ends_the_run_and_the_rest_comes_when_it_is_resumed(
    small_job: list[str], tmp_path: Path
) -> None:
    settings = settings_of(small_job, 6)

    async def whole() -> list[str]:
        return [sample.id async for sample in synthesize(settings, tmp_path / "whole")]

    async def some() -> list[str]:
        found: list[str] = []
        async for sample in synthesize(settings, tmp_path / "run"):
            found.append(sample.id)
            if len(found) == 2:
                break
        return found

    async def rest() -> list[str]:
        return [sample.id async for sample in synthesize(settings, tmp_path / "run", resume=True)]

    expected, first = anyio.run(whole), anyio.run(some)
    kept = [row["id"] for row in rows_of(tmp_path / "run" / "samples.jsonl")]
    assert first == expected[:2] == kept[:2]
    assert status_of(tmp_path / "run")["running"] is False
    assert kept + anyio.run(rest) == expected
    names = ("samples.jsonl", "rejected.jsonl")
    assert [(tmp_path / "run" / name).read_bytes() for name in names] == [
        (tmp_path / "whole" / name).read_bytes() for name in names
    ]


def test_a_consumer_that_is_slow_is_not_overrun(small_job: list[str], tmp_path: Path) -> None:
    async def job() -> dict[str, Any]:
        taken, limits = list[str](), Pace(concurrency=2, preview=2)

        async def take(sample: Any) -> None:
            assert len(rows_of(tmp_path / "run" / "samples.jsonl")) == len(taken) + 1
            taken.append(sample.id)
            await anyio.lowlevel.checkpoint()

        return await run_job(settings_of(small_job, 6), tmp_path / "run", limits, on_sample=take)

    manifest = anyio.run(job)
    assert 2 <= manifest["outcomes"]["kept"] <= 4


def test_a_resumed_run_names_everything_that_has_changed(small_job: list[str], tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "query.md").write_text("Write it well.")
    mcp = tmp_path / "mcp.json"
    mcp.write_text(Path(small_job[small_job.index("--mcp") + 1]).read_text())
    line = [*TOOLWEAVE, "run", "--mcp", str(mcp), "--out", str(tmp_path / "run"), "--model", "m"]
    line += ["--base-url", "http://127.0.0.1:9/v1", "--prompts", str(tmp_path / "prompts"), "--probe-calls", "0"]
    assert call(line, "-n", 1).returncode != 0
    (tmp_path / "prompts" / "query.md").write_text("Write it badly.")
    mcp.write_text(mcp.read_text().replace('"command"', '"env": {"LEVEL": "2"}, "command"'))
    refused = call(line, "-n", 2, "--resume")
    assert refused.returncode == 1
    (problem,) = told(refused.stderr)
    assert "samples: 1 -> 2" in problem
    assert "digests.servers.parcels: " in problem
    assert "digests.prompts.query: " in problem
    assert "digests.prompts.step" not in problem
