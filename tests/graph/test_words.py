"""Words of identifiers."""

from __future__ import annotations

import pytest

from toolweave.graph.words import singular, words


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("shipToAddr", ("ship", "to", "address")),
        ("authorID", ("author", "id")),
        ("user_ids", ("user", "id")),
        ("HTMLParser2", ("html", "parser")),
        ("itemQty", ("item", "quantity")),
        ("username", ("user", "name")),
        ("getURLs", ("get", "url")),
        ("", ()),
    ],
)
def test_identifiers_are_split_made_singular_and_written_out(identifier: str, expected: tuple[str, ...]) -> None:
    assert words(identifier) == expected


@pytest.mark.parametrize(
    ("plural", "expected"),
    [
        ("companies", "company"),
        ("boxes", "box"),
        ("addresses", "address"),
        ("movies", "movie"),
        ("people", "person"),
        ("status", "status"),
        ("news", "news"),
        ("uris", "uri"),
    ],
)
def test_plurals_become_singular(plural: str, expected: str) -> None:
    assert singular(plural) == expected
