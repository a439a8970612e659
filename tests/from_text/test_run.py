"""From texts to kept samples that can be verified, and what is never made up on the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.from_text.conftest import Run, worlds_file
from toolweave.pipeline.cli import app

DESK = """# Desk

## Blocking a card

1. Find the member "Jamal Whitfield".
2. Suspend his card with the reason "books lent to others".
3. Open a ticket titled "Call him" with priority "low".
4. Assign the ticket to Mei Tanaka.
"""
PLANTED = """# Planted

## A missing value

1. Find the ingredient "Butter".
2. Compare who sells the ingredient.
3. Order the ingredient from one of these suppliers.

## A tool that is not there

1. Find the ingredient "Butter".
2. Run `purge_everything` on it.

## A decoy

In former times, the cook ordered 90 kilograms of it. Clerks put every lot on hold with the reason "theft".

1. Find the ingredient "Butter".
2. Put its lot on hold with the reason "smells rancid". Never cancel the order.
"""
DECOY = PLANTED[PLANTED.index("## A decoy") :]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_procedure_becomes_a_kept_sample_that_says_where_each_call_stands(run: Run, tmp_path: Path) -> None:
    manifest = run(DESK, "library")
    assert manifest["outcomes"] == {"kept": 1, "rejected": 0, "failed": 0, "unresolved": 0}
    (sample,) = lines(tmp_path / "run" / "samples.jsonl")
    calls = {call["id"]: (call["tool"], call["arguments"]) for call in sample["checker"]["calls"]}
    assert calls["call_2"][1]["reason"] == "books lent to others"
    assert sample["text"] == {
        "file": str(tmp_path / "manual.md"),
        "lines": [3, 8],
        "title": "Blocking a card",
        "steps": {
            "call_1": {"text": 'Find the member "Jamal Whitfield"', "lines": [5, 5]},
            "call_2": {"text": 'Suspend his card with the reason "books lent to others"', "lines": [6, 6]},
            "call_3": {"text": 'Open a ticket titled "Call him" with priority "low"', "lines": [7, 7]},
            "call_4": {"text": "Assign the ticket to Mei Tanaka", "lines": [8, 8]},
        },
    }
    assert {server["name"]: server["simulated"] for server in sample["servers"]} == {
        "library": False,
        "from-text": True,
    }
    done = CliRunner().invoke(app, ["verify", str(tmp_path / "run")])
    assert (done.exit_code, json.loads(done.stdout.splitlines()[-1])["passed"]) == (0, 1)


def test_the_same_texts_and_seed_give_the_same_bytes_also_when_resumed(run: Run, tmp_path: Path) -> None:
    run(DECOY, "kitchen", out="one")
    again = run(DECOY, "kitchen", out="one", resume=True)
    assert again["outcomes"]["kept"] == 1
    run(DECOY, "kitchen", out="two")
    for name in ("samples.jsonl", "procedures.jsonl"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_nothing_is_made_up_that_the_text_does_not_say(run: Run, tmp_path: Path) -> None:
    manifest = run(PLANTED, "kitchen")
    missing, named, decoy = manifest["procedures"]
    assert (missing["outcome"], missing["stage"]) == ("unresolved", "mapping")
    assert missing["reason"] == (
        "step 3 (line 7): kitchen/order_ingredient: neither the text nor an earlier step gives 'kilograms'"
    )
    assert (named["outcome"], named["reason"]) == (
        "unresolved",
        "step 2 (line 12): the text names 'purge_everything', and no server has a tool of that name",
    )
    assert decoy["outcome"] == "kept"
    assert [step["tool"] for step in decoy["steps"]] == ["kitchen/find_ingredient", "kitchen/hold_lot"]
    assert [remark["reason"] for remark in decoy["remarks"]] == ["it forbids"]
    (sample,) = lines(tmp_path / "run" / "samples.jsonl")
    assert [call["tool"] for call in sample["checker"]["calls"]] == ["find_ingredient", "hold_lot"]
    assert "theft" not in str(sample["messages"])
    assert sum(manifest["outcomes"].values()) == len(manifest["procedures"]) == 3


def test_a_step_that_no_tool_fits_says_so_where_nothing_may_be_simulated(run: Run) -> None:
    manifest = run(
        "# Late\n\n1. Find the ingredient `Butter`.\n2. Phone the harbour master.\n", "kitchen", simulate=False
    )
    (found,) = manifest["procedures"]
    assert (found["outcome"], found["reason"]) == (
        "unresolved",
        "step 2 (line 4): no tool fits 'Phone the harbour master'",
    )


def test_a_call_that_works_only_after_one_that_the_text_does_not_ask_for_is_not_helped(run: Run) -> None:
    booked = "Book an event for the client `Chess Club` on 12 July 2026 with 30 guests."
    text = f"# Event\n\n1. {booked}\n2. Confirm the event.\n"
    (found,) = run(text, "kitchen")["procedures"]
    assert found["outcome"] == "unresolved"
    assert found["stage"] == "plan"
    assert "dish" in found["reason"]  # the server's complaint, or what would have helped


def test_what_a_step_names_is_looked_up_and_a_clause_that_says_a_value_is_no_step(run: Run, tmp_path: Path) -> None:
    blocked = 'Block Ilse Brandt\'s card and put down "card lost" as the grounds.'
    manifest = run(f"# Desk\n\nStay calm.\n\n1. {blocked}\n", "library")
    (found,) = manifest["procedures"]
    assert [step["tool"] for step in found["steps"]] == ["library/find_member", "library/suspend_card"]
    assert found["steps"][0]["looked_up"] is True
    assert found["steps"][1]["arguments"]["reason"]["value"] == "card lost"
    assert found["outcome"] == "kept", found
    (sample,) = lines(tmp_path / "run" / "samples.jsonl")
    assert [call["tool"] for call in sample["checker"]["calls"]][-1] == "suspend_card"


def test_a_table_of_deeds_is_a_procedure_and_values_in_words_are_read(run: Run) -> None:
    table = "| No. | What to do | Who |\n|---|---|---|\n| 1 | Find the ingredient `Butter` | cook |\n"
    more = "| 2 | Compare the dealers who sell it | cook |\n| 3 | Buy six kilos from one of them | chef |\n"
    (found,) = run(f"# Stock\n\n{table}{more}", "kitchen")["procedures"]
    assert [step["tool"] for step in found["steps"]] == [
        "kitchen/find_ingredient",
        "kitchen/compare_suppliers",
        "kitchen/order_ingredient",
    ]
    assert found["steps"][2]["arguments"]["kilograms"]["value"] == 6


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere.md", "--out", "run"], 2, "there is no such file"),
        (["manual.md"], 2, "--out"),
        (["manual.md", "--out", "run", "--mcp", "nothing.json"], 2, "there is no such file"),
        (["empty.md", "--dry-run"], 3, "0 procedures"),
    ],
)
def test_bad_input_is_told_in_one_line(
    arguments: list[str], code: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    worlds_file(tmp_path, "kitchen")
    (tmp_path / "manual.md").write_text(DESK)
    (tmp_path / "empty.md").write_text("Nothing to do here.\n")
    done = CliRunner().invoke(app, ["from-text", *arguments])
    assert done.exit_code == code, done.output
    assert words in done.output


def test_a_dry_run_shows_every_step_with_its_tool_and_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    worlds_file(tmp_path, "library")
    (tmp_path / "manual.md").write_text(DESK)
    done = CliRunner().invoke(app, ["from-text", "manual.md", "--dry-run"])
    assert done.exit_code == 0, done.output
    assert "library/find_member(name = 'Jamal Whitfield')" in done.output
    assert "from-text/open_ticket (simulated)" in done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manual.md", "mcp.json"]
