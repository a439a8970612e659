"""Typical mistakes, made with real processes: each gets one line that says what is wrong and how to mend it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from toolweave.pipeline.cli import app
from toolweave.pipeline.onboarding.diagnosis import remedy
from toolweave.servers.spec import ServerSpec

GREETING: dict[str, Any] = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "s", "version": "1"},
}
SERVER = """
import json, sys
if NOISE:
    print(NOISE, flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if "id" in asked:
        results = {"initialize": GREETING, "tools/list": {"tools": TOOLS}}
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": results[asked["method"]]}), flush=True)
"""
FINE = {"name": "look", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": True}}
WRITING = {"name": "wipe", "inputSchema": {"type": "object"}}
LYING = {**FINE, "name": "delete_all"}
BROKEN = {"name": "drop", "inputSchema": {"type": "object", "properties": {"a": {"type": "strin"}}}}


def code(text: str, **more: Any) -> dict[str, Any]:
    return {"command": "python", "args": ["-c", text], **more}


def serving(*tools: dict[str, Any], noise: str = "") -> dict[str, Any]:
    return code(f"GREETING, TOOLS, NOISE = {(GREETING, list(tools), noise)!r}\n{SERVER}")


MISTAKES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "runtime": ({"command": "uvx-is-not-here"}, ["'uvx-is-not-here' was not found", "install it"]),
    "variable": ({"command": "python", "env": {"K": "${SHOP_KEY}"}}, ["set the environment variable SHOP_KEY"]),
    "key": (
        code("import sys; sys.exit('Error: SHOP_API_KEY environment variable is required')"),
        ['"SHOP_API_KEY": "${SHOP_API_KEY}"'],
    ),
    "module": (code("import no_such_module_here"), ["no_such_module_here is not installed"]),
    "version": (code("import mcp.no_such_part"), ["wrong version", "--with 'mcp<2'"]),
    "usage": (
        code("import argparse; p = argparse.ArgumentParser(); p.add_argument('--db', required=True); p.parse_args()"),
        ["the following arguments are required: --db", "--help"],
    ),
    "slow": (
        code("import sys; sys.stdin.read()", toolweave={"start_timeout": 1}),
        ["did not answer within 1 seconds", '"start_timeout": 2'],
    ),
    "web": (
        code("import sys; print('Uvicorn running on http://0.0.0.0:8000', flush=True); sys.stdin.read()",
             toolweave={"start_timeout": 1}),
        ["it serves HTTP", "'url'"],
    ),
    "ended": (code("pass"), ["ended with code 0", "is it an MCP server"]),
    "refused": ({"url": "http://127.0.0.1:9/mcp"}, ["cannot reach", "is it running"]),
    "nothing": (serving(), ["it lists no tools"]),
    "noisy": (serving(FINE, noise="Loading rules"), ["writes noise to stdout", "Loading rules", "stderr"]),
    "schema": (serving(FINE, BROKEN), ["drop is left out", "schema is broken"]),
    "lying": (serving(FINE, LYING), ["delete_all says that it only reads", "begins with 'delete': it is not believed"]),
    "locked": (serving(WRITING), ["none of its tools may be called", "disposable"]),
}  # fmt: skip
WORKING = {"noisy", "schema", "lying", "locked"}


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    mcp = tmp_path_factory.mktemp("doctor") / "mcp.json"
    mcp.write_text(json.dumps({"mcpServers": {name: entry for name, (entry, _) in MISTAKES.items()}}))
    done = CliRunner().invoke(app, ["doctor", "--mcp", str(mcp), "--json"])
    assert done.exit_code == 1 and done.stderr == ""
    return {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_one_line_with_what_to_do(mistake: str, examined: dict[str, dict[str, Any]]) -> None:
    line = examined[mistake]
    assert line["ok"] is (mistake in WORKING)
    assert "\n" not in line["says"] and "Traceback" not in line["says"]
    for words in MISTAKES[mistake][1]:
        assert words in line["says"]


@pytest.mark.parametrize(
    ("failure", "spec", "words"),
    [
        ("the command 'npx' was not found", ServerSpec(name="s", command="npx"), "Node.js"),
        ("it answered with error -32000: x (HTTP 401 Unauthorized)", ServerSpec(name="s", url="http://x"), "Bearer"),
        ("it answered with error -32000: x (HTTP 404 Not Found)", ServerSpec(name="s", url="http://x"), "/mcp"),
        ("it did not answer within 30 seconds", ServerSpec(name="s", command="uvx", args=["thing"]), "pypi:thing"),
        ("something quite unknown", ServerSpec(name="s", command="thing", args=["a b"]), "thing 'a b'"),
    ],
)
def test_further_failures_have_their_remedies(failure: str, spec: ServerSpec, words: str) -> None:
    assert words in remedy(failure, spec)


def test_a_package_whose_program_is_gone_is_to_be_installed_again() -> None:
    options = {"package": "pypi:thing==1"}
    spec = ServerSpec.model_validate({"name": "s", "command": ".servers/x/bin/thing", "options": options})
    line = remedy("the command '.servers/x/bin/thing' was not found", spec)
    assert line == "install it again: toolweave servers add --force --name s pypi:thing==1"
