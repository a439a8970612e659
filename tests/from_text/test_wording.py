"""How values are said in a manual, and what a parameter makes of them."""

from __future__ import annotations

import pytest

from toolweave.agent.texts.numerals import in_digits
from toolweave.agent.texts.thesaurus import same_deed, same_noun, same_quality
from toolweave.agent.texts.wording import spoken


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("buy twelve kilos of it", "buy 12 kilograms of it"),
        ("she weighs thirty-four and a half kilos", "she weighs 34.5 kilograms"),
        ("from the fifth of October 2026 on", "from 5 October 2026 on"),
        ("on Wednesday the 11th of February 2026", "on Wednesday 11 February 2026"),
        ("Oct 5, 2026 at 2 pm", "5 October 2026 at 14:00"),
        ("for half a year", "for 6 months"),
        ("€150,000 over eighteen months", "150,000 euros over 18 months"),
        ("12kg on 3 m²", "12 kilograms on 3 square metres"),
        ("one of them", "one of them"),
        ("AP-50003", "AP-50003"),
    ],
)
def test_numbers_dates_and_measures_are_read_as_people_write_them(said: str, plain: str) -> None:
    assert in_digits(said) == plain


def test_what_stands_in_quotation_marks_is_not_rewritten() -> None:
    assert (
        spoken("Write 'two thirds' and `one dozen` on three cards") == 'Write "two thirds" and "one dozen" on 3 cards'
    )


def test_words_of_one_group_are_said_for_one_another_and_others_are_not() -> None:
    assert same_deed("put_side_by_side", "compare") > same_deed("put_side_by_side", "cancel")
    assert same_deed("call_off", "cancel") > 0.8 > same_deed("find", "cancel") == 0.0
    assert same_noun("dealer", "supplier") > 0.7 > same_noun("dealer", "event") == 0.0
    assert same_quality("vacant", "free")
    assert not same_quality("vacant", "overdue")
