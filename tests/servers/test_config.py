"""`mcp.json` as people write it, and what they are told when it is wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from toolweave.servers.config import McpConfig, ServerOptions, ServerSpec, load_mcp_config
from toolweave.servers.errors import ConfigError


def load(folder: Path, document: Any, name: str = "mcp.json") -> McpConfig:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return load_mcp_config(path)


def load_one(folder: Path, **entry: Any) -> ServerSpec:
    return load(folder, {"mcpServers": {"one": entry}}).servers[0]


def refusal(folder: Path, document: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, document)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2
    return str(caught.value).replace(str(folder), "")


def test_claude_desktop_writes_it_like_this(tmp_path: Path) -> None:
    document = {"mcpServers": {"files": {"command": "npx", "args": ["-y", "a-server"], "env": {"KEY": "v"}}}}
    files = ServerSpec(
        name="files",
        command="npx",
        args=["-y", "a-server"],
        env={"KEY": "v"},
        folder=tmp_path,
        sandbox="auto",
        private=(tmp_path / "mcp.json",),
    )
    assert load(tmp_path, {**document, "globalShortcut": ""}).servers == (files,)


def test_vs_code_writes_it_like_this(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "k")
    document = """
        {   // a comment
            "inputs": [{"type": "promptString", "id": "api-key", "password": true}, {"id": "region", "default": "eu"}],
            "servers": {
                "far": {
                    "type": "http", "url": "https://example.com/mcp", /* with // inside */ "gallery": true,
                    "headers": {"Authorization": "Bearer ${input:api-key}", "X-Region": "${input:region}"},
                },
                "near": {"type": "stdio", "command": "${workspaceFolder}/run", "envFile": "${workspaceFolder}/.env"},
            },
        }"""
    (tmp_path / ".env").write_text('# comment\nexport A="1 2"\n\nB=x=y\n')
    far, near = load(tmp_path, document, ".vscode/mcp.json").servers
    assert (far.transport, far.url) == ("http", "https://example.com/mcp")
    assert far.headers == {"Authorization": "Bearer k", "X-Region": "eu"}
    assert near.command == f"{tmp_path}/run"
    assert near.env == {"A": "1 2", "B": "x=y"}


@pytest.mark.parametrize("kind", [None, "http", "streamable-http", "streamableHttp"])
def test_a_url_is_streamable_http_by_any_name(kind: str | None, tmp_path: Path) -> None:
    entry = {"url": "http://127.0.0.1:1/mcp"} | ({"type": kind} if kind else {})
    assert load_one(tmp_path, **entry).transport == "http"


def test_variables_are_replaced_everywhere_but_the_workspace_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLACE", "here")
    spec = load_one(
        tmp_path,
        command="${env:PLACE}/server",
        args=["${PLACE}", "${ABSENT:-fallback}", "${userHome}", "--root=${WORKSPACE}/r", "$HOME {x}"],
        env={"PORT": 80, "DEBUG": True, "NOTHING": None},
        toolweave={"values": {"path": "${WORKSPACE}/a", "city": ["${PLACE}", {"deep": "${WORKSPACE}"}]}},
    )
    assert spec.command == "here/server"
    assert spec.args == ["here", "fallback", str(Path.home()), "--root=${WORKSPACE}/r", "$HOME {x}"]
    assert spec.env == {"PORT": "80", "DEBUG": "true"}
    assert spec.options.values == {"path": ["/workspace/a"], "city": ["here", {"deep": "/workspace"}]}
    assert spec.uses_workspace


def test_the_digest_does_not_depend_on_secrets_or_layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests: set[str] = set()
    for secret, gap in (("one", ""), ("two", "\n\n")):
        monkeypatch.setenv("TOKEN", secret)
        text = '{"mcpServers": {"a": GAP{"command": "x", "env": {"T": "${TOKEN}"}}}}'
        digests.add(load(tmp_path, text.replace("GAP", gap)).digests["a"])
    assert len(digests) == 1


def test_a_secret_is_not_shown_with_its_server(tmp_path: Path) -> None:
    spec = load_one(tmp_path, command="x", env={"TOKEN": "hush-hush"}, args=["--key=hush-hush"])
    assert "hush" not in repr(spec)


def test_disabled_servers_are_skipped_and_keys_of_other_clients_accepted(tmp_path: Path) -> None:
    document = {
        "mcpServers": {
            "off": {"command": "${UNDEFINED}", "disabled": True},
            "on": {
                "command": "x",
                "autoApprove": [],
                "alwaysAllow": ["a"],
                "description": "d",
                "timeout": 60,
                "icon": "",
            },
        }
    }
    assert [spec.name for spec in load(tmp_path, document).servers] == ["on"]


def test_our_block_has_defaults_and_takes_lone_values(tmp_path: Path) -> None:
    spec = load_one(tmp_path, command="x", toolweave={"disposable": True, "values": {"city": "Oslo", "n": [1, 2]}})
    assert spec.options == ServerOptions(disposable=True, values={"city": ["Oslo"], "n": [1, 2]})
    assert (spec.options.start_timeout, spec.options.call_timeout) == (30, 30)


REFUSED: list[tuple[Any, str]] = [
    ("{", "/mcp.json:1:2: not valid JSON"),
    ("[]", "/mcp.json: an object with a key 'mcpServers' is expected"),
    ({"mcpServer": {}}, "did you mean 'mcpServers'?"),
    ({}, "there is no key 'mcpServers' (or 'servers')"),
    ({"mcpServers": []}, "key 'mcpServers': an object of servers by name is expected"),
    ('{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y"}}}', "the key 'a' is given twice"),
    ({"mcpServers": {"a": "x"}}, 'server "a": an object with a command or a url is expected'),
    ({"mcpServers": {"a": {}}}, "'command' (a local server) or 'url' (a remote one) is missing"),
    ({"mcpServers": {"a": {"command": "x", "url": "http://x"}}}, "both 'command' and 'url' are given"),
    ({"mcpServers": {"a": {"comand": "x"}}}, "server \"a\": unknown key 'comand'; did you mean 'command'?"),
    ({"mcpServers": {"a": {"command": "x", "zzz": 1}}}, "unknown key 'zzz'; known keys are type, command, args"),
    (
        {"mcpServers": {"a": {"command": "x", "toolweave": {"disposible": True}}}},
        "unknown key 'disposible' in 'toolweave'; did you mean 'disposable'?",
    ),
    ({"mcpServers": {"a": {"command": "x", "toolWeave": {}}}}, "did you mean 'toolweave'?"),
    ({"mcpServers": {"a": {"command": "x", "args": "y"}}}, "key 'args': input should be a valid list"),
    ({"mcpServers": {"a": {"command": "x", "toolweave": {"call_timeout": 0}}}}, "key 'toolweave.call_timeout': "),
    ({"mcpServers": {"a": {"command": "x", "toolweave": {"prepare": [[]]}}}}, "key 'toolweave.prepare.0': "),
    ({"mcpServers": {"a": {"command": "x", "type": "http"}}}, "type 'http' does not go with 'command'"),
    ({"mcpServers": {"a": {"type": "sse", "url": "http://x"}}}, 'type "sse" is not supported'),
    ({"mcpServers": {"a": {"url": "ftp://x"}}}, "key 'url': "),
    ({"mcpServers": {"a": {"url": "http://x/${WORKSPACE}"}}}, "a server behind a url has no workspace"),
    (
        {"mcpServers": {"a": {"command": "x", "env": {"T": "${NOT_DEFINED_ANYWHERE}"}}}},
        "server \"a\": key 'env.T': the variable ${NOT_DEFINED_ANYWHERE} is not defined; set the environment variable",
    ),
    ({"mcpServers": {"a": {"command": "x", "args": ["${input:token}"]}}}, "set the environment variable TOKEN"),
    ({"mcpServers": {"a": {"command": "x", "envFile": "absent.env"}}}, "key 'envFile': cannot read"),
]


@pytest.mark.parametrize(("document", "expected"), REFUSED)
def test_what_is_wrong_is_said_in_one_line(document: Any, expected: str, tmp_path: Path) -> None:
    line = refusal(tmp_path, document)
    assert line.startswith("/mcp.json")
    assert expected in line


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"{tmp_path}/none.json: there is no such file")):
        load_mcp_config(tmp_path / "none.json")
