"""An `mcp.json` that takes over the servers of another one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from toolweave.servers.config import load_mcp_config
from toolweave.servers.errors import ConfigError


def write(path: Path, **document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def test_servers_of_the_other_file_come_first_with_what_is_relative_to_it(tmp_path: Path) -> None:
    write(tmp_path / "mcp.json", mcpServers={"notes": {"command": "python", "args": ["${workspaceFolder}/notes.py"]}})
    own = write(tmp_path / "run" / "mcp.json", extends="../mcp.json", mcpServers={"more": {"command": "python"}})
    notes, more = load_mcp_config(own).servers
    assert (notes.name, Path(notes.args[0]).resolve()) == ("notes", tmp_path.resolve() / "notes.py")
    assert (more.name, more.folder) == ("more", (tmp_path / "run").resolve())
    assert set(load_mcp_config(own).digests) == {"notes", "more"}


def test_a_secret_of_the_other_file_is_hidden_from_the_servers_of_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTES_TOKEN", "tok-6f1d0a9b77c24e")
    write(tmp_path / "mcp.json", mcpServers={"notes": {"command": "python", "env": {"KEY": "${NOTES_TOKEN}"}}})
    own = write(tmp_path / "run" / "mcp.json", extends="../mcp.json", mcpServers={"more": {"command": "python"}})
    more = load_mcp_config(own).servers[1]
    assert "tok-6f1d0a9b77c24e" in more.secrets
    assert (tmp_path / "mcp.json").resolve() in more.private


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"extends": 3, "mcpServers": {}}, "the path of another mcp.json is expected"),
        ({"extends": "nowhere.json", "mcpServers": {}}, "there is no such file"),
        ({"extends": "mcp.json", "mcpServers": {}}, "extends another file itself"),
        ({"extends": "../mcp.json", "mcpServers": {"notes": {"command": "python"}}}, 'server "notes" is in'),
    ],
)
def test_what_cannot_be_extended_is_refused(document: dict[str, Any], words: str, tmp_path: Path) -> None:
    write(tmp_path / "mcp.json", mcpServers={"notes": {"command": "python"}})
    with pytest.raises(ConfigError, match=words):
        load_mcp_config(write(tmp_path / "run" / "mcp.json", **document))
