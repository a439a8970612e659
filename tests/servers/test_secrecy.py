"""Which values of an `mcp.json` are secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from toolweave.servers.config import load_mcp_config
from toolweave.servers.errors import ConfigError
from toolweave.servers.secrecy import secrets_of
from toolweave.servers.spec import ServerSpec


def load(folder: Path, **entries: Any) -> tuple[ServerSpec, ...]:
    (folder / "mcp.json").write_text(json.dumps({"mcpServers": entries}))
    return load_mcp_config(folder / "mcp.json").servers


@pytest.mark.parametrize(
    ("entry", "secrets"),
    [
        ({"env": {"API_KEY": "abcd"}}, {"abcd"}),
        ({"env": {"REGION": "eu-north-1"}}, {"eu-north-1"}),
        ({"env": {"REGION": "eu"}}, set[str]()),
        ({"env": {"REGION": "eu-north-1"}, "toolweave": {"secrets": {"REG*": False}}}, set[str]()),
        ({"env": {"DATA": "${WORKSPACE}/data", "HOST": "https://api.example/v1", "ROOT": "/usr/bin"}}, set[str]()),
        ({"env": {"DB": "postgres://me:pa55word@db/x"}}, {"postgres://me:pa55word@db/x", "pa55word"}),
        ({"args": ["--api-key", "abcdef", "--token=ghijkl", "--name", "mnopqr"]}, {"abcdef", "ghijkl"}),
        ({"args": ["--name", "${OURS}"]}, {"from-outside"}),
        ({"toolweave": {"values": {"name": "${OURS}"}}}, set[str]()),
    ],
)
def test_secrets_are_told_from_settings(
    entry: dict[str, Any], secrets: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OURS", "from-outside")
    (spec,) = load(tmp_path, one={"command": "x", **entry})
    assert set(secrets_of(spec)) == secrets


def test_a_header_is_a_secret_with_and_without_its_scheme(tmp_path: Path) -> None:
    (spec,) = load(tmp_path, one={"url": "http://x", "headers": {"Authorization": "Bearer abcdefgh"}})
    assert set(secrets_of(spec)) == {"Bearer abcdefgh", "abcdefgh"}


def test_no_server_may_show_the_secret_of_another_nor_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_API_KEY", "ours-and-nobody-elses")
    near, far = load(tmp_path, near={"command": "x", "env": {"T": "near-secret"}}, far={"command": "y"})
    assert {"near-secret", "ours-and-nobody-elses"} <= set(secrets_of(far)) & set(secrets_of(near))


def test_a_secret_is_not_to_be_spoken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "abcdefgh")
    with pytest.raises(ConfigError, match="would be spoken"):
        load(tmp_path, one={"command": "x", "toolweave": {"values": {"name": "${MY_TOKEN}"}}})


def test_the_files_that_hold_secrets_are_known_to_all(tmp_path: Path) -> None:
    (tmp_path / "keys.env").write_text("A=abcdefgh\n")
    one, two = load(tmp_path, one={"command": "x", "envFile": "keys.env"}, two={"command": "y"})
    assert one.private == two.private == (tmp_path / "keys.env", tmp_path / "mcp.json")
