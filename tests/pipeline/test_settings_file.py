"""Flags go before the environment, that before the settings file, that before defaults; and a plan calls nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.told import told
from toolweave.pipeline.cli import app, load_command
from toolweave.pipeline.commands.settings_file import ONE_EACH, UNFLAGGED
from toolweave.pipeline.settings import Pace, RunSettings

SHOP = """
import json, sys
ORDER = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}
LABEL = {"type": "object", "properties": {"printer": {"type": "string"}}, "required": ["printer"]}
READS = {"annotations": {"readOnlyHint": True}}
TOOLS = [{"name": "list_orders", "description": "List all orders.", "inputSchema": {"type": "object"}, **READS},
         {"name": "get_order", "description": "Get one order.", "inputSchema": ORDER, **READS},
         {"name": "print_label", "description": "Print a label.", "inputSchema": LABEL, **READS},
         {"name": "cancel_order", "description": "Cancel an order.", "inputSchema": ORDER}]
ORDERS = {"orders": [{"order_id": "OR-1", "status": "open"}]}
for line in sys.stdin:
    asked = json.loads(line)
    results = {"initialize": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                              "serverInfo": {"name": "shop", "version": "1"}},
               "tools/list": {"tools": TOOLS},
               "tools/call": {"content": [{"type": "text", "text": json.dumps(ORDERS)}]}}
    if "id" in asked:
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": results[asked["method"]]}), flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP)
    shop = {"command": "python", "args": ["shop.py"]}
    (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": {"shop": shop}}))
    return tmp_path


def toolweave(*args: object, **env: str) -> Result:
    return CliRunner().invoke(app, list(map(str, args)), env=env)


def planned(*args: object, **env: str) -> dict[str, Any]:
    done = toolweave(*args, "--json", **env)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_plan_says_what_may_be_called_and_why_and_calls_nothing(folder: Path) -> None:
    found = planned("plan", "--mcp", folder / "mcp.json", "-n", 3, "--seed", 1)
    tools = {tool["tool"]: tool for tool in found["tools"]}
    assert [name for name, tool in tools.items() if not tool["may_be_called"]] == ["shop/cancel_order"]
    assert "disposable" in tools["shop/cancel_order"]["why"]
    assert found["servers"]["started"].keys() == {"shop"}
    called = {call for plan in found["plans"] for turn in plan["turns"] for call in turn["calls"]}
    assert len(found["plans"]) == 3 and called <= {"shop/list_orders", "shop/get_order"}
    assert found["probed"] == 0
    assert found["values"] == {"shop": {"printer": ["…"]}}


def test_with_experiments_a_plan_is_drawn_as_a_run_draws_it(folder: Path) -> None:
    found = planned("plan", "--mcp", folder / "mcp.json", "-n", 2, "--probe")
    assert found["probed"] > 0


def test_a_dry_run_shows_the_same_plans_and_makes_no_directory(folder: Path) -> None:
    flags = ["--mcp", folder / "mcp.json", "-n", 3, "--seed", 1]
    dry = planned("run", *flags, "--out", folder / "out", "--dry-run")
    assert dry["plans"] == planned("plan", *flags)["plans"]
    assert not (folder / "out").exists()


def test_a_flag_goes_before_the_environment_and_that_before_the_file(folder: Path) -> None:
    (folder / "run.toml").write_text(
        'mcp = "mcp.json"\nsamples = 9\nseed = 9\nturns = 1\nkinds = {base = 1.0}\nout = "o"\n'
    )
    found = planned("run", "--settings", folder / "run.toml", "-n", 2, "--dry-run", TOOLWEAVE_SEED="5")
    assert found["settings"] == {
        "out": "settings file",
        "mcp": "settings file",
        "samples": "flag",
        "seed": "environment",
        "turns": "settings file",
        "kind": "settings file",
    }
    assert found["kinds"] == {"base": 2}
    assert found["plans"] == planned(
        "plan", "--mcp", folder / "mcp.json", "-n", 2, "--seed", 5, "--turns", 1, "--kind", "base=1"
    )["plans"]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), [("sed = 3", "did you mean 'seed'"), ("seed =", "cannot be read")])
def test_a_settings_file_that_says_nonsense_is_one_line(folder: Path, text: str, words: str) -> None:
    (folder / "run.toml").write_text(text)
    done = toolweave("plan", "--settings", folder / "run.toml", "--mcp", folder / "mcp.json")
    assert done.exit_code == 2
    assert len(told(done.stderr)) == 1 and words in done.stderr


def test_every_setting_of_a_run_can_stand_in_the_file() -> None:
    command: Any = load_command("run")
    options = {parameter.name for parameter in command.params}
    reached = {ONE_EACH.get(name, name) for name in (*RunSettings.model_fields, *Pace.model_fields)}
    assert reached - options == set(UNFLAGGED)


def test_a_setting_that_no_flag_has_counts_and_is_checked(folder: Path) -> None:
    (folder / "run.toml").write_text('mcp = "mcp.json"\nsamples = 2\nout = "o"\noffered = 0\n')
    done = toolweave("run", "--settings", folder / "run.toml", "--dry-run")
    assert done.exit_code == 2
    assert told(done.stderr) == ["toolweave: offered: Input should be greater than or equal to 1"]


@pytest.mark.parametrize(
    ("line", "words"),
    [("docter", "doctor"), ("servers ad x", "add"), ("run --sampels 3", "--samples"), ("graph shwo", "show")],
)
def test_near_misses_of_commands_and_flags_are_suggested(line: str, words: str) -> None:
    done = toolweave(*line.split())
    assert done.exit_code == 2
    assert words in done.output


def test_the_shell_can_complete_commands_and_flags() -> None:
    for words, place, wanted in (("toolweave se", "1", "servers"), ("toolweave run --se", "2", "--settings")):
        asked = {"_TOOLWEAVE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": place}
        assert wanted in CliRunner().invoke(app, [], env=asked, prog_name="toolweave").output.split()
