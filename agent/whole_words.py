"""Words that stand in a text as whole words: the one place that says what is beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


def alone(word: str) -> str:
    """Pattern of a word, or of several in a row, with nothing beside it that belongs to a word."""
    return rf"(?<!\w){re.escape(word)}(?!\w)"


@lru_cache(maxsize=8192)
def whole(word: str) -> re.Pattern[str]:
    """Finds a whole word, whatever its case."""
    return re.compile(alone(word), re.IGNORECASE)


def spoken_of(text: str, words: Iterable[str]) -> list[str]:
    """Which of the words stand in the text as whole words, whatever their case."""
    low = text.casefold()
    return [word for word in words if word.casefold() in low and whole(word).search(text)]
