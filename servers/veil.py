"""Takes secrets out of everything that a server says, before anybody else sees it.

Contract: of each form (see `disguises.py`) of a secret, no run of 15 letters and digits stays in a covered value, nor
the whole form where that is shorter but has at least 8. Case, and whatever is no letter or digit between them, makes no
difference, nor how the run is spread over the texts of one message. A secret of fewer than 8 letters and digits is
covered where it stands as it is, as a word of its own. Cost is linear in the size of the message, whatever it holds; a
text of over a million characters that holds a secret is withheld as a whole, as is one that shows it only when
compatibility characters are read as plain ones.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import accumulate
from typing import Any

from toolweave.servers.disguises import forms
from toolweave.servers.json_values import is_list, is_object

REDACTED = "[secret]"
_WINDOW = 8
_SHORTEST_RUN = 12
"""Letters and digits that a shown part of a form must have to be taken for it."""
_WITHHELD = 1_000_000
_CHUNK = 4096 * _WINDOW
_EACH_WINDOW = re.compile(rb".{%d}" % _WINDOW, re.DOTALL)
_PLAIN = bytes(range(256)).lower()
_DROPPED = bytes(code for code in range(128) if not chr(code).isalnum())
_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)


def _compact(text: str) -> bytes:
    """Letters and digits only, in lower case as far as ASCII goes."""
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    return text.encode("utf-8", "replace").translate(_PLAIN, _DROPPED)


class Veil:
    """Covers some secrets; cheap where there are none."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._windows: dict[bytes, list[tuple[bytes, int]]] = {}
        self._short: set[bytes] = set()
        words: list[str] = []
        for secret in secrets:
            if len(_compact(secret)) < _WINDOW:
                words.append(secret)
            self._learn({_compact(form) for form in forms(secret)})
        ends = r"(?<![^\W_]){}(?![^\W_])"
        self._words = re.compile("|".join(ends.format(re.escape(word)) for word in words)) if words else None
        self._any = bool(self._windows or self._short or words)

    def _learn(self, found: set[bytes]) -> None:
        for form in sorted(found):
            if len(form) >= 2 * _WINDOW - 1:
                for start in range(len(form) - _WINDOW + 1):
                    self._windows.setdefault(form[start : start + _WINDOW], []).append((form, start))
            elif len(form) >= _WINDOW:
                self._short.add(form)

    def cover(self, value: Any) -> Any:
        """Copy of a JSON value without the secrets."""
        if not self._any:
            return value
        leaves, keys = list(_leaves(value)), list(_keys(value))
        covered, covered_keys = self._cover_all(leaves), self._cover_all(keys)
        if covered == leaves and covered_keys == keys:
            return value
        return _rebuilt(value, iter(zip(leaves, covered, strict=True)), iter(covered_keys))

    def _cover_all(self, texts: list[str]) -> list[str]:
        parts = [_compact(text) for text in texts]
        starts = list(accumulate((len(part) for part in parts), initial=0))
        hidden: dict[int, list[tuple[int, int]]] = {}
        for begin, end in self._runs(b"".join(parts)):
            index = bisect_right(starts, begin) - 1
            while index < len(parts) and starts[index] < end:
                span = (max(begin - starts[index], 0), min(end - starts[index], len(parts[index])))
                hidden.setdefault(index, []).append(span)
                index += 1
        return [self._cover_text(text, hidden.get(index, [])) for index, text in enumerate(texts)]

    def _cover_text(self, text: str, spans: list[tuple[int, int]]) -> str:
        if spans:
            text = _without(text, spans)
        if not text.isascii() and any(self._runs(_compact(unicodedata.normalize("NFKC", text)))):
            return REDACTED
        return self._words.sub(REDACTED, text) if self._words else text

    def _runs(self, stream: bytes) -> Iterator[tuple[int, int]]:
        """Where parts of forms stand. A run of 15 holds a window at a multiple of 8, whatever its offset."""
        seen = 0
        for start in self._suspects(stream):
            for form, at in self._windows.get(stream[start : start + _WINDOW], ()):
                begin, end = _extended(stream, start, form, at)
                if end > seen and end - begin >= _SHORTEST_RUN:
                    seen = end
                    yield begin, end
        for form in self._short:
            place = stream.find(form)
            while place >= 0:
                yield place, place + len(form)
                place = stream.find(form, place + len(form))

    def _suspects(self, stream: bytes) -> Iterator[int]:
        """Where windows begin that may be of a form: all of a chunk, unless no window of it is."""
        for base in range(0, len(stream), _CHUNK):
            chunk = stream[base : base + _CHUNK]
            if not self._windows.keys().isdisjoint(_EACH_WINDOW.findall(chunk)):
                yield from range(base, base + len(chunk) - _WINDOW + 1, _WINDOW)


def _extended(stream: bytes, start: int, form: bytes, at: int) -> tuple[int, int]:
    """The longest run around a window that reads as the form does there."""
    begin, first = start, at
    while begin > 0 and first > 0 and stream[begin - 1] == form[first - 1]:
        begin, first = begin - 1, first - 1
    end, last = start + _WINDOW, at + _WINDOW
    while end < len(stream) and last < len(form) and stream[end] == form[last]:
        end, last = end + 1, last + 1
    return begin, end


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    """The text without these places of its compact form."""
    if len(text) > _WITHHELD:
        return REDACTED
    places = [index for index, character in enumerate(text) for _ in _compact(character)]
    merged: list[tuple[int, int]] = []
    for begin, end in sorted((places[begin], places[end - 1] + 1) for begin, end in spans if begin < end):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    for begin, end in reversed(merged):
        text = f"{text[:begin]}{REDACTED}{text[end:]}"
    return text


def _leaves(value: Any) -> Iterator[str]:
    """All texts and numbers of a JSON value but its keys, in order, as texts."""
    if is_list(value):
        for item in value:
            yield from _leaves(item)
    elif is_object(value):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield repr(value)


def _keys(value: Any) -> Iterator[str]:
    items = value if is_list(value) else value.values() if is_object(value) else ()
    if is_object(value):
        yield from value
    for item in items:
        yield from _keys(item)


def _rebuilt(value: Any, leaves: Iterator[tuple[str, str]], keys: Iterator[str]) -> Any:
    if is_list(value):
        return [_rebuilt(item, leaves, keys) for item in value]
    if is_object(value):
        names = [next(keys) for _ in value]
        return {name: _rebuilt(item, leaves, keys) for name, item in zip(names, value.values(), strict=True)}
    if isinstance(value, bool) or value is None:
        return value
    before, after = next(leaves)
    return value if before == after else after


@lru_cache(maxsize=256)
def veil_of(secrets: tuple[str, ...]) -> Veil:
    """The veil of these secrets: every environment opens the same servers again, and a veil takes milliseconds."""
    return Veil(secrets)
