"""A toolweave that is killed with SIGKILL leaves neither processes nor scratch directories behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

PARENT = """
import anyio, sys
from pathlib import Path
from toolweave.servers.environment import open_environment
from toolweave.servers.spec import ServerSpec

async def main(script, mark):
    env = {"TOOLWEAVE_TEST": mark}
    specs = [
        ServerSpec(name=mode, command="python", args=["-I", "-S", script, mode], env=env)
        for mode in ("good", "ignores_sigterm", "stubborn_grandchild")
    ]
    async with open_environment(specs, strict=True) as environment:
        Path(mark, "ready").touch()
        await anyio.sleep_forever()

anyio.run(main, *sys.argv[1:])
"""


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_a_killed_parent_leaves_nothing(tmp_path: Path, marked_processes: Callable[[str], list[int]]) -> None:
    mark, scratch = tmp_path / "mark", tmp_path / "scratch"
    mark.mkdir()
    scratch.mkdir()
    script = Path(__file__).with_name("misbehaving.py")
    argv = [sys.executable, "-c", PARENT, str(script), str(mark)]
    parent = subprocess.Popen(argv, env={**os.environ, "TMPDIR": str(scratch)})
    try:
        wait_for((mark / "ready").exists, "the servers did not start")
        assert len(marked_processes(f"TOOLWEAVE_TEST={mark}")) == 4
        assert len(list(scratch.iterdir())) == 1
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    wait_for(lambda: not marked_processes(f"TOOLWEAVE_TEST={mark}"), "a process is left")
    wait_for(lambda: not list(scratch.iterdir()), "a scratch directory is left")
