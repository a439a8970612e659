"""Text as words that can be compared: case, punctuation and numbers do not count."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

NUMBER = "0"
"""What every number reads as."""

_SPOKEN = frozenset("zero one two three four five six seven eight nine ten eleven twelve".split())
_APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)")  # noqa: RUF001 - the typographic apostrophe is meant
_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[\u3040-\u30ff\u3400-\u9fff]|[^\W\d_\u3040-\u30ff\u3400-\u9fff]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_STOP = frozenset(
    """a about after all also am an and any are as at be been before but by can could did do does done else for from get
    give had has have he her here hi him his how i if in into is it its just kindly know lets like make may me might
    more my need no not now of off on or our out over please s she should so some tell than thank thanks that the their
    them then there these they thing this those to too up us very want was we were what when where which while who why
    will with would you your yours im id ill ive hello hey""".split()
)
_ENDINGS = ("ings", "ing", "edly", "ed", "ies", "es", "s", "ly", "e")


def words(text: str) -> list[str]:
    """The words of a text in order, folded; every number is `NUMBER`, and a script without spaces gives characters."""
    plain = _APOSTROPHE.sub("", unicodedata.normalize("NFKC", text).casefold())
    return [NUMBER if word[0].isdigit() or word in _SPOKEN else word for word in _WORD.findall(plain)]


def identifier_words(name: str) -> list[str]:
    """The words of an identifier: `getWeather`, `get_weather` and `api.get-weather` end alike."""
    return words(_HUMP.sub(" ", name).replace("_", " "))


def content_words(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order; numbers and courtesy are left out."""
    return [_stem(word) for word in words(text) if word not in _STOP and word != NUMBER]


def grams(items: Sequence[str], length: int) -> Iterator[tuple[int, str]]:
    """(position, text) of every run of `length` words."""
    for start in range(len(items) - length + 1):
        yield start, " ".join(items[start : start + length])


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Share of what is in both among what is in either; two empty sets are equal."""
    union = len(one | other)
    return len(one & other) / union if union else 1.0


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
