"""Bad input gets one clear line and a non-zero exit; the rest of a run goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.told import told


def toolweave(*args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "toolweave.pipeline", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = told(done.stderr)
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]


def write(path: Path, servers: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"mcpServers": servers}))
    return path


def test_a_missing_mcp_json_is_named(tmp_path: Path) -> None:
    done = toolweave("run", "--mcp", tmp_path / "no.json", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "no.json" in one_line(done)


def test_a_malformed_mcp_json_is_named_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "mcp.json").write_text('{"mcpServers": {"a": }')
    done = toolweave("run", "--mcp", tmp_path / "mcp.json", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "mcp.json" in one_line(done)


def test_a_misspelt_key_gets_a_suggestion(tmp_path: Path) -> None:
    mcp = write(tmp_path / "mcp.json", {"kitchen": {"comand": "python"}})
    done = toolweave("run", "--mcp", mcp, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "comand" in one_line(done)
    assert "command" in one_line(done)


def test_an_unknown_command_is_named_and_no_server_is_a_broken_run(tmp_path: Path) -> None:
    mcp = write(tmp_path / "mcp.json", {"ghost": {"command": "no-such-program-here"}})
    done = toolweave("run", "--mcp", mcp, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "no-such-program-here" in one_line(done)


def test_doctor_names_each_broken_server_and_goes_on(tmp_path: Path) -> None:
    servers = {
        "ghost": {"command": "no-such-program-here"},
        "time": {"command": "python", "args": ["-m", "mcp_server_time"]},
    }
    done = toolweave("doctor", "--mcp", write(tmp_path / "mcp.json", servers), "--json")
    lines = {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 1
    assert not lines["ghost"]["ok"]
    assert lines["time"]["ok"]
    assert lines["time"]["tools"] == 2


def test_an_endpoint_that_refuses_is_one_line(tmp_path: Path) -> None:
    mcp = write(tmp_path / "mcp.json", {"time": {"command": "python", "args": ["-m", "mcp_server_time"]}})
    done = toolweave("doctor", "--mcp", mcp, "--model", "m", "--base-url", "http://127.0.0.1:9/v1", "--json")
    lines = {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 1
    assert not lines["teacher m"]["ok"]
    assert "127.0.0.1:9" in lines["teacher m"]["says"]


def test_an_output_directory_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    mcp = write(tmp_path / "mcp.json", {"time": {"command": "python", "args": ["-m", "mcp_server_time"]}})
    (tmp_path / "file").write_text("")
    done = toolweave("run", "--mcp", mcp, "--out", tmp_path / "file" / "out")
    assert done.returncode == 1
    assert "cannot be written" in one_line(done)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tools": 3}', '{"tools": []}'])
def test_a_broken_tools_file_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "tools.json").write_text(text)
    done = toolweave("graph", "build", "--tools", tmp_path / "tools.json", "--out", tmp_path / "edges.json")
    assert done.returncode == 2
    assert "tools.json" in one_line(done)


def test_an_export_of_nothing_or_to_an_unknown_format_is_one_line(tmp_path: Path) -> None:
    assert "samples.jsonl" in one_line(toolweave("export", tmp_path, "--to", "trl", "--out", tmp_path / "x"))
    (tmp_path / "samples.jsonl").write_text("")
    done = toolweave("export", tmp_path, "--to", "tlr", "--out", tmp_path / "x")
    assert done.returncode == 2
    assert "trl" in one_line(done)


def test_a_run_without_any_callable_tool_says_why(tmp_path: Path) -> None:
    clock = {"command": "python", "args": ["-m", "mcp_server_time"], "toolweave": {"deny": ["*"]}}
    done = toolweave("run", "--mcp", write(tmp_path / "mcp.json", {"clock": clock}), "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "no tool may be called" in one_line(done)


def test_a_server_that_dies_in_mid_call_costs_only_its_own_trajectories(tmp_path: Path) -> None:
    script = tmp_path / "dying.py"
    script.write_text(
        "import os\nfrom mcp.server.mcpserver import MCPServer\nserver = MCPServer('dying', version='1')\n"
        "@server.tool()\ndef fall_over() -> str:\n    'Fall over.'\n    os._exit(3)\nserver.run('stdio')\n"
    )
    servers = {
        "dying": {"command": "python", "args": [str(script)], "toolweave": {"disposable": True}},
        "clock": {
            "command": "python",
            "args": ["-m", "mcp_server_time"],
            "toolweave": {
                "values": {"timezone": ["Asia/Tokyo"], "source_timezone": ["Europe/Oslo"], "time": ["14:30"]}
            },
        },
    }
    done = toolweave(
        "run", "--mcp", write(tmp_path / "mcp.json", servers), "--out", tmp_path / "out", "-n", "2", "--json"
    )
    manifest = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stderr
    assert manifest["outcomes"]["kept"] > 0
    assert set(manifest["servers"]["versions"]) == {"dying", "clock"}
    rejected = [json.loads(line) for line in (tmp_path / "out" / "rejected.jsonl").read_text().splitlines()]
    assert {line["stage"] for line in rejected if line["target"] == "dying/fall_over"} <= {"server"}
