"""A request must say which of several rows is meant."""

from __future__ import annotations

import pytest

from toolweave.agent.choices import is_told

TITLES = {"titles": [{"id": "T-1", "title": "Salt Orchard"}, {"id": "T-2", "title": "House of Reeds"}]}
TABLE = "lot       kg   best before\nLT-270    30   2026-06-08\nLT-982    16   2026-06-16"


@pytest.mark.parametrize(
    ("place", "said", "told"),
    [
        ("/titles/1/id", "Reserve House of Reeds for me.", True),
        ("/titles/1/id", "Reserve a title for me.", False),
        ("/titles/1/id", "Reserve Salt Orchard for me.", False),
        ("/titles/1/id", "Reserve Salt Orchard or House of Reeds.", False),
        ("/titles/1/id", "Reserve any title for me.", False),
        ("/titles/0/id", "Reserve any title for me.", True),
        ("/titles/0/id", "Reserve a title for me.", False),
        ("/titles/1/id", "Reserve the second title for me.", True),
        ("/titles/1/id", "Reserve the first title for me.", False),
        ("/titles/1/id", 'Reserve a title for me, with the note "the second one".', False),
    ],
)
def test_a_row_is_told_by_its_readable_words(place: str, said: str, told: bool) -> None:
    assert is_told(TITLES, place, said) is told


def test_a_list_of_one_needs_no_words() -> None:
    assert is_told({"titles": TITLES["titles"][:1]}, "/titles/0/id", "Reserve it.")


def test_a_value_outside_of_any_list_needs_no_words() -> None:
    assert is_told({"member": {"id": "M-1"}}, "/member/id", "Reserve it.")


def test_a_line_of_a_text_is_told_by_its_words_or_dates() -> None:
    assert is_told(TABLE, "#lot:1", "Hold the lot that keeps until 16 June 2026.")
    assert not is_told(TABLE, "#lot:1", "Hold a lot.")
