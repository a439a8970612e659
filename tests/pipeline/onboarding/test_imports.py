"""Files of other clients become entries that can be read; secrets become variables; what is left out is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from toolweave.pipeline.onboarding.clients import client_files, client_of
from toolweave.pipeline.onboarding.hiding import Hiding
from toolweave.pipeline.onboarding.imports import Gathered, gather
from toolweave.servers.errors import ConfigError


def write(path: Path, document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def gathered(folder: Path, document: Any, place: str = "client.json", keep_secrets: bool = False) -> Gathered:
    return gather([client_of(write(folder / place, document))], folder, keep_secrets=keep_secrets)


def hidden(**entry: Any) -> dict[str, Any]:
    return Hiding("shop", {}).hide(entry)


def test_each_clients_files_are_found_where_it_keeps_them(tmp_path: Path) -> None:
    home, project = tmp_path / "home", tmp_path / "project"
    for place in (".config/Claude/claude_desktop_config.json", ".cursor/mcp.json", ".config/Code/User/mcp.json"):
        write(home / place, "{}")
    write(home / "Library/Application Support/Claude/claude_desktop_config.json", "{}")
    write(project / ".vscode/mcp.json", "{}")
    linux = [file.client for file in client_files(project, home, {}, "linux")]
    assert linux == ["VS Code, this folder", "VS Code (Code)", "Cursor", "Claude Desktop"]
    assert "Claude Desktop" in [file.client for file in client_files(project, home, {}, "darwin")]
    assert client_files(project / "other", home / "other", {"APPDATA": str(tmp_path)}, "win32") == []


def test_tables_of_all_clients_are_understood(tmp_path: Path) -> None:
    document = {
        "mcpServers": {"a": {"command": "a"}},
        "mcp": {"servers": {"b": {"type": "stdio", "command": "b"}}},
        "projects": {"/somewhere": {"mcpServers": {"c": {"serverUrl": "https://c.example/mcp"}}}},
    }
    found = gathered(tmp_path, document)
    assert list(found.entries) == ["a", "b", "c"]
    assert found.entries["c"] == {"url": "https://c.example/mcp"}


def test_inputs_become_variables_that_have_to_be_set(tmp_path: Path) -> None:
    document = {
        "inputs": [{"id": "api-key", "type": "promptString", "password": True}, {"id": "zone", "default": "eu"}],
        "servers": {"a": {"command": "a", "env": {"KEY": "${input:api-key}", "ZONE": "${input:zone}"}}},
    }
    found = gathered(tmp_path, document, ".vscode/mcp.json")
    assert found.entries["a"]["env"] == {"KEY": "${API_KEY}", "ZONE": "${ZONE:-eu}"}
    assert list(found.needed) == ["API_KEY"]


def test_what_cannot_come_along_is_named(tmp_path: Path) -> None:
    servers = {
        "off": {"command": "x", "disabled": True},
        "old": {"type": "sse", "url": "https://x.example/sse"},
        "editing": {"command": "x", "args": ["${file}"]},
        "empty": {},
        "fine": {"command": "x", "autoApprove": ["y"], "disabledTools": ["drop_all"]},
    }
    found = gathered(tmp_path, {"mcpServers": servers})
    assert found.entries == {"fine": {"command": "x", "toolweave": {"deny": ["drop_all"]}}}
    lines = " ".join(found.left_out)
    assert all(
        word in lines for word in ("off", "disabled", "old", "sse", "editing", "${file}", "empty", "autoApprove")
    )


def test_a_server_that_two_clients_have_is_taken_once_and_another_of_its_name_gets_a_number(tmp_path: Path) -> None:
    one = write(tmp_path / "one.json", {"mcpServers": {"a": {"command": "a"}}})
    two = write(tmp_path / "two.json", {"mcpServers": {"a": {"command": "a"}, "b": {"command": "b"}}})
    three = write(tmp_path / "three.json", {"mcpServers": {"a": {"command": "c"}}})
    found = gather([client_of(path) for path in (one, two, three)], tmp_path)
    assert found.entries == {"a": {"command": "a"}, "b": {"command": "b"}, "a-2": {"command": "c"}}


def test_relative_paths_and_workspace_folders_still_mean_what_they_meant(tmp_path: Path) -> None:
    write(tmp_path / "repo" / "server.py", "")
    entry = {"command": "python", "args": ["server.py", "${workspaceFolder}/data", "plain"], "cwd": "work"}
    path = write(tmp_path / "repo" / ".cursor" / "mcp.json", {"mcpServers": {"a": entry}})
    elsewhere, here = gather([client_of(path)], tmp_path), gather([client_of(path)], tmp_path / "repo")
    repo = str(tmp_path / "repo")
    assert elsewhere.entries["a"]["args"] == [f"{repo}/server.py", f"{repo}/data", "plain"]
    assert elsewhere.entries["a"]["cwd"] == f"{repo}/work"
    assert here.entries["a"] == entry


def test_a_named_file_that_cannot_be_read_is_an_error_and_a_found_one_is_named(tmp_path: Path) -> None:
    broken = write(tmp_path / ".cursor" / "mcp.json", "{")
    with pytest.raises(ConfigError):
        gather([client_of(broken)], tmp_path)
    found = gather(client_files(tmp_path, tmp_path / "home", {}, "linux"), tmp_path)
    assert found.entries == {} and "mcp.json" in found.left_out[0]


def test_secrets_of_the_environment_become_variables_and_settings_stay() -> None:
    env = {"SHOP_API_KEY": "abc123", "DATA": "/srv/data", "DEBUG": "true", "KEPT": "${KEPT}", "MODE": "fast"}
    assert hidden(env=env)["env"] == {**env, "SHOP_API_KEY": "${SHOP_API_KEY}"}


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--api-key", "s3cret", "-v"], ["--api-key", "${API_KEY}", "-v"]),
        (["--token=s3cret"], ["--token=${SHOP_TOKEN}"]),
        (["-e", "GITHUB_TOKEN=s3cret"], ["-e", "GITHUB_TOKEN=${GITHUB_TOKEN}"]),
        (["--header", "Authorization: Bearer s3cret"], ["--header", "Authorization: Bearer ${SHOP_AUTHORIZATION}"]),
        (["postgres://me:s3cret@db/shop"], ["postgres://me:${SHOP_PASSWORD}@db/shop"]),
        (["-y", "@scope/server-name@2026.10.19"], ["-y", "@scope/server-name@2026.10.19"]),
        (["--db", "./data/shop.db", "--port", "8080"], ["--db", "./data/shop.db", "--port", "8080"]),
        (["sk_live_51Habcdef0123456789XYZ"], ["${SHOP_TOKEN}"]),
    ],
)
def test_secrets_in_arguments_become_variables(args: list[str], expected: list[str]) -> None:
    assert hidden(args=args)["args"] == expected


def test_secrets_in_headers_and_addresses_become_variables() -> None:
    found = hidden(headers={"Authorization": "Bearer abc", "Accept": "text/plain"}, url="https://x.example/mcp?key=abc")
    assert found["headers"] == {"Authorization": "Bearer ${SHOP_AUTHORIZATION}", "Accept": "text/plain"}
    assert found["url"] == "https://x.example/mcp?key=${SHOP_KEY}"


def test_two_secrets_never_share_a_variable_and_one_secret_needs_one() -> None:
    taken: dict[str, str] = {}
    first = Hiding("a", taken).hide({"env": {"API_KEY": "one-secret"}})
    second = Hiding("b", taken).hide({"env": {"API_KEY": "another-secret"}})
    third = Hiding("c", taken).hide({"env": {"API_KEY": "one-secret"}})
    assert first == third == {"env": {"API_KEY": "${API_KEY}"}}
    assert second == {"env": {"API_KEY": "${B_API_KEY}"}}


def test_secrets_may_be_kept_as_they_are(tmp_path: Path) -> None:
    document = {"mcpServers": {"a": {"command": "a", "env": {"API_KEY": "one-secret"}}}}
    assert gathered(tmp_path, document, keep_secrets=True).entries["a"]["env"] == {"API_KEY": "one-secret"}
