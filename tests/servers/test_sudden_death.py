"""A toolweave that is killed with SIGKILL leaves neither processes nor scratch directories behind."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import anyio
import pytest

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]

PARENT = """
import anyio, sys
from toolweave.servers.environment import open_environment
from toolweave.servers.spec import ServerSpec

async def main(script, mark):
    env = {"TOOLWEAVE_TEST": mark}
    specs = [
        ServerSpec(name=mode, command="python", args=["-I", "-S", script, mode], env=env)
        for mode in ("good", "ignores_sigterm", "stubborn_grandchild")
    ]
    async with open_environment(specs, strict=True) as environment:
        print("ready", flush=True)
        await anyio.sleep_forever()

anyio.run(main, *sys.argv[1:])
"""


async def test_a_killed_parent_leaves_nothing(
    tmp_path: Path,
    marked_processes: Callable[[str], list[int]],
    wait_for_end: Callable[[Iterable[int]], Awaitable[None]],
) -> None:
    mark, scratch = tmp_path / "mark", tmp_path / "scratch"
    scratch.mkdir()
    argv = [sys.executable, "-c", PARENT, str(Path(__file__).with_name("misbehaving.py")), str(mark)]
    parent = await anyio.open_process(argv, env={**os.environ, "TMPDIR": str(scratch)}, stderr=None)
    try:
        assert parent.stdout is not None
        with anyio.fail_after(20):
            assert (await parent.stdout.receive()).startswith(b"ready")
        servers, reaper = marked_processes(f"TOOLWEAVE_TEST={mark}"), marked_processes(f"TMPDIR={scratch}")
        assert len(servers) == 4
        assert len(list(scratch.iterdir())) == 1
    finally:
        parent.send_signal(signal.SIGKILL)
        await parent.wait()
    await wait_for_end([*servers, *reaper])
    assert not list(scratch.iterdir())
    await parent.aclose()
