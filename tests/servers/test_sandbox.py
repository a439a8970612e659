"""What a stdio server is kept in: the command line of bubblewrap, and what is said where there is none."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from toolweave.servers.config import load_mcp_config
from toolweave.servers.errors import ServerError
from toolweave.servers.sandbox import (
    Cage,
    cage_for,
    limited,
    limits_of,
    require_sandbox,
    sandbox_program,
    unprotected,
)
from toolweave.servers.spec import ServerOptions, ServerSpec

HERE = ServerSpec(name="s", command="x", sandbox="auto")


def test_the_command_line_shows_the_system_and_only_the_workspace_is_written(tmp_path: Path) -> None:
    cage = Cage("/usr/bin/bwrap", False, ("/home/me/venv",), ("/srv/out",), ("/home/me/mcp.json",), ("/media", "/home"))
    line = " ".join(cage.argv([tmp_path], tmp_path))
    assert line.startswith("/usr/bin/bwrap --unshare-user --unshare-pid")
    parts = [
        "--cap-drop ALL --ro-bind / / --dev /dev --proc /proc",
        "--tmpfs /run --unshare-net --tmpfs /media --tmpfs /home --ro-bind /home/me/venv /home/me/venv",
        f"--bind /srv/out /srv/out --bind {tmp_path} {tmp_path} --ro-bind /dev/null /home/me/mcp.json",
        f"--chdir {tmp_path} --",
    ]
    assert [part for part in parts if part not in line] == []


def test_network_is_there_on_request_only(tmp_path: Path) -> None:
    line = Cage("bwrap", True, (), (), (), ()).argv([tmp_path], tmp_path)
    assert "--unshare-net" not in line


def test_a_forked_process_is_shown_its_own_workspace_only(tmp_path: Path) -> None:
    cage = Cage("bwrap", False, (str(tmp_path / "venv"), "/opt/x"), (), (), (str(tmp_path),))
    kept = [str(tmp_path / "venv"), str(tmp_path / "spaces" / "a")]
    assert cage.narrowing(tmp_path / "spaces" / "a") == {"fresh": (str(tmp_path),), "kept": kept, "private": ()}


@pytest.mark.skipif(sandbox_program() is None, reason="bubblewrap does not work here")
def test_of_hidden_places_only_what_is_needed_is_shown(tmp_path: Path) -> None:
    scratch, project = tmp_path / "scratch", tmp_path / "project"
    for folder in (scratch / "mine", project):
        folder.mkdir(parents=True)
    spec = HERE.model_copy(update={"folder": project, "options": ServerOptions(readable=[str(tmp_path / "no")])})
    cage = cage_for(spec, [sys.executable, "-m", "x", str(scratch)], scratch / "mine", scratch)
    assert cage is not None
    assert str(project) in cage.readable
    assert not any(Path(path).is_relative_to(scratch) or scratch.is_relative_to(path) for path in cage.readable)
    assert not any(Path.home().is_relative_to(path) for path in cage.readable)


def test_without_a_sandbox_it_is_said_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sandbox_program.cache_clear()
    try:
        assert unprotected([HERE]) == {"s": "bubblewrap (bwrap) does not work here"}
        assert cage_for(HERE, ["x"], tmp_path, tmp_path) is None
        with pytest.raises(ServerError, match="bubblewrap"):
            cage_for(HERE.model_copy(update={"sandbox": "required"}), ["x"], tmp_path, tmp_path)
        with pytest.raises(ServerError, match="without a sandbox"):
            require_sandbox([HERE])
    finally:
        sandbox_program.cache_clear()


def test_entries_are_sandboxed_unless_they_say_otherwise(tmp_path: Path) -> None:
    entries = {name: {"command": "x", "toolweave": {"sandbox": wish}} for name, wish in WISHES.items()}
    (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": {**entries, "silent": {"command": "x"}}}))
    servers = load_mcp_config(tmp_path / "mcp.json").servers
    assert [spec.sandbox for spec in servers] == ["required", "off", "auto", "auto"]
    assert unprotected(servers)["no"] == 'its settings say "sandbox": false'


WISHES = {"yes": True, "no": False, "maybe": None}


def test_limits_are_set_on_every_process() -> None:
    assert limits_of(HERE, caged=False) == {"core": 0, "fsize": 1 << 30, "nofile": 4096, "data": 4 << 30}
    assert limits_of(HERE, caged=True)["nproc"] == 512
    assert limited({"core": 0})[1:] == ["--core=0", "--"]
