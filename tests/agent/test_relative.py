"""Values worded by how they differ from an earlier one: writer and readers go by the same rules."""

from __future__ import annotations

import random
from typing import Any

import pytest

from toolweave.agent.relative import changed, in_words, near, rule_for
from toolweave.graph.schema import Parameter


@pytest.mark.parametrize(
    ("text", "before", "expected"),
    [
        ("could we make that two days later?", "2026-12-30", ("date arithmetic", "2027-01-01")),
        ("a week earlier, please", "2026-03-04", ("date arithmetic", "2026-02-25")),
        ("please raise the number of guests by 4", 10, ("sum", 14)),
        ("lower the price by 2.5", 10.0, ("sum", 7.5)),
        ("double the litres", 6, ("multiple", 12)),
        ("halve the litres.", 6, ("multiple", 3)),
        ("make it 12", 6, None),
        ("two days later", 6, None),
        ("double the litres", "6", None),
        ("a double room", 2, None),
        ("raise the flag by 3", True, None),
        ("three days later", "9999-12-31", ("date arithmetic", None)),
    ],
)
def test_words_that_tell_a_difference_make_a_new_value_of_the_old_one(text: str, before: Any, expected: Any) -> None:
    assert changed(text, before) == expected


@pytest.mark.parametrize(
    ("before", "value"),
    [("2026-03-04", "2026-03-06"), ("2026-03-04", "2026-02-25"), (4, 6), (4, 8), (8, 4), (2.5, 5.0)],
)
def test_a_difference_that_is_put_into_words_reads_back_as_the_value(before: Any, value: Any) -> None:
    for seed in range(8):
        text = in_words(before, value, "litres of water", random.Random(seed))
        assert text is not None
        assert rule_for(f"Change of plan: {text}, please.", before, value)
        assert not rule_for(text, before, before)


@pytest.mark.parametrize(
    ("before", "value", "named"),
    [
        ("2026-03-04", "2026-06-11", "day"),
        (4, 97, "litres"),
        (4, 6, None),
        ("Oslo", "Lima", "city"),
        (True, False, "a"),
    ],
)
def test_what_is_not_easily_said_by_a_difference_gets_no_such_words(before: Any, value: Any, named: str | None) -> None:
    assert in_words(before, value, named, random.Random(1)) is None


def test_values_near_an_old_one_are_only_made_for_what_is_measured_and_fit_the_schema() -> None:
    rng = random.Random(3)
    litres = Parameter("litres", {"type": "integer", "maximum": 7}, True)
    assert sorted(near(5, litres, rng)) == [6, 7]
    assert sorted(near(85, Parameter("litres", {"type": "number"}, True), rng)) == [95, 105, 170]
    assert near(5, Parameter("slide_index", {"type": "integer"}, True), rng) == []
    assert near(5, Parameter("member_id", {"type": "integer"}, True), rng) == []
    assert near("Oslo", Parameter("city", {"type": "string"}, True), rng) == []
    assert set(near("2026-03-04", Parameter("day", {"type": "string"}, True), rng)) == {
        "2026-03-05", "2026-03-06", "2026-03-07", "2026-03-11"
    }  # fmt: skip
