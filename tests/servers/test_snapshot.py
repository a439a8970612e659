"""Prepared workspaces are copied where that is as good as preparing again."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import anyio
import pytest

from toolweave.servers.environment import open_environment
from toolweave.servers.snapshot import Snapshots
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.warm import open_warm_starts

pytestmark = pytest.mark.anyio


class Preparation:
    """Fills workspaces and notes which."""

    def __init__(self, folder: Path, *, names_itself: bool = False, socket: bool = False) -> None:
        self.snapshots = Snapshots(folder)
        self.folder = folder
        self.prepared: list[str] = []
        self.names_itself = names_itself
        self.socket = socket

    async def fill(self, name: str) -> Path:
        workspace = self.folder / name
        workspace.mkdir()

        async def prepare() -> None:
            self.prepared.append(name)
            await self._make(workspace)

        await self.snapshots.fill("key", workspace, prepare)
        return workspace

    async def _make(self, workspace: Path) -> None:
        inner = workspace / "inner"
        inner.mkdir()
        (inner / "run").write_text("a script")
        (inner / "run").chmod(0o755)
        os.utime(inner / "run", (1_000_000_000, 1_000_000_000))
        (workspace / "link").symlink_to(inner / "run" if self.names_itself else "inner/run")
        if self.socket:
            with socket.socket(socket.AF_UNIX) as bound:
                bound.bind(str(workspace / "s"))


async def test_a_copy_has_the_same_contents_modes_times_and_links_and_is_nobody_elses(tmp_path: Path) -> None:
    preparation = Preparation(tmp_path)
    first = await preparation.fill("first")
    (first / "inner" / "run").write_text("changed by the first")
    for name in ("second", "third"):
        copy = await preparation.fill(name)
        script = copy / "inner" / "run"
        assert (script.read_text(), script.stat().st_mode & 0o777, script.stat().st_mtime) == ("a script", 0o755, 1e9)
        assert (copy / "link").readlink() == Path("inner/run")
        script.write_text("changed by a copy")
    assert preparation.prepared == ["first"]


async def test_workspaces_that_are_filled_at_once_wait_for_the_first(tmp_path: Path) -> None:
    preparation = Preparation(tmp_path)
    async with anyio.create_task_group() as tasks:
        for number in range(5):
            tasks.start_soon(preparation.fill, f"number-{number}")
    assert len(preparation.prepared) == 1
    assert [(tmp_path / f"number-{number}" / "link").read_text() for number in range(5)] == ["a script"] * 5


async def test_what_names_its_own_workspace_or_cannot_be_copied_is_prepared_every_time(tmp_path: Path) -> None:
    for kind in ("names_itself", "socket"):
        folder = tmp_path / kind[0]
        folder.mkdir()
        preparation = Preparation(folder, **{kind: True})
        for name in ("1", "2", "3"):
            assert (await preparation.fill(name) / "link").read_text() == "a script"
        assert preparation.prepared == ["1", "2", "3"]


async def test_a_preparation_that_failed_is_tried_again(tmp_path: Path) -> None:
    preparation = Preparation(tmp_path)

    async def fail() -> None:
        raise ValueError("no room")

    with pytest.raises(ValueError, match="no room"):
        await preparation.snapshots.fill("key", tmp_path, fail)
    await preparation.fill("first")
    assert preparation.prepared == ["first"]


@pytest.mark.parametrize(("once", "runs"), [(True, 1), (False, 3)])
async def test_the_commands_of_a_server_run_once_only_if_it_says_that_they_may(
    once: bool, runs: int, tmp_path: Path
) -> None:
    log = tmp_path / "runs"
    step = ["python", "-c", f"open({str(log)!r}, 'a').write('.'); open('seed', 'w').write('grain')"]
    options = ServerOptions(disposable=True, prepare=[step], prepare_once=once)
    script = str(Path(__file__).with_name("keeping.py"))
    spec = ServerSpec(name="keeping", command="python", args=[script], options=options)
    async with open_warm_starts(ahead=()) as starts:
        for _ in range(3):
            async with open_environment([spec], strict=True, starts=starts) as environment:
                folder = environment.connections["keeping"].folder
                assert folder is not None
                seed = folder / "seed"
                assert seed.read_text() == "grain"
                seed.write_text("eaten")
    assert log.read_text() == "." * runs
