"""Decontamination: layouts that are read, rules that condemn, rules that only note, and the command."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from toolweave.pipeline.cli import app
from toolweave.pipeline.contamination import Screen
from toolweave.pipeline.contamination.benchmark import read_benchmarks
from toolweave.pipeline.contamination.constants import constants_in
from toolweave.pipeline.contamination.dataset import write_without
from toolweave.pipeline.contamination.words import content_words, words
from toolweave.pipeline.sample import Sample
from toolweave.servers.errors import ConfigError, RunError

Row = dict[str, Any]

LONG = "Rotate the telescope on the north roof toward the crab nebula, take 12 exposures and store them by date"
SHORT = "Water the moss wall for 8 minutes"


def schema(name: str, description: str = "", **types: str) -> Row:
    properties = {key: {"type": kind, "description": "a value"} for key, kind in types.items()}
    return {"name": name, "description": description, "parameters": {"type": "dict", "properties": properties}}


def sample(text: str, *tools: Row, name: str = "tw-1", arguments: Row | None = None) -> Sample:
    call = {"id": "c1", "type": "function", "function": {"name": "aim", "arguments": arguments or {}}}
    messages = [
        {"role": "user", "content": text},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "name": "aim", "content": "ok"},
        {"role": "assistant", "content": "It is aimed."},
    ]
    return Sample.model_validate(
        {
            "id": name,
            "tools": [{"type": "function", "function": tool} for tool in tools],
            "messages": messages,
            "turns": [{"kind": "base", "messages": [0, 3], "target": "sky/aim"}],
            "provenance": [],
            "checker": {"calls": []},
            "servers": [],
            "teacher": "offline",
            "seed": 1,
            "index": 0,
            "quality": dict.fromkeys("turns calls depth dependent_calls tools_offered attempts".split(), 1),
        }
    )


def bench(tmp_path: Path, *rows: Any, name: str = "bench.jsonl") -> Path:
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def rules(screen: Screen, own: Sample) -> list[str]:
    return [finding.rule for finding in screen.findings(own)]


# Layouts


def test_chat_turns_nested_in_a_list_with_schemas_beside_them_are_read(tmp_path: Path) -> None:
    turns = [
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": LONG}],
        [],
        [{"role": "user", "content": SHORT}],
    ]
    tools = [schema("sky.aimScope", angle="float")]
    path = bench(tmp_path, {"id": "night_0", "question": turns, "function": tools}, name="night.json")
    (row,) = read_benchmarks([path])
    assert (row.file, row.name, row.questions) == (str(path), "night_0", (LONG, SHORT))
    assert [(tool.key, tool.parameters) for tool in row.tools] == [("aim scope", frozenset({"angle:number"}))]


def test_a_start_state_and_answers_written_as_code_give_values_and_names(tmp_path: Path) -> None:
    asked = {
        "id": "m_1",
        "question": [[{"role": "user", "content": LONG}]],
        "initial_config": {"Sky": {"owner": "kim.lee42@example.org"}},
        "involved_classes": ["Sky"],
    }
    answers = bench(tmp_path, {"id": "m_1", "ground_truth": [["aim_scope(plate='ZX-40417')"], []]}, name="answers.json")
    first, second = read_benchmarks([bench(tmp_path, asked), answers])
    assert first.constants >= {"kim.lee42@example.org"}
    assert second.called == {"aim scope"}
    assert second.constants == {"zx-40417"}
    assert second.questions == ()


def test_answers_as_objects_and_files_of_schemas_are_read(tmp_path: Path) -> None:
    answers = bench(tmp_path, {"ground_truth": [{"Sky.aim_scope": {"angle": [1.0]}}]}, name="answers.jsonl")
    tools = bench(tmp_path, schema("aim_scope", "Show a message to the user.", message="string"), name="tools.json")
    first, second = read_benchmarks([answers, tools])
    assert first.called == {"aim scope"}
    assert second.questions == ()
    assert [tool.name for tool in second.tools] == ["aim_scope"]


@pytest.mark.parametrize(
    "row",
    [
        {"question": LONG},
        {"Prompt": LONG, "answer": "done"},
        LONG,
        {"messages": [{"role": "user", "content": LONG}, {"role": "assistant", "content": "Done."}]},
        {"conversations": [{"from": "human", "value": LONG}, {"from": "gpt", "value": "Done."}]},
        {"user_scenario": {"instructions": {"persona": None, "why": LONG}}},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": LONG}]}]},
    ],
)
def test_a_request_is_found_where_such_files_keep_it(tmp_path: Path, row: Any) -> None:
    (read,) = read_benchmarks([bench(tmp_path, row)])
    assert LONG in read.questions
    assert "Done." not in read.questions


def test_a_list_an_object_around_a_list_and_packed_lines_read_alike(tmp_path: Path) -> None:
    rows = [{"query": LONG}, {"query": SHORT}]
    (tmp_path / "list.json").write_text(json.dumps(rows))
    (tmp_path / "around.json").write_text(json.dumps({"version": 2, "questions": rows, "authors": ["Kim"]}))
    (tmp_path / "lines.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    for name in ("list.json", "around.json", "lines.jsonl.gz"):
        assert [row.questions for row in read_benchmarks([tmp_path / name])] == [(LONG,), (SHORT,)]


def test_a_named_field_is_read_and_a_misspelt_one_is_refused(tmp_path: Path) -> None:
    path = bench(tmp_path, {"task": {"wish": [{"said": LONG}]}, "query": "not this"})
    assert [row.questions for row in read_benchmarks([path], ["task.wish.said"])] == [(LONG,)]
    with pytest.raises(ConfigError, match=r"--field 'task.wishes': no row of .*bench.jsonl has a text there"):
        read_benchmarks([path], ["task.wishes"])


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b'{"query": "a b"}\n{"query": \n', "bench.jsonl:2: not JSON"),
        (b"", "bench.jsonl: holds no rows"),
        (b"[]", "bench.jsonl: holds no rows"),
        (b"[1]", "bench.jsonl:1: a row is a JSON object or a text, not int"),
        (b'{"wunsch": "Ein Boot, bitte, und zwei Ruder dazu"}', "no request, tool or call found; name the field"),
        (b"\xff\xfe\x00", "not UTF-8 text"),
        (b"[" * 100_000, "JSON is nested too deeply"),
    ],
)
def test_a_file_that_cannot_be_compared_is_refused(tmp_path: Path, data: bytes, problem: str) -> None:
    path = tmp_path / "bench.jsonl"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=problem):
        read_benchmarks([path])


# Words


def test_case_punctuation_and_numbers_do_not_count() -> None:
    assert words("Don't pay 1,250.50 EUR before 09:30!") == words("dont pay 7 eur BEFORE twelve")
    assert words("時間は9時") == ["時", "間", "は", "0", "時"]
    assert content_words("Could you please list the listings?") == ["list", "list"]


def test_thirteen_shared_words_condemn_and_twelve_do_not(tmp_path: Path) -> None:
    screen = Screen.read([bench(tmp_path, {"id": "q", "question": LONG})])
    thirteen = "Oh well. ROTATE the telescope on the north roof; toward the Crab nebula take 3! Then go to bed."
    (found,) = screen.findings(sample(thirteen))
    assert found.as_json() == {
        "rule": "words",
        "file": str(tmp_path / "bench.jsonl"),
        "row": "q",
        "where": "message 0 (user)",
        "shared": "rotate the telescope on the north roof toward the crab nebula take 0",
        "score": 1.0,
        "contaminated": True,
    }
    twelve = (
        "the telescope on the north roof toward the crab nebula take 3 or do other wholly unrelated errands instead"
    )
    assert "words" not in rules(screen, sample(f"{twelve} in town, with friends, bicycles, lemonade and sandwiches"))


def test_a_short_request_condemns_as_a_whole(tmp_path: Path) -> None:
    screen = Screen.read([bench(tmp_path, {"question": SHORT}, {"question": "Feed both grey cats"})])
    assert rules(screen, sample(f"Hi! {SHORT.upper()}, thanks.")) == ["words"]
    assert rules(screen, sample("feed both grey cats!")) == ["words"]
    assert (
        rules(
            screen, sample("Later you may feed both grey cats or the parrot, air the attic, oil the hinges and sweep")
        )
        == []
    )


def test_a_row_of_numbers_is_no_wording(tmp_path: Path) -> None:
    numbers = " ".join(map(str, range(20)))
    assert rules(Screen.read([bench(tmp_path, {"question": f"Sum {numbers}"})]), sample(f"Sort {numbers}")) == []


def test_a_reordered_and_reworded_request_is_a_paraphrase(tmp_path: Path) -> None:
    screen = Screen.read([bench(tmp_path, {"question": LONG}, {"question": "Paint the fence green before Easter"})])
    (found,) = screen.findings(
        sample("Take exposures of the crab nebula and store them, once the telescope on the north roof was rotated")
    )
    assert (found.rule, found.row, found.contaminated) == ("paraphrase", "row 1", True)
    assert rules(screen, sample("Store the green fence paint on the north side of the shed")) == []


# Tools and values


def test_a_tool_of_the_same_name_and_parameters_condemns(tmp_path: Path) -> None:
    path = bench(tmp_path, {"question": LONG, "function": [schema("Sky.aimScope", angle="float", target="String")]})
    own = {"angle": {"type": "number"}, "target": {"anyOf": [{"type": "string"}, {"type": "null"}]}}
    tool = {"name": "aim_scope", "description": "", "parameters": {"type": "object", "properties": own}}
    (found,) = Screen.read([path]).findings(sample("x", tool))
    assert (found.rule, found.where, found.shared, found.contaminated) == ("tool", "tool aim_scope", "aim scope", True)


def test_a_name_or_a_schema_alone_is_noted_and_does_not_condemn(tmp_path: Path) -> None:
    path = bench(
        tmp_path,
        {"question": LONG, "function": [schema("aim", angle="float", target="string", speed="int")]},
        {"ground_truth": ["dim_lamp(x=1)"]},
    )
    screen = Screen.read([path])
    same_name = schema("aim", sector="string")
    same_schema = schema("turn_dish", angle="number", target="string", speed="integer")
    own = sample("x", same_name, same_schema, schema("dim_lamp", hue="string"))
    assert rules(screen, own) == ["tool_name", "schema", "tool_name"]
    assert screen.rejection(own) is None


def test_two_distinctive_values_of_one_row_condemn_and_one_is_noted(tmp_path: Path) -> None:
    state = {"question": "Do it all again for me", "config": {"plate": "ZX-40417", "mail": "kim@example.org"}}
    screen = Screen.read([bench(tmp_path, state, {"question": "Once more with feeling", "plate": "QQ-99181"})])
    assert rules(screen, sample("x", arguments={"plate": "zx-40417"})) == ["constant"]
    assert rules(screen, sample("Write to Kim@Example.org", arguments={"plate": "zx-40417"})) == ["constants"]
    assert rules(screen, sample("x", arguments={"a": "QQ-99181", "b": "ZX-40417"})) == ["constant"]


def test_dates_times_amounts_and_plain_words_are_not_distinctive() -> None:
    plain = [
        "2026-11-21T09:30",
        "21.11.2026",
        "09:30:00",
        "1,250.50 EUR",
        "20kg",
        "UTC+02:00",
        "A1:E55",
        "notes.txt",
        99,
    ]
    assert constants_in([*plain, True, "harbour"]) == frozenset()
    assert constants_in(["INV-20417", 6041729, "wait for the blue ferry"]) == {
        "inv-20417",
        "6041729",
        "wait for the blue ferry",
    }


# The gate and the command


def test_the_gate_names_what_is_shared_and_with_whom(tmp_path: Path) -> None:
    path = bench(tmp_path, {"id": "q7", "question": SHORT})
    screen = Screen.read([path])
    assert screen.rejection(sample(SHORT)) == (
        f"message 0 (user): shares words with {path} (q7): water the moss wall for 0 minutes"
    )
    assert screen.rejection(sample("Polish every brass lamp in the hall")) is None


def written(tmp_path: Path, *samples: Sample) -> Path:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "samples.jsonl").write_text("".join(own.model_dump_json() + "\n" for own in samples))
    return tmp_path / "run"


def test_the_command_reports_and_writes_the_clean_rows_beside_the_old_file(tmp_path: Path) -> None:
    run = written(tmp_path, sample(LONG), sample("Polish every brass lamp in the hall", name="tw-2"))
    before = (run / "samples.jsonl").read_bytes()
    path = bench(tmp_path, {"id": "q", "question": LONG})
    done = CliRunner().invoke(app, ["decontaminate", str(run), "--against", str(path), "--drop", "--json"])
    assert done.exit_code == 4
    assert json.loads(done.stdout) == {
        "samples": 2,
        "contaminated": 1,
        "noted": 0,
        "rules": {"words": 1},
        "report": str(run / "contamination.json"),
        "cleaned": str(run / "samples.clean.jsonl"),
    }
    assert (run / "samples.jsonl").read_bytes() == before
    assert (run / "samples.clean.jsonl").read_bytes() == before.splitlines(keepends=True)[1]
    report = json.loads((run / "contamination.json").read_text())
    assert list(report["findings"]) == ["tw-1"]
    assert report["against"]["files"] == {str(path): 1}


def test_a_file_that_grew_while_it_was_judged_is_not_written_again(tmp_path: Path) -> None:
    run = written(tmp_path, sample("Polish every brass lamp in the hall"), sample(LONG))
    with pytest.raises(RunError, match="has changed meanwhile: wait until its run has ended"):
        write_without(run, "samples.clean.jsonl", frozenset(), known=1)
    assert not (run / "samples.clean.jsonl").exists()


def test_a_clean_run_exits_with_zero_and_bad_input_with_two_in_one_line(tmp_path: Path) -> None:
    run = written(tmp_path, sample("Polish every brass lamp in the hall"))
    good = bench(tmp_path, {"question": LONG})
    assert CliRunner().invoke(app, ["decontaminate", str(run), "--against", str(good)]).exit_code == 0
    for directory, path in ((tmp_path, good), (run, tmp_path / "none.json"), (run, tmp_path)):
        done = CliRunner().invoke(app, ["decontaminate", str(directory), "--against", str(path)])
        assert (done.exit_code, done.stderr.count("\n")) == (2, 1)


def test_reports_are_equal_whatever_the_hash_seed(tmp_path: Path) -> None:
    own = sample("Write to kim@example.org", schema("aim", angle="float"), arguments={"a": "ZX-40417", "b": "QQ-99181"})
    run = written(tmp_path, own, sample(LONG, name="tw-2"))
    rows = [{"question": LONG, "plates": ["ZX-40417", "QQ-99181"], "to": "kim@example.org"} for _ in range(5)]
    command = ["decontaminate", str(run), "--against", str(bench(tmp_path, *rows)), "--out"]
    other = [sys.executable, "-m", "toolweave.pipeline", *command, str(tmp_path / "1")]
    done = subprocess.run(other, env=os.environ | {"PYTHONHASHSEED": "1"}, check=False)
    here = CliRunner().invoke(app, [*command, str(tmp_path / "2")])
    assert (done.returncode, here.exit_code) == (4, 4)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
