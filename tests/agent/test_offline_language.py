"""The parts of the offline teacher's language: purposes, forms of words, mentions, hints."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from toolweave.agent.offline.english import gerund, joined, past, plural, reworded, with_article
from toolweave.agent.offline.frames import ASKS
from toolweave.agent.offline.guidance import read_guidance
from toolweave.agent.offline.mentions import mentions_of
from toolweave.agent.offline.phrasing import phrase_without
from toolweave.agent.offline.purpose import purpose_of
from toolweave.agent.offline.rephrasing import rephrased
from toolweave.agent.offline.saying import spoken_value
from toolweave.agent.spoken import reads_as
from toolweave.servers.tools import Tool


@pytest.mark.parametrize(
    ("name", "description", "phrase"),
    [
        ("lend_copy", "Lend a copy to a reader; it must be on the shelf.", "lend a copy to a reader"),
        ("getForecast", "Returns the forecast for a place.", "get the forecast for a place"),
        ("find-people", "This tool can be used to find people by name.", "find people"),
        ("list_free_rooms", "", "list the free rooms"),
        ("room_search", "", "search the room"),
        ("reset", "START HERE: resets the board.", "reset the board"),
        ("unstage", "Unstages all changes", "unstage all changes"),
        ("check_in_guest", "Check in a guest (who has arrived).", "check in a guest"),
        ("calc", "Calculates/evaluates the given expression.", "calculate the expression"),
        ("write", "Write values from `at` on, overwriting cells.", "write values"),
        ("finish_task", "Once the assistant has completed a task, call this to mark it done.", "finish the task"),
    ],
)
def test_a_purpose_is_read_from_description_or_name(name: str, description: str, phrase: str) -> None:
    assert purpose_of(Tool("", name, description)).phrase == phrase


def test_the_second_verb_of_a_deed_is_not_left_in_its_base_form() -> None:
    assert purpose_of(Tool("", "plan_trip", "Plan a trip and book its hotels.")).report == ""


def test_every_way_to_ask_names_one_form_of_the_deed_and_ends_its_sentence() -> None:
    gaps = [re.findall(r"\{(\w)\}", way) for ways in ASKS.values() for way in ways]
    assert all(len(found) == 1 or found == ["a", "b"] for found in gaps)
    assert {gap for found in gaps for gap in found} == set("pugnsmhabwk")
    assert all(way.endswith((".", "?")) for ways in ASKS.values() for way in ways)


@pytest.mark.parametrize("seed", range(12))
def test_other_words_leave_quotations_alone_and_never_bring_in_a_banned_one(seed: int) -> None:
    text = rephrased('list all pages of a presentation called "all pages"', ["deck"], random.Random(seed))
    assert text.endswith('called "all pages"') and not re.search(r"\bdeck\b", text)
    assert re.match(r"list (?:all (?:of )?(?:the )?pages|the pages|every page|each page) of a ", text)


def test_what_lies_in_a_place_may_qualify_it() -> None:
    texts = {rephrased("search the register of patients for Ada", [], random.Random(seed)) for seed in range(9)}
    assert texts == {"search the register of patients for Ada", "search the patient register for Ada"}


def test_a_purpose_is_told_without_banned_words() -> None:
    tool = Tool("", "find_date", "Find a date for a client.")
    assert phrase_without(purpose_of(tool), tool, ["date", "client"]) == "find a day for a customer"
    assert phrase_without(purpose_of(tool), tool, ["find"]).startswith(("look up", "look for"))


@pytest.mark.parametrize(
    ("text", "banned", "found"),
    [
        ("list the storage slots", ["storage"], "list the slots"),
        ("convert time between zones", ["time"], "convert times between zones"),
        ("add a note", ["note"], "add a remark"),
        ("open the gizmo", ["gizmo"], None),
        ("cut and paste a range", ["paste"], None),
    ],
)
def test_banned_words_are_said_otherwise_or_not_at_all(text: str, banned: list[str], found: str | None) -> None:
    assert reworded(text, banned) == found


def test_words_take_their_forms() -> None:
    assert [gerund(verb) for verb in ("lend", "cut", "make", "check in")] == [
        "lending",
        "cutting",
        "making",
        "checking in",
    ]
    assert [past(verb) for verb in ("cancel", "annul", "lend", "carry", "stop")] == [
        "cancelled",
        "annulled",
        "lent",
        "carried",
        "stopped",
    ]
    assert [plural(noun) for noun in ("copy", "box", "person", "free slot")] == [
        "copies",
        "boxes",
        "people",
        "free slots",
    ]
    assert [with_article(noun) for noun in ("event", "11-month period", "user", "hour", "the cat")] == [
        "an event",
        "an 11-month period",
        "a user",
        "an hour",
        "the cat",
    ]
    assert joined(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    "value",
    ["2026-03-04", "2026-03-04T09:30:00", "Rosa Lindgren", "a long, odd text.", "ID-77/b", True, False, 7, 2.5, -3, ""],
)
def test_a_spoken_value_reads_as_the_value(value: Any) -> None:
    assert reads_as(spoken_value(value, {}), value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('Lend "Winter Ferry" to Rosa Lindgren.', [("quoted", "Winter Ferry"), ("name", "Rosa Lindgren")]),
        (
            "Come on 4 March 2026 at 9:30 or on 5 March 2026.",
            [("moment", "4 March 2026 at 9:30"), ("date", "5 March 2026")],
        ),
        ("Take 2.5 kg for a 3-month term.", [("number", "2.5"), ("number", "3")]),
        ("Write to ines@example.org from Europe/Oslo.", [("address", "ines@example.org"), ("token", "Europe/Oslo")]),
        ("Use AB-12 in plan.txt.", [("token", "AB-12"), ("token", "plan.txt")]),
        ("Please help me. I am new here.", []),
        ("Ask Jean-Luc Picard in Stratford-upon-Avon.", [("name", "Jean-Luc Picard"), ("name", "Stratford-upon-Avon")]),
        ("Add three lines and re-open it.", [("number", "3")]),
    ],
)
def test_values_are_found_in_a_request(text: str, found: list[tuple[str, str]]) -> None:
    assert [(mention.kind, mention.text) for mention in mentions_of(text)] == found


def test_what_only_points_at_an_entry_is_known_as_such() -> None:
    found = mentions_of('Renew that loan (I mean "Winter Ferry", Harbour) for Rosa.')
    assert [(mention.text, mention.picks_row) for mention in found] == [
        ("Winter Ferry", True),
        ("Harbour", True),
        ("Rosa", False),
    ]


def test_hints_are_read_as_they_were_meant() -> None:
    read = read_guidance(
        [
            "At this point, something has to find the member. Renewing a loan does not serve this step.",
            "When it comes to renewing a loan, the loan id has to come from what the second result shows under id, "
            "and another entry of that result fits better; the weeks is not what the request says for it, which "
            "names it as its third value.",
            "Look again: when it comes to renewing a loan, the weeks was not asked for and is to be left out.",
        ]
    )
    assert (read.first, read.ruled_out) == (["find the member"], ["Renewing a loan"])
    assert [
        (one.label, one.result, one.field, one.wrong_at, one.spoken, one.leave_out) for one in read.corrections
    ] == [
        ("loan id", 1, "id", [1], None, False),
        ("weeks", None, "", [1, 2], 2, True),
    ]
