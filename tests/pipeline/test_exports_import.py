"""`openai` exports read back: the same samples, or the change is counted, or the reading is refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from toolweave.pipeline.cli import app
from toolweave.pipeline.exports import Options, export
from toolweave.pipeline.exports.companion import companion_of, read_samples
from toolweave.pipeline.storage.jsonl import read_lines
from toolweave.servers.errors import RunError

Row = dict[str, Any]
LEND, LOOK = "library/lend.copy", "look"


def tool(name: str) -> Row:
    return {"type": "function", "function": {"name": name, "description": name, "parameters": {"type": "object"}}}


def calls(call: str, name: str) -> Row:
    made = {"id": call, "type": "function", "function": {"name": name, "arguments": {"to": "Ada", "n": 1.0}}}
    return {"role": "assistant", "content": "", "reasoning_content": "Next.", "tool_calls": [made]}


def seen(call: str, name: str) -> Row:
    return {"role": "tool", "tool_call_id": call, "name": name, "content": "ok"}


def turn(kind: str, first: int, last: int, **more: Any) -> Row:
    return {"kind": kind, "messages": [first, last], "target": "s/t", **more}


def sample(number: int, **changed: Any) -> Row:
    """A turn in which a tool is withheld, then one with it, with a call that fails at the end."""
    return {
        "format": "toolweave/1",
        "id": f"tw-{number}",
        "tools": [tool(LOOK), tool(LEND)],
        "messages": [
            {"role": "user", "content": "Lend it to Ada."},
            {"role": "assistant", "content": "I cannot.", "reasoning_content": "No tool."},
            {"role": "user", "content": "Now you can."},
            calls("c1", LEND),
            seen("c1", LEND),
            {"role": "assistant", "content": "Lent.", "reasoning_content": "Done."},
            {"role": "user", "content": "Look."},
            calls("c2", LOOK),
            seen("c2", LOOK),
        ],
        "turns": [
            turn("missing_function", 0, 1, withheld=[LEND]),
            turn("base", 2, 5),
            turn("base", 6, 8, masked=[7]),
        ],
        "provenance": [{"call": "c1", "argument": "/to", "source": {"kind": "user", "turn": 0, "text": "Ada"}}],
        "checker": {"calls": [{"id": "c1", "server": "s", "tool": "t", "arguments": {"to": "Ada", "n": 1.0}}]},
        "servers": [{"name": "s", "version": "1", "digest": "d"}],
        "teacher": "offline",
        "seed": 1,
        "index": number,
        "quality": {"turns": 3, "calls": 2, "depth": 1, "dependent_calls": 0, "tools_offered": 2, "attempts": 1},
        **changed,
    }


ROWS = [sample(0), sample(1, tools=[tool(LOOK), tool(LEND), tool("look_")], style={"register": "stiff"})]


def written(folder: Path, rows: list[Row] = ROWS) -> Path:
    out = folder / "train.jsonl"
    export(lambda: copy.deepcopy(rows), "openai", out, Options(allow=frozenset({"tool-names"})))
    return out


def imported(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["import", str(file), "--out", str(file.parent / "back"), *arguments])


def test_what_is_exported_and_imported_is_the_same_sample(tmp_path: Path) -> None:
    out = written(tmp_path)
    assert len(list(read_lines(out))) > len(ROWS)
    done = imported(out, "--json")
    assert json.loads(done.stdout) | {"out": ""} == {"out": "", "samples": 2, "changed": 0}
    assert list(read_lines(tmp_path / "back" / "samples.jsonl")) == ROWS


def test_the_companion_does_not_repeat_what_the_lines_say(tmp_path: Path) -> None:
    companion = companion_of(written(tmp_path)).read_text()
    assert '"Lend it to Ada."' not in companion
    assert '"Lent."' not in companion
    assert companion.count('"Next."') == 4


def test_a_word_that_was_changed_in_the_lines_is_imported_and_counted(tmp_path: Path) -> None:
    out = written(tmp_path, ROWS[:1])
    out.write_text(out.read_text().replace("Lent.", "It is lent."))
    assert "1 of them changed" in imported(out).stdout
    (row,) = read_lines(tmp_path / "back" / "samples.jsonl")
    assert row["messages"][5]["content"] == "It is lent."


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('{"format"', '{"form"', "cannot be read back"),
        ('"lines": 2', '"lines": 9', "too few lines"),
        ('"seed": 1', '"seed": "one"', "is none"),
    ],
)
def test_a_companion_of_something_else_is_refused(tmp_path: Path, old: str, new: str, problem: str) -> None:
    out = written(tmp_path, ROWS[:1])
    companion = companion_of(out)
    companion.write_text(companion.read_text().replace(old, new))
    with pytest.raises(RunError, match=problem):
        list(read_samples(out))


def test_lines_that_no_companion_knows_of_are_refused(tmp_path: Path) -> None:
    out = written(tmp_path, ROWS[:1])
    out.write_text(out.read_text() + out.read_text().splitlines()[0] + "\n")
    with pytest.raises(RunError, match="more lines"):
        list(read_samples(out))


def test_an_export_without_its_companion_is_refused(tmp_path: Path) -> None:
    out = written(tmp_path)
    companion_of(out).unlink()
    assert "cannot be read" in imported(out).stderr


def test_a_run_is_never_overwritten_by_an_import(tmp_path: Path) -> None:
    out = written(tmp_path)
    assert imported(out).exit_code == 0
    again = imported(out)
    assert again.exit_code == 1
    assert "is there already" in again.stderr


def test_a_split_export_has_no_companion_and_takes_an_old_one_away(tmp_path: Path) -> None:
    out = written(tmp_path)
    export(lambda: ROWS, "openai", out, Options("turn", frozenset({"tool-names"})))
    assert not companion_of(out).exists()
