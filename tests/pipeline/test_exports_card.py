"""The card of a data set, and the licences of servers that it names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from toolweave.pipeline.exports import ExportReport
from toolweave.pipeline.exports.card import card
from toolweave.pipeline.exports.licences import licences

REPORT = ExportReport(3, 1200, {"reasoning": 7})
COVERAGE: dict[str, Any] = {
    "kinds": {"base": {"turns": 4}, "parallel": {"turns": 1}},
    "shapes": {"turns": 5, "depth": {"1": 2, "2": 1}, "calls_per_turn": {"2": 5}},
    "values": {"calls": 10, "dependent_share": 0.4, "sources": {"output": 3, "user": 9}},
    "tools": {"called": 6, "reachable": 8, "targets": 4},
    "edges": {"confirmed": {"followed": 2, "known": 5}},
}


def run_in(folder: Path, mcp: dict[str, Any]) -> Path:
    (folder / "mcp.json").write_text(json.dumps(mcp))
    settings = {"mcp": str(folder / "mcp.json"), "mcp_digest": "abc", "model": "offline", "seed": 5}
    manifest = {
        "outcomes": {"kept": 3, "rejected": 1},
        "planned": 4,
        "servers": {
            "versions": {
                "kitchen": {"version": "1.0", "tools": 14, "digest": "d" * 64},
                "mine": {"version": "2|3", "tools": 1, "digest": "e" * 64},
            }
        },
        "teacher": {"name": "offline"},
        "versions": {"toolweave": "0.1.0"},
    }
    for name, value in (("settings", settings), ("manifest", manifest), ("coverage", COVERAGE)):
        (folder / f"{name}.json").write_text(json.dumps(value))
    return folder


KITCHEN = {"command": "python", "args": ["-m", "toolweave.servers.worlds.kitchen"]}
MCP = {"mcpServers": {"kitchen": KITCHEN, "mine": {"command": "/nowhere/mine"}}}


def test_a_card_tells_contents_provenance_servers_and_coverage(tmp_path: Path) -> None:
    page = card(run_in(tmp_path, MCP), "openai", "train", REPORT)
    assert page.startswith("---\ntask_categories: [text-generation]\n")
    for line in (
        "size_categories: [1K<n<10K]",
        "# train",
        "| samples | 3 |",
        "| lines | 1200 |",
        "| left out | reasoning (7) |",
        "| teacher | offline |",
        "| planned | 4: kept 3, rejected 1 |",
        "| kitchen | 1.0 | 14 | Apache-2.0 | dddddddddddddddd |",
        "| mine | 2/3 | 1 | unknown | eeeeeeeeeeeeeeee |",
        "| tools called | 6 of 8 reachable |",
        "| parallel | 1 |",
        "Not held against any benchmark (`toolweave decontaminate`).",
    ):
        assert line in page.splitlines()


def test_a_card_shows_the_decontamination_report_that_is_there(tmp_path: Path) -> None:
    found = {"samples": 3, "contaminated": 1, "noted": 0, "rules": {"request": 1}, "against": {"files": {"b.json": 20}}}
    (tmp_path / "contamination.json").write_text(json.dumps(found))
    page = card(run_in(tmp_path, MCP), "trl", "train", REPORT)
    assert "| held against | b.json (20 rows) |" in page.splitlines()
    assert "| contaminated | 1 |" in page.splitlines()


def test_servers_of_a_file_that_is_gone_have_unknown_licences(tmp_path: Path) -> None:
    folder = run_in(tmp_path, MCP)
    (folder / "mcp.json").unlink()
    assert licences(folder / "mcp.json") == {}
    assert "| kitchen | 1.0 | 14 | unknown | dddddddddddddddd |" in card(folder, "trl", "train", REPORT)


def test_the_licence_is_that_of_the_package_whose_script_a_server_is(tmp_path: Path) -> None:
    packages = tmp_path / "env" / "lib" / "python3.11" / "site-packages" / "mine-1.0.dist-info"
    packages.mkdir(parents=True)
    (packages / "METADATA").write_text("Metadata-Version: 2.4\nName: mine\nVersion: 1.0\nLicense-Expression: ISC\n")
    (packages / "entry_points.txt").write_text("[console_scripts]\nmine-server = mine:main\n")
    servers = {"a": {"command": "./env/bin/mine-server"}, "b": {"command": "./env/bin/other"}}
    run_in(tmp_path, {"mcpServers": servers})
    assert licences(tmp_path / "mcp.json") == {"a": "ISC", "b": "unknown"}
