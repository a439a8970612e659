"""Values so distinctive that two files which share them share a source: ids, addresses, long numbers, whole phrases.

Distinctive by form, not by count: dates, times, amounts, plain words and file names without digits never are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from toolweave.pipeline.contamination.shapes import SCHEMA_KEYS
from toolweave.pipeline.contamination.words import words
from toolweave.servers.json_values import is_list, is_object

SHORTEST = 6
"""Characters of the shortest distinctive token."""
PHRASE_WORDS = 5
LONGEST_PHRASE = 40

_TOKEN = re.compile(r"[^\s\"'`,;()\[\]{}<>=]+")
_MOMENT = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|\d{1,2}:\d{2}.*|(19|20)\d{6}|\d{1,2}(st|nd|rd|th)", re.I
)
_AMOUNT = re.compile(r"\W*[\d.,:/x%-]+[^\W\d_]{0,4}|(utc|gmt)[+-]?[\d:]+|[a-z]{1,3}\d+:[a-z]{1,3}\d+", re.I)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}", re.I)


def constants_in(value: Any) -> frozenset[str]:
    """The distinctive values in a JSON value, folded; tool schemas are left out."""
    return frozenset(found for text in _texts(value) for found in distinctive(text))


def distinctive(text: str) -> Iterator[str]:
    """The distinctive parts of a text: its tokens, and the whole when it is a phrase."""
    for token in _TOKEN.findall(text):
        plain = token.strip(".:!?*_-").casefold()
        if _is_distinctive(plain):
            yield plain
    if PHRASE_WORDS <= len(text.split()) <= LONGEST_PHRASE and len(set(words(text))) >= PHRASE_WORDS:
        yield phrase(text)


def phrase(text: str) -> str:
    """A text as a value: its words, folded."""
    return " ".join(words(text))


def _is_distinctive(token: str) -> bool:
    if len(token) < SHORTEST or _MOMENT.fullmatch(token):
        return False
    digits = sum(map(str.isdigit, token))
    if digits == len(token):
        return digits > SHORTEST
    if _EMAIL.fullmatch(token):
        return True
    return digits >= 2 and any(map(str.isalpha, token)) and not _AMOUNT.fullmatch(token)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
    elif is_list(value):
        for item in value:
            yield from _texts(item)
    elif is_object(value):
        for key, item in value.items():
            if key not in SCHEMA_KEYS:
                yield from _texts(item)
