"""Reading values back out of a person's words."""

from __future__ import annotations

from typing import Any

import pytest

from toolweave.agent.spoken import reads_as


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4 March 2026", "2026-03-04"),
        ("March 4th, 2026".replace("th", ""), "2026-03-04"),
        ("4 March 2026 at 2:30 pm", "2026-03-04T14:30:00"),
        ("three", 3),
        ("1,250", 1250),
        ("2.5 kilos", 2.5),
        ("Ada Voss", "ada voss"),
        ("“Ada Voss”", "Ada Voss"),
        ("high priority", "high"),
        ("in progress", "in_progress"),
        ("without", False),
        ("yes", True),
    ],
)
def test_words_that_say_a_value(text: str, value: Any) -> None:
    assert reads_as(text, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5 March 2026", "2026-03-04"),
        ("4 March", "2026-03-04"),
        ("4 March 2026", "2026-03-04T14:30:00"),
        ("four", 3),
        ("Ada Vos", "Ada Voss"),
        ("with no extras", True),
        ("maybe", False),
        ("", "x"),
    ],
)
def test_words_that_do_not_say_it(text: str, value: Any) -> None:
    assert not reads_as(text, value)
