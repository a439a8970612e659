"""Twins: what is one, which of them stays, and that neither order of settling nor hashing decides it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from toolweave.pipeline.cli import app
from toolweave.pipeline.duplicates import Signature, Twins, Weeder, candidate, signature
from toolweave.pipeline.duplicates.twins import NEAR
from toolweave.pipeline.sample import Sample

Row = dict[str, Any]


def offered(name: str, *parameters: str) -> Row:
    schema = {"type": "object", "properties": {parameter: {"type": "string"} for parameter in parameters}}
    return {"type": "function", "function": {"name": name, "description": "", "parameters": schema}}


def says(role: str, text: str) -> Row:
    return {"role": role, "content": text}


def booking(
    text: str, guest: str = "Mara", *, room: int = 0, nights: int = 3, name: str = "tw-1", room_id: str = "R-1"
) -> Sample:
    """A guest is looked up and gets a room that the look-up listed."""
    calls = [
        ("c1", "find_guest", {"name": guest}),
        ("c2", "book_room", {"room_id": room_id, "nights": nights, "meals": "half", "view": "sea"}),
    ]
    steps = [
        message
        for call, tool, arguments in calls
        for message in (
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"id": call, "type": "function", "function": {"name": tool, "arguments": arguments}}],
            },
            {"role": "tool", "tool_call_id": call, "name": tool, "content": room_id},
        )
    ]
    said = [("c1", "/name", guest), ("c2", "/nights", str(nights)), ("c2", "/meals", "half"), ("c2", "/view", "sea")]
    provenance = [
        {"call": call, "argument": place, "source": {"kind": "user", "turn": 0, "text": value}}
        for call, place, value in said
    ]
    taken = {"kind": "output", "call": "c1", "place": f"/rooms/{room}/id"}
    return sample_of(
        [says("user", text), *steps, says("assistant", "Done.")],
        name=name,
        target="inn/book_room",
        provenance=[*provenance, {"call": "c2", "argument": "/room_id", "source": taken}],
    )


def refusal(text: str, name: str = "tw-1", kind: str = "irrelevant") -> Sample:
    return sample_of(
        [says("user", text), says("assistant", "I can't do that.")], name=name, kind=kind, target="inn/fly"
    )


def sample_of(
    messages: list[Row], *, name: str, target: str, kind: str = "base", provenance: list[Row] | None = None
) -> Sample:
    return Sample.model_validate(
        {
            "id": name,
            "tools": [offered("find_guest", "name"), offered("book_room", "room_id", "nights")],
            "messages": messages,
            "turns": [{"kind": kind, "messages": [0, len(messages) - 1], "target": target}],
            "provenance": provenance or [],
            "checker": {"calls": []},
            "servers": [],
            "teacher": "offline",
            "seed": 1,
            "index": 0,
            "quality": dict.fromkeys("turns calls depth dependent_calls tools_offered attempts".split(), 1),
        }
    )


REQUEST = "Book Mara the first room she likes for 3 nights, half board, with a view of the sea."


def kept(*samples: Sample) -> Twins:
    twins = Twins()
    for sample in samples:
        twins.keep(sample.id, signature(sample))
    return twins


def test_a_copy_under_another_id_is_a_twin_and_names_the_kept_one() -> None:
    twin = kept(booking(REQUEST)).seen(signature(booking(REQUEST, name="tw-2")))
    assert twin is not None
    assert twin.as_json() == {
        "twin": "tw-1",
        "why": "same calls and values",
        "similarity": 1.0,
        "request": 1.0,
        "calls": 1.0,
        "values": 1.0,
    }


def test_other_wording_does_not_hide_the_same_calls_with_the_same_values() -> None:
    twin = kept(booking(REQUEST)).seen(signature(booking("mara wants three nights by the SEA", " mara ")))
    assert twin is not None
    assert (twin.why, twin.values) == ("same calls and values", 1.0)
    assert twin.request < 0.2


def test_ids_that_a_server_makes_up_do_not_hide_a_twin() -> None:
    assert kept(booking(REQUEST)).seen(signature(booking(REQUEST, room_id="R-7781"))) is not None


def test_one_value_of_many_makes_a_near_twin() -> None:
    twin = kept(booking(REQUEST)).seen(signature(booking(REQUEST.replace("3", "4"), nights=4)))
    assert twin is not None
    assert (twin.why, twin.request, twin.calls, twin.values) == ("nearly the same", 1.0, 1.0, 0.6)


@pytest.mark.parametrize(
    "other",
    [
        booking(REQUEST.replace("Mara", "Iven").replace("3", "9"), "Iven", nights=9),
        booking("Something else altogether, in words of its own, please and thanks", nights=4),
    ],
    ids=["the template with other values", "another value and another wording"],
)
def test_what_asks_for_other_things_is_no_twin(other: Sample) -> None:
    assert kept(booking(REQUEST)).seen(signature(other)) is None


def test_another_entry_of_an_output_counts_as_a_difference() -> None:
    same = kept(booking(REQUEST)).seen(signature(booking(REQUEST)))
    other = kept(booking(REQUEST)).seen(signature(booking("The quiet one at the back for her", room=4)))
    assert (same is not None, other) == (True, None)


def test_turns_that_call_nothing_are_compared_by_their_words() -> None:
    twins = kept(refusal("Fly me over the harbour in a red balloon tonight"))
    assert twins.seen(signature(refusal("fly me over the harbour in a red balloon tonight!"))) is not None
    polite = "Morning! Fly me over the harbour in a red balloon tonight. Thanks so much!"
    assert twins.seen(signature(refusal(polite))) is not None
    assert twins.seen(signature(refusal("Fly my grandmother to the northern glacier next spring"))) is None


def test_one_request_in_turns_of_two_kinds_is_a_contrast_and_no_twin() -> None:
    text = "Fly me over the harbour in a red balloon tonight"
    assert kept(refusal(text)).seen(signature(refusal(text, kind="missing_function"))) is None


def test_the_index_leaves_out_no_pair_that_is_near_enough() -> None:
    rng = random.Random(7)

    def some(universe: range) -> frozenset[int]:
        return frozenset(rng.sample(universe, rng.randrange(len(universe) - 4, len(universe))))

    def alike(one: frozenset[int], other: frozenset[int]) -> float:
        return len(one & other) / len(one | other)

    signatures = [Signature(1, some(range(60)), some(range(30)), some(range(12)), frozenset()) for _ in range(120)]
    near = 0
    for first, one in enumerate(signatures):
        twins = Twins()
        twins.keep("one", one)
        for other in signatures[first:]:
            pairs = ((one.request, other.request), (one.calls, other.calls), (one.values, other.values))
            expected = sum(alike(*pair) for pair in pairs) / 3 >= NEAR
            assert (twins.seen(other) is not None) == expected
            near += expected
    assert 120 < near < 7000


def test_a_weeder_keeps_the_first_and_reports_the_others_with_examples() -> None:
    weeder = Weeder("mine")
    weeder.against("older", [candidate(booking(REQUEST, name="tw-old"))])
    fresh = booking("A room for Iven, full of light", "Iven", nights=2, name="tw-new")
    later = [booking(REQUEST, name="tw-a"), fresh, booking(REQUEST, "Iven", nights=2, name="tw-b")]
    pairs = list(weeder.weed(map(candidate, later)))
    assert [(pair.position, pair.id, pair.twin.id, pair.kept_in) for pair in pairs] == [
        (0, "tw-a", "tw-old", "older"),
        (2, "tw-b", "tw-new", "mine"),
    ]
    report = weeder.as_json()
    assert report["why"] == {"same calls and values": 2}
    assert report["examples"][1]["requests"] == [[REQUEST], ["A room for Iven, full of light"]]


def test_weeding_in_waves_gives_what_weeding_at_once_gives() -> None:
    guests = [("Mara", 1), ("Iven", 2), ("Mara", 1), ("Iven", 2), ("Olo", 5)]
    samples = [booking(REQUEST, guest, nights=n, name=f"tw-{i}") for i, (guest, n) in enumerate(guests)]
    own = list(map(candidate, samples))
    once, waves = Weeder("run"), Weeder("run")
    at_once = [pair.id for pair in once.weed(own)]
    in_waves = [pair.id for start in (0, 2, 4) for pair in waves.weed(own[start : start + 2])]
    assert at_once == in_waves == ["tw-2", "tw-3"]


def written(folder: Path, *samples: Sample) -> Path:
    folder.mkdir(parents=True)
    (folder / "samples.jsonl").write_text("".join(sample.model_dump_json() + "\n" for sample in samples))
    return folder


def test_the_command_reports_twins_and_writes_the_rest_beside_the_old_file(tmp_path: Path) -> None:
    run = written(tmp_path / "run", booking(REQUEST), booking(REQUEST, name="tw-2"), booking("x", "Olo", nights=1))
    before = (run / "samples.jsonl").read_bytes()
    done = CliRunner().invoke(app, ["duplicates", str(run), "--drop", "--json"])
    assert done.exit_code == 4
    assert json.loads(done.stdout)["duplicates"] == 1
    assert (run / "samples.jsonl").read_bytes() == before
    lines = before.splitlines(keepends=True)
    assert (run / "samples.unique.jsonl").read_bytes() == lines[0] + lines[2]
    assert json.loads((run / "duplicates.json").read_text())["pairs"][0]["twin"] == "tw-1"


def test_the_command_finds_twins_of_another_run_and_exits_clean_without(tmp_path: Path) -> None:
    old, new = written(tmp_path / "old", booking(REQUEST)), written(tmp_path / "new", booking(REQUEST, name="tw-9"))
    assert CliRunner().invoke(app, ["duplicates", str(new)]).exit_code == 0
    found = CliRunner().invoke(app, ["duplicates", str(new), "--against", str(old)])
    assert found.exit_code == 4
    assert f"tw-9: same calls and values as tw-1 (1.00) in {old}" in found.stdout


def test_bad_input_is_one_line_and_exit_code_two(tmp_path: Path) -> None:
    run = written(tmp_path / "run", booking(REQUEST))
    for arguments in (["--against", str(tmp_path / "none")], ["--against", str(run)]):
        done = CliRunner().invoke(app, ["duplicates", str(run), *arguments])
        assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    (run / "samples.jsonl").write_text('{"id": "tw-1"}\n')
    done = CliRunner().invoke(app, ["duplicates", str(run)])
    assert (done.exit_code, "samples.jsonl:1: no sample: tools: Field required" in done.stderr) == (2, True)


def test_reports_are_equal_whatever_the_hash_seed(tmp_path: Path) -> None:
    run = written(tmp_path / "run", booking(REQUEST), booking(REQUEST.replace("3", "4"), nights=4, name="tw-2"))
    command = [sys.executable, "-m", "toolweave.pipeline", "duplicates", str(run), "--out"]
    done = subprocess.run([*command, str(tmp_path / "1")], env=os.environ | {"PYTHONHASHSEED": "1"}, check=False)
    here = CliRunner().invoke(app, ["duplicates", str(run), "--out", str(tmp_path / "2")])
    assert (done.returncode, here.exit_code) == (4, 4)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
