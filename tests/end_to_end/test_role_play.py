"""Role play and rewording from the command line, on a world, with the offline teacher."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from toolweave.pipeline.cli import app

LIBRARY = {
    "mcpServers": {
        "library": {
            "command": "python",
            "args": ["-m", "toolweave.servers.worlds.library"],
            "toolweave": {"disposable": True, "values": {"search_titles.text": ["Winter Ferry", "Saffron Street"]}},
        }
    }
}


def toolweave(*arguments: object) -> dict[str, Any]:
    """Call a command; what its last line says."""
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def rows(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "samples.jsonl").read_text("utf-8").splitlines()]


def test_a_role_played_run_is_kept_verified_reported_and_reworded(tmp_path: Path) -> None:
    mcp, run, other = tmp_path / "mcp.json", tmp_path / "played", tmp_path / "reworded"
    mcp.write_text(json.dumps(LIBRARY), encoding="utf-8")
    toolweave("run", "--mcp", mcp, "--out", run, "-n", 2, "--seed", 1, "--role-play", 1, "--json")
    played = rows(run)
    assert [row["mode"] for row in played] == ["role_play"] * 2
    assert all(
        message.get("reasoning_content")
        for row in played
        for message in row["messages"]
        if message["role"] == "assistant"
    )
    assert toolweave("verify", run)["passed"] == 2
    assert toolweave("verify", run, "--replay")["passed"] == 2
    assert toolweave("report", run, "--json")["marks"] == {"role_play": 2}
    talks = [json.loads(line) for line in (run / "events.jsonl").read_text("utf-8").splitlines() if '"talk"' in line]
    kept = {row["index"] for row in played}
    assert {talk["index"] for talk in talks if talk["failure"] is None} == kept

    found = toolweave("refine", run, "--out", other, "--seed", 5)
    assert found["refined"] + found["unchanged"] + found["dropped"] == 2
    assert found["refined"]
    assert toolweave("verify", other, "--replay")["passed"] == 2
    for before, after in zip(played, rows(other), strict=True):
        assert [called(one) for one in before["messages"]] == [called(one) for one in after["messages"]]
        changed = [at for at, one in enumerate(after["messages"]) if one != before["messages"][at]]
        assert changed == (after["refined"]["messages"] if "refined" in after else [])
        drafts = [one for one in lines(other / "revisions.jsonl") if one["mistake"] == "refined"]
        shown = {one["messages"]: one["draft"] for one in drafts if one["index"] == after["index"]}
        assert all((shown[at]["answer"] or "") == before["messages"][at]["content"] for at in changed)


def called(message: dict[str, Any]) -> Any:
    """What may not change in a message."""
    return message["role"], message.get("tool_calls"), message["content"] if message["role"] == "tool" else None


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
