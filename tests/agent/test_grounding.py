"""The leak guard: only what was said and seen may be mentioned."""

from __future__ import annotations

from toolweave.agent.grounding import given_away, unsupported


def test_what_was_seen_may_be_mentioned() -> None:
    seen = '{"id": "M-20817", "due": "2026-03-04", "fee": 12.50}'
    assert unsupported("Member M-20817 owes 12.50 on 4 March 2026.", seen) == []


def test_an_id_that_nobody_has_seen_is_named() -> None:
    assert unsupported("The member is M-99999.", "M-20817") == ["M-99999"]


def test_a_quotation_that_nobody_said_is_named() -> None:
    assert unsupported('It is called "Night Owl".', "It is called Day Owl") == ["Night Owl"]


def test_small_counts_are_free() -> None:
    assert unsupported("There are 2 of them.", "") == []


def test_mentions_of_the_generator_are_named() -> None:
    assert given_away("The hint says to look up first.", "book_all") == ["hint"]
    assert given_away("I use book_all.", "book_all") == ["book_all"]
    assert given_away("First the member, then the plot.", "book_all") == []


def test_a_word_that_a_tool_itself_uses_is_no_leak() -> None:
    assert given_away("The gold ring is kept.", "x", ["Looks after gold rings"]) == []
