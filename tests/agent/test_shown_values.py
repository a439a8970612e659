"""What stands beside known values in what servers have shown."""

from __future__ import annotations

from toolweave.agent.shown_values import MOST_SHOWN, beside

OWNERS = ("Clara Voss", "Gregor Novak", "Mattias Brun", "Emil Stoica")
TOWNS = ("Lindmoor", "Brackwater")


def test_other_names_of_the_field_that_shows_known_ones() -> None:
    assert beside(["Clara Voss", "Emil Stoica"], [TOWNS, OWNERS]) == ["Gregor Novak", "Mattias Brun"]


def test_one_value_in_common_may_be_chance() -> None:
    assert beside(["Clara Voss"], [OWNERS]) == []
    assert beside(["Clara Voss", "Lindmoor"], [OWNERS, TOWNS]) == []


def test_only_what_is_written_alike_is_of_the_same_kind() -> None:
    field = (*OWNERS, "OW-1042", "unknown", "e.stoica@example.org", "Wrote that she is away from home until the end")
    assert beside(OWNERS[:2], [field]) == ["Mattias Brun", "Emil Stoica"]


def test_identifiers_are_never_taken_for_words() -> None:
    assert beside(["OW-1042", "OW-1043"], [("OW-1042", "OW-1043", "OW-1044")]) == []


def test_no_more_than_a_few_are_taken() -> None:
    field = [f"Owner {chr(65 + number % 26) * (1 + number // 26)}" for number in range(80)]
    assert len(beside(field[:2], [field])) == MOST_SHOWN


def test_a_server_that_has_shown_nothing_adds_nothing() -> None:
    assert beside(["Clara Voss", "Emil Stoica"], []) == []
    assert beside([], [OWNERS]) == []
    assert beside([3, 4], [("3", "4", "5")]) == []
