"""Judges of questions and refusals, and of what a text gives away."""

from __future__ import annotations

import pytest

from toolweave.agent.asking import audible, question_problem, refusal_problem, unasked
from toolweave.agent.trace import Call, Source
from toolweave.servers.results import CallResult
from toolweave.servers.tools import Tool

BOOK = Tool(
    "s",
    "book_room",
    "Book a room.",
    {
        "type": "object",
        "properties": {
            "start_date": {"type": "string", "description": "First night."},
            "guest_name": {"type": "string"},
        },
        "required": ["start_date", "guest_name"],
    },
)


@pytest.mark.parametrize(
    "text", ["For which date should I book it?", "When should the stay start?", "Sure. What is the first night?"]
)
def test_a_question_for_the_missing_value_is_one(text: str) -> None:
    assert question_problem(text, BOOK, "/start_date") is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("I need the start date.", "it asks nothing"),
        ("Who is the guest?", "it does not ask for what is missing"),
        ("Which date? Which guest? Which hotel?", "it asks for more than one thing"),
        ("Error: which date?", "it reads like an error"),
    ],
)
def test_anything_else_is_not_the_question(text: str, problem: str) -> None:
    assert question_problem(text, BOOK, "/start_date") == problem


@pytest.mark.parametrize(
    "text",
    [
        "I can't cancel bookings with the tools that I have.",
        "I'm sorry, none of my tools can do that.",
        "That is beyond what I can do here.",
        "I do not have a way to send letters.",
    ],
)
def test_a_refusal_says_that_it_cannot_be_done(text: str) -> None:
    assert refusal_problem(text) is None


@pytest.mark.parametrize("text", ["Done, the booking is cancelled.", "Error: cannot cancel.", ""])
def test_a_claim_an_error_and_silence_are_no_refusal(text: str) -> None:
    assert refusal_problem(text) is not None


@pytest.mark.parametrize(
    ("text", "value", "heard"),
    [
        ("Book it on 4 March 2026.", "2026-03-04", True),
        ("Book it in March.", "2026-03-04", False),
        ("For two people.", 2, True),
        ("For some people.", 2, False),
        ("The port is busy.", "or", False),
        ("yes please", True, False),
    ],
)
def test_a_value_is_audible_as_it_is_or_as_people_write_it(text: str, value: object, heard: bool) -> None:
    assert audible(text, value) is heard


def made(number: int, called: str, described: str, sources: dict[str, Source] | None = None) -> Call:
    tool = Tool("s", called, described, {"type": "object"})
    return Call(f"call_{number}", tool, {}, sources or {}, CallResult("ok", "{}", {}, 0.0))


TAKES_IT = {"/id": Source("output", call="call_1", place="/id")}


@pytest.mark.parametrize(
    ("first", "said", "names"),
    [
        (made(1, "release_share", "Give back a reserved share."), "Water my plot.", ["release_share"]),
        (made(1, "release_share", "Give back a reserved share."), "Give my share back and water my plot.", []),
        (made(1, "find_share", "Find a share."), "Water my plot.", []),
    ],
)
def test_what_acts_and_feeds_nothing_has_to_be_asked_for(first: Call, said: str, names: list[str]) -> None:
    assert unasked((first, made(2, "water_plot", "Water a plot.")), said) == names


def test_what_a_later_call_takes_a_value_from_needs_no_wish() -> None:
    made_first = made(1, "open_account", "Open an account.")
    assert unasked((made_first, made(2, "pay_in", "Pay in.", TAKES_IT)), "Pay in 20 euros.") == []
