"""`toolweave init` and `toolweave servers`, as a user calls them."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from toolweave.pipeline.cli import app
from toolweave.servers.config import load_mcp_config
from toolweave.servers.json_values import as_object

PROGRAM = """
import json, os, sys
STORE = os.environ.get("TINY_STORE_FILE", "store.json"), os.environ.get("PYTHON_TINY_PATH"), os.getenv("TINY_MODE")
def main():
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" in asked:
            tools = [{"name": "look", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": True}},
                     {"name": "wipe", "inputSchema": {"type": "object"}}]
            results = {"initialize": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                                      "serverInfo": {"name": "tiny", "version": "1"}}, "tools/list": {"tools": tools}}
            print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": results[asked["method"]]}), flush=True)
"""


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user with nothing on the machine, who stands in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))


def toolweave(*args: str) -> Result:
    return CliRunner().invoke(app, args)


def table(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "mcp.json").read_text())
    return as_object(document["mcpServers"])


def write_wheel(folder: Path) -> None:
    """A package with one program, as PyPI has them."""
    info = "tiny_mcp-1.2.dist-info"
    files = {
        "tiny_mcp.py": PROGRAM,
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny-mcp\nVersion: 1.2\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\ntiny-mcp = tiny_mcp:main\n",
    }
    lines = [f"{name},sha256={_digest(text)},{len(text)}" for name, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,"])
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny_mcp-1.2-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def test_init_gathers_what_other_clients_have_and_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / ".cursor").mkdir()
    entry = {"command": "python", "args": ["-m", "shop"], "env": {"SHOP_API_KEY": "s3cret"}}
    (tmp_path / ".cursor" / "mcp.json").write_text(json.dumps({"mcpServers": {"shop": entry}}))
    done = toolweave("init")
    assert done.exit_code == 0, done.stderr
    assert table(tmp_path) == {"shop": {**entry, "env": {"SHOP_API_KEY": "${SHOP_API_KEY}"}}}
    assert "SHOP_API_KEY" in done.stdout and "s3cret" not in done.stdout
    again = toolweave("init")
    assert again.exit_code == 2 and "--force" in again.stderr


def test_init_begins_with_a_bundled_world_where_no_client_is_found(tmp_path: Path) -> None:
    done = toolweave("init", "--json")
    assert json.loads(done.stdout)["servers"] == {"library": "bundled"}
    assert load_mcp_config(tmp_path / "mcp.json").servers[0].options.disposable


def test_a_command_is_tried_and_written_with_what_may_be_called(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text(PROGRAM + "main()\n")
    done = toolweave("servers", "add", "--env", "MODE=fast", "--env", "PATH", "--", "python", "tiny.py")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("added tiny to mcp.json: 2 tools, 1 may be called")
    assert '"disposable": true' in done.stdout
    assert table(tmp_path) == {
        "tiny": {"command": "python", "args": ["tiny.py"], "env": {"MODE": "fast", "PATH": "${PATH}"}}
    }
    taken = toolweave("servers", "add", "--", "python", "tiny.py")
    assert taken.exit_code == 2 and "--force" in taken.stderr


def test_a_server_that_does_not_start_is_not_written(tmp_path: Path) -> None:
    done = toolweave("servers", "add", "--name", "gone", "--", "python", "-c", "import no_such_module")
    assert done.exit_code == 1
    assert "no_such_module is not installed" in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "mcp.json").exists()


def test_a_package_is_installed_beside_mcp_json_and_its_version_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wheel(tmp_path / "wheels")
    links = str(tmp_path / "wheels")
    for installer in ("UV", "PIP"):
        monkeypatch.setenv(f"{installer}_FIND_LINKS", links)
        monkeypatch.setenv(f"{installer}_NO_INDEX", "1")
    done = toolweave("servers", "add", "pypi:tiny-mcp", "--disposable", "--json")
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["callable"] == ["look", "wipe"]
    assert "asks TINY_STORE_FILE where" in said["says"]
    assert "--env 'TINY_STORE_FILE=${WORKSPACE}/data.json'" in said["says"]
    options = {"package": "pypi:tiny-mcp==1.2", "disposable": True}
    assert table(tmp_path) == {"tiny": {"command": ".servers/pypi-tiny-mcp/bin/tiny-mcp", "toolweave": options}}
    told = ("--force", "--json", "--env", "TINY_STORE_FILE=${WORKSPACE}/tiny.json")
    again = toolweave("servers", "add", "pypi:tiny-mcp", *told)
    assert "asks" not in json.loads(again.stdout)["says"]


@pytest.mark.parametrize("name", ["libary", "pypi:", "npm:@@", "no-such-program"])
def test_what_names_no_server_is_one_line(name: str) -> None:
    done = toolweave("servers", "add", name)
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1


def test_servers_are_listed_simulated_and_removed_by_near_names(tmp_path: Path) -> None:
    tools = [{"name": "list_tasks", "inputSchema": {"type": "object"}}]
    lines = [json.dumps({"server": name, "tools": tools}) for name in ("Task Board", "Other")]
    (tmp_path / "tools.jsonl").write_text("\n".join(lines))
    several = toolweave("servers", "simulate", "--tools", "tools.jsonl")
    assert several.exit_code == 2 and "Task Board" in several.stderr
    done = toolweave("servers", "simulate", "--tools", "tools.jsonl", "--server", "Task Board")
    assert done.exit_code == 0, done.stderr
    assert table(tmp_path)["task-board"]["toolweave"] == {"disposable": True, "simulated": True}
    assert toolweave("servers").stdout.startswith("task-board: python -m toolweave.servers.simulated")
    near = toolweave("servers", "remove", "taskboard")
    assert near.exit_code == 2 and "did you mean 'task-board'?" in near.stderr
    assert toolweave("servers", "remove", "task-board").exit_code == 0
    assert table(tmp_path) == {}
