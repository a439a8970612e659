"""Texts that people could write, made up by seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from itertools import pairwise

import pytest

from toolweave.agent.inventions import invented, meaning_of

MANY = 500


def texts(word: str, seed: int = 1) -> list[str]:
    meaning = meaning_of([word])
    assert meaning is not None
    rng = random.Random(seed)
    return [invented(meaning, rng) for _ in range(MANY)]


def test_the_same_seed_gives_the_same_texts_whatever_was_made_up_before() -> None:
    before = texts("note")
    texts("company", seed=2)
    assert texts("note") == before
    assert texts("note", seed=2) != before


def test_the_first_word_that_tells_decides() -> None:
    assert meaning_of(["zzz", "headline", "note"]) == meaning_of(["title"])
    assert meaning_of(["zzz"]) is None


@pytest.mark.parametrize(
    ("word", "least"), [("title", 0.7), ("note", 0.6), ("reason", 0.45), ("name", 0.75), ("customer", 0.95)]
)
def test_five_hundred_texts_hardly_share_pairs_of_words(word: str, least: float) -> None:
    pairs = [pair for text in texts(word) for pair in pairwise(re.findall(r"[\w']+", text.lower()))]
    assert len(set(pairs)) / len(pairs) > least


@pytest.mark.parametrize("word", ["title", "note", "reason", "name", "customer", "company", "address", "email", "file"])
def test_texts_are_short_lines_in_plain_letters_with_every_part_filled_in(word: str) -> None:
    for text in texts(word):
        assert text.isascii()
        assert text == text.strip()
        assert not re.search(r"[<>{}\n]", text)
        assert len(text) <= 70


def test_articles_go_with_what_follows() -> None:
    found = " ".join([*texts("title"), *texts("note"), *texts("reason")]).lower()
    assert re.findall(r"\b(?:a [aeio]\w*|an [bcdfgj-np-tv-z]\w*)", found) == []


@pytest.mark.parametrize(
    ("word", "belongs_to_nobody"),
    [
        ("email", re.compile(r"[\w.+-]+@example\.(?:com|org|net)").fullmatch),
        ("url", re.compile(r"https://example\.(?:com|org|net)/\S+").fullmatch),
        ("phone", re.compile(r"\+1 \d{3} 555 01\d\d").fullmatch),
    ],
)
def test_addresses_and_numbers_belong_to_nobody(word: str, belongs_to_nobody: Callable[[str], object]) -> None:
    assert [text for text in texts(word) if not belongs_to_nobody(text)] == []


def test_names_are_written_as_names() -> None:
    name = r"[A-Z][a-z]+(?:-[A-Z][a-z]+)?"
    assert [text for text in texts("customer") if not re.fullmatch(f"{name} {name}", text)] == []
