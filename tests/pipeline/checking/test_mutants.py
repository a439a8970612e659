"""Spoilt copies: each kind is made where there is an occasion, each is caught, and harmless ones pass."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from toolweave.pipeline.checking.candidate import gold
from toolweave.pipeline.checking.facts import with_told
from toolweave.pipeline.checking.judge import judge
from toolweave.pipeline.checking.mutants import SPOILT, mutants, try_checker
from toolweave.pipeline.checking.mutants_of_order import HARMLESS
from toolweave.pipeline.checking.tags import tagged
from toolweave.pipeline.gates.checker import checker_gate
from toolweave.pipeline.gates.verdict import Rejection
from toolweave.pipeline.sample import Sample

Row = dict[str, Any]


def tool(called: str, /, **parameters: str) -> Row:
    properties = {key: {"type": kind} for key, kind in parameters.items()}
    schema = {"type": "object", "properties": properties, "required": [*parameters]}
    return {"type": "function", "function": {"name": called, "description": f"{called}.", "parameters": schema}}


def step(call_id: str, name: str, arguments: Row, text: str) -> list[Row]:
    call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call_id, "name": name, "content": text},
    ]


def together(one: list[Row], two: list[Row]) -> list[Row]:
    return [{**one[0], "tool_calls": [*one[0]["tool_calls"], *two[0]["tool_calls"]]}, one[1], two[1]]


def user(text: str) -> Row:
    return {"role": "user", "content": text}


def says(text: str) -> Row:
    return {"role": "assistant", "content": text}


def expected(call_id: str, name: str, arguments: Row, **more: Any) -> Row:
    return {"id": call_id, "server": "library", "tool": name, "arguments": arguments, **more}


MEMBERS = '[{"id": "MB-10001", "name": "Ada Voss"}, {"id": "MB-10002", "name": "Adam Hill"}]'
TITLES = '[{"id": "TI-50001", "title": "Salt"}]'
TAKEN = {"/member_id": {"call": "call_1", "place": "/0/id"}, "/title_id": {"call": "call_2", "place": "/0/id"}}
HELD = {"member_id": "MB-10001", "title_id": "TI-50001", "until": "2026-05-11"}
LATER = ["cancel_hold"]
ROW: Row = {
    "id": "tw-1",
    "tools": [
        tool("find_member", name="string"),
        tool("search_titles", text="string"),
        tool("place_hold", member_id="string", title_id="string", until="string"),
        tool("cancel_hold", hold_id="string"),
        tool("open_desk"),
        tool("waive_fine", fine_id="string"),
    ],
    "messages": [
        user("Hold Salt for Ada."),
        says("Until which date should it be held?"),
        user("Until 11 May 2026."),
        *together(
            step("call_1", "find_member", {"name": "Ada"}, MEMBERS),
            step("call_2", "search_titles", {"text": "Salt"}, TITLES),
        ),
        *step("call_3", "open_desk", {}, '{"desk": "open"}'),
        *step("call_4", "place_hold", HELD, '{"hold": "HD-70001", "until": "2026-05-11"}'),
        says("Salt is held for Ada Voss, the hold is HD-70001."),
        user("Cancel it and water the plants."),
        says("I'm sorry, I can't cancel anything with what I have."),
        user("You can now."),
        *step("call_5", "cancel_hold", {"hold_id": "HD-70001"}, '{"status": "cancelled"}'),
        says("The hold HD-70001 is cancelled."),
    ],
    "turns": [
        {"kind": "missing_parameter", "messages": [0, 10], "target": "library/place_hold", "withheld": LATER},
        {"kind": "missing_function", "messages": [11, 12], "target": "library/cancel_hold", "withheld": LATER},
        {"kind": "base", "messages": [13, 16], "target": "library/cancel_hold"},
    ],
    "provenance": [
        {"call": "call_4", "argument": "/until", "source": {"kind": "user", "turn": 0, "text": "11 May 2026"}},
        {"call": "call_4", "argument": "/member_id", "source": {"kind": "output", "call": "call_1", "place": "/0/id"}},
    ],
    "checker": {
        "calls": [
            expected("call_1", "find_member", {"name": "Ada"}),
            expected("call_2", "search_titles", {"text": "Salt"}),
            expected("call_3", "open_desk", {}),
            expected("call_4", "place_hold", HELD, taken=TAKEN, after=["call_1", "call_2", "call_3"]),
            expected("call_5", "cancel_hold", {"hold_id": "HD-70001"}, after=["call_3", "call_4"],
                     taken={"/hold_id": {"call": "call_4", "place": "/hold"}}),
        ],
        "reads": ["find_member", "search_titles"],
        "state": [{"server": "library", "tool": "find_member", "arguments": {"name": "Ada"}, "holds": {"/0/holds": 0}}],
        "files": [{"server": "library", "path": "log.txt"}],
    },
    "servers": [{"name": "library", "version": "1", "digest": "d"}],
    "teacher": "offline",
    "seed": 3,
    "index": 0,
    "quality": {"turns": 3, "calls": 5, "depth": 3, "dependent_calls": 2, "tools_offered": 6, "attempts": 1},
}  # fmt: skip
SAMPLE = with_told(Sample.model_validate(ROW))
KINDS = [*SPOILT, *HARMLESS]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_made_and_told_from_the_sample(kind: str) -> None:
    made = [mutant for mutant in mutants(SAMPLE) if mutant.kind == kind]
    assert made, f"no copy of kind {kind}"
    for mutant in made:
        assert mutant.candidate.turns != gold(SAMPLE).turns or mutant.candidate.state != gold(SAMPLE).state
        assert judge(SAMPLE, mutant.candidate).passed == (kind in HARMLESS)


def test_the_copies_are_the_same_every_time() -> None:
    assert list(mutants(SAMPLE)) == list(mutants(SAMPLE))


def test_a_sample_is_kept_with_the_count_of_its_copies() -> None:
    kept = checker_gate(SAMPLE)
    assert isinstance(kept, Sample)
    assert (kept.quality.mutants, kept.quality.survivors) == (sum(try_checker(SAMPLE).made.values()), ())


def test_a_sample_that_fails_its_own_checker_is_rejected() -> None:
    row = copy.deepcopy(ROW)
    row["checker"]["calls"][0]["after"] = ["call_4"]
    verdict = checker_gate(with_told(Sample.model_validate(row)))
    assert isinstance(verdict, Rejection)
    assert "fails its own checker: wrong_order" in verdict.reason


def test_a_checker_that_misses_a_dropped_call_is_rejected() -> None:
    row = copy.deepcopy(ROW)
    for call in row["checker"]["calls"]:
        call["fails"] = True
    verdict = checker_gate(Sample.model_validate(row))
    assert isinstance(verdict, Rejection)
    assert verdict.gate == "checker"


def test_tags_are_computed_from_the_row() -> None:
    tags = tagged(SAMPLE)
    assert (tags.width, tags.distractors, tags.dependency_share) == (2, 1, 0.4)
    assert tags.kinds == ("missing_parameter", "missing_function", "base")
    assert tags.provenance == {"output": 1, "user": 1}
    assert 0 < tags.difficulty < 1
    assert tags.tokens > 100
