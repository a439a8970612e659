"""Where in a text something stands: a JSON pointer in an output, a value in prose, a wording in a request.

Positions are characters of the text. What cannot be found has none: nothing is lit up rather than the wrong thing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from toolweave.agent.whole_words import alone
from toolweave.servers.json_values import is_object

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")


class Place(NamedTuple):
    """A part of a text."""

    start: int
    end: int


def place_of(text: str, pointer: str, value: Any) -> Place | None:
    """Where an output holds a value.

    Args:
        text: The output, as the conversation shows it.
        pointer: A JSON pointer; what follows a `#` was read out of the words there.
        value: What was taken from there.
    """
    path, _, label = pointer.partition("#")
    tokens = [token.replace("~1", "/").replace("~0", "~") for token in path.split("/")[1:]]
    whole = _json_place(text, tokens) or _json_place_in_sequence(text, tokens) or Place(0, len(text))
    if whole != (0, len(text)) and not label:
        return whole
    return wording(text, _told(value), whole)


def wording(text: str, words: str, within: Place | None = None) -> Place | None:
    """The first place of a wording: as whole words if there is one."""
    if not words.strip():
        return None
    start, end = within or (0, len(text))
    whole = re.compile(alone(words)).search(text, start, end)
    at = whole.start() if whole else text.find(words, start, end)
    return Place(at, at + len(words)) if at >= 0 else None


def _told(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _json_place(text: str, tokens: Sequence[str], at: int = 0) -> Place | None:
    try:
        return _walk(text, _skip(text, at), tokens)
    except (ValueError, IndexError, RecursionError):
        return None


def _json_place_in_sequence(text: str, tokens: Sequence[str]) -> Place | None:
    """Older servers send a list as one JSON text for each item, one after the other."""
    if not tokens or not tokens[0].isdigit():
        return None
    at = 0
    try:
        for _ in range(int(tokens[0])):
            at = _skip(text, _DECODER.raw_decode(text, _skip(text, at))[1])
        return _json_place(text, tokens[1:], at) if is_object(_DECODER.raw_decode(text, at)[0]) else None
    except (ValueError, RecursionError):
        return None


def _walk(text: str, at: int, tokens: Sequence[str]) -> Place | None:
    """The value that a pointer leads to from the value at `at`.

    Raises:
        ValueError: The text is not JSON there.
    """
    if not tokens:
        end = _DECODER.raw_decode(text, at)[1]
        return Place(at + 1, end - 1) if text[at] == '"' else Place(at, end)
    for key, start in _children(text, at):
        if key == tokens[0]:
            return _walk(text, start, tokens[1:])
    return None


def _children(text: str, at: int) -> Iterator[tuple[str, int]]:
    """Key or number of every child of the object or array at `at`, and where its value begins."""
    if text[at] not in "{[":
        return
    named, number = text[at] == "{", 0
    at = _skip(text, at + 1)
    while text[at] not in "}]":
        key = str(number)
        if named:
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        yield key, at
        at = _skip(text, _DECODER.raw_decode(text, at)[1])
        at = _skip(text, at + 1) if text[at] == "," else at
        number += 1


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
