"""Whether a description opens with an order, with the name of a thing, or with a statement."""

from __future__ import annotations

import pytest

from toolweave.agent.offline.opening import as_order, as_shown
from toolweave.agent.offline.phrase import Told
from toolweave.agent.offline.purpose import purpose_of
from toolweave.servers.tools import Tool


@pytest.mark.parametrize(
    ("name", "sentence", "verb", "rest"),
    [
        ("list_boxes", "List the boxes", "list", "the boxes"),
        ("get_price", "Returns the price of an item", "return", "the price of an item"),
        ("update_task", "Updates an existing task", "update", "an existing task"),
        ("courses", "Use this tool to retrieve all courses", "retrieve", "all courses"),
        ("find_symbol", "Easily find the symbol of a firm", "find", "the symbol of a firm"),
        ("click", "Click on the button", "click", "on the button"),
        ("get_news", "This tool lets you read the news", "read", "the news"),
        ("wait", "Wait for a number of seconds", "wait", "for a number of seconds"),
    ],
)
def test_an_order_is_a_verb_and_what_follows_it(name: str, sentence: str, verb: str, rest: str) -> None:
    assert as_order(sentence, name) == (verb, rest)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("list_invoices", "Invoice book of the harbour office"),
        ("get_ship", "Register entry of one ship"),
        ("plan_rotation", "Crops that suit a field next"),
        ("list_jobs", "Jobs on the farm"),
        ("release_berth", "The ship at this berth goes back to the anchorage"),
        ("return_bike", "The customer brings the bike back"),
    ],
)
def test_what_names_or_states_something_is_no_order(name: str, sentence: str) -> None:
    assert as_order(sentence, name) is None


def test_what_a_description_names_is_shown_by_the_verb_of_the_tool() -> None:
    assert as_shown("All request slips of this season", "list_requests") == (
        "list",
        "all request slips of this season",
    )
    assert as_shown("Jobs on the farm", "list_jobs") == ("list", "the jobs on the farm")
    assert as_shown("What the catalogue says of a book", "describe_book") == (
        "describe",
        "what the catalogue says of a book",
    )


def test_statements_words_about_the_tool_and_other_languages_are_not_shown() -> None:
    assert as_shown("The archivist looks a slip over", "get_slip") is None
    assert as_shown("The Bulk API of all quotes", "get_quotes") is None
    assert as_shown("获取笔记内容", "get_note") is None
    assert as_shown("Safety check of a bike", "check_bike") is None


def test_a_tool_whose_description_states_something_is_named_by_its_name() -> None:
    tool = Tool("rental", "return_bike", "The customer brings the bike back; the fee goes on the account.", {})
    assert purpose_of(tool).phrase == "return the bike"


def test_of_two_deeds_none_is_claimed() -> None:
    purpose = purpose_of(Tool("farm", "set_field_access", "Open or close a field for machines.", {}))
    assert purpose.phrase == "open a field for machines"
    assert (purpose.done, purpose.report) == ("", "")


def test_what_is_to_be_closed_is_said_so() -> None:
    told = Told("open the same field for machines", "open")
    assert told.become("closed", "open", "close")
    assert told.phrase == "have the same field closed for machines"
    told = Told("open the same field for machines", "open")
    assert told.become("open", "open", "close")
    assert told.phrase == "open the same field for machines"
    assert not told.become("muddy", "open", "close")
