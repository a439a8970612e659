"""An entry goes in and out of an mcp.json without touching what else stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolweave.pipeline.onboarding.mcp_file import entry_names, put_entry, remove_entry
from toolweave.servers.errors import ConfigError
from toolweave.servers.jsonc import parse_jsonc

COMMENTED = """{
  // ours
  "mcpServers": {
    "a": {"command": "x }"}, // one
    "b": {
      "command": "y" /* , } */
    }
  }
}
"""
FILES = [COMMENTED, '{"mcpServers": {}}', '{"servers": {"a": {"command": "}"},},}', '{\n  "mcpServers": {\n  }\n}\n']


@pytest.mark.parametrize("text", FILES)
def test_an_entry_is_added_replaced_and_removed_beside_the_others(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(text)
    before = entry_names(path)
    put_entry(path, "new", {"command": "n", "args": ["1"]})
    put_entry(path, "new", {"command": "m"})
    document = parse_jsonc(path.read_text())
    table = document.get("mcpServers", document.get("servers"))
    assert list(table) == [*before, "new"]
    assert table["new"] == {"command": "m"}
    for name in ["new", *before]:
        remove_entry(path, name)
    assert entry_names(path) == []


def test_comments_and_layout_of_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(COMMENTED)
    put_entry(path, "new", {"command": "n"})
    remove_entry(path, "new")
    assert path.read_text() == COMMENTED


def test_a_file_is_made_where_there_is_none(tmp_path: Path) -> None:
    put_entry(tmp_path / "mcp.json", "a", {"command": "x"})
    assert entry_names(tmp_path / "mcp.json") == ["a"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"mcpServers": 3}', '{"other": {}}'])
def test_a_file_without_a_table_is_refused_and_stays(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(text)
    with pytest.raises(ConfigError):
        put_entry(path, "a", {"command": "x"})
    assert path.read_text() == text
