"""Volatile places are found by running twice, and by the clock; never by a list of names."""

from __future__ import annotations

from datetime import UTC, datetime

from toolweave.agent.observations import clocked, differing

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def test_equal_observations_have_no_differing_place() -> None:
    assert differing('{"a": 1}', '{"a": 1}') == set()


def test_a_value_that_changes_is_named_by_its_place() -> None:
    assert differing('{"a": {"b": "x1"}, "c": [1, 2]}', '{"a": {"b": "x9"}, "c": [1, 3]}') == {"/a/b", "/c/1"}


def test_a_missing_field_is_another_shape() -> None:
    assert differing('{"a": 1, "b": 2}', '{"a": 1}') is None


def test_a_value_of_another_type_is_another_shape() -> None:
    assert differing('{"a": 1}', '{"a": "1"}') is None


def test_prose_is_compared_word_by_word() -> None:
    assert differing("Saved as file 81 today.", "Saved as file 94 today.") == {"#3"}


def test_a_moment_near_now_follows_the_clock() -> None:
    assert clocked('{"at": "2026-03-04T13:00:00+02:00", "due": "2026-05-01"}', NOW, []) == {"/at"}
    assert clocked('{"at": 1772625600}', NOW, []) == {"/at"}
    assert clocked("Moved by Ada at 1772625600 +0000 from 1572625600", NOW, []) == {"#4"}
    assert clocked("Now it is 2026-03-04 12:00.", NOW, []) == {"#3", "#4", "#5", "#6", "#7", "#8", "#9", "#10"}


def test_a_moment_that_somebody_said_is_no_clock() -> None:
    assert clocked('{"at": "2026-03-04"}', NOW, ['{"day": "2026-03-04"}']) == set()


def test_a_moment_in_prose_differs_as_a_whole() -> None:
    one, other = "Made 2026-01-03T02:07:38Z by Ada.", "Made 2026-01-03T02:07:41Z by Ada."
    assert differing(one, other) == {f"#{index}" for index in range(1, 10)}
