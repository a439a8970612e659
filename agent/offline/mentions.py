"""Reading a request: the values that it mentions, each with the words around it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from toolweave.agent.offline.lexicon import COUNTING, MONTHS, POINTING, SMALL

Kind = Literal["quoted", "date", "moment", "time", "number", "address", "token", "name", "option", "answer"]

_MONTH = "|".join(MONTHS)
_COUNTS = {word: str(number) for number, word in enumerate(COUNTING) if number > 1}
_CAPITAL = r"[A-Z][A-Za-z'\u2019]*(?:-[A-Za-z'\u2019]+)*(?![\w/@-]|\.\w)"
_PATTERN = re.compile(
    r"(?P<quoted>\"(?P<q1>[^\"\n]{0,2000})\"|“(?P<q2>[^”]{0,3000})”)"
    rf"|(?P<moment>\b\d{{1,2}} (?:{_MONTH}) \d{{4}} at \d{{1,2}}:\d{{2}}\b)"
    rf"|(?P<date>\b\d{{1,2}} (?:{_MONTH}) \d{{4}}\b|\b\d{{4}}-\d{{2}}-\d{{2}}\b(?![T\d]))"
    r"|(?P<address>[\w.+-]+@[\w-]+\.[\w.-]*\w|\b[a-z]+://[^\s\"“”,;]+(?<![.?!]))"
    r"|(?P<time>\b\d{1,2}:\d{2}\b(?!:\d))"
    r"|(?P<number>(?<![\w.-])-?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w])|(?<![\w.-])-?\d+(?:\.\d+)?(?=%|(?:-[a-z]+)?(?![\w-]|[./:]\w))"
    rf"|(?<![\w-])(?:{'|'.join(_COUNTS)})(?![\w-]))"
    rf"|(?P<token>(?<![\w/])(?!{_CAPITAL})(?=[^\s\"“”,;!?()]*(?:[\d/@_]|[.-]\w))[A-Za-z0-9/~=#][^\s\"“”,;!?()]*(?<![.:]))"
    rf"|(?P<name>(?<![\w'\u2019]){_CAPITAL}(?:[ ](?:(?:of|the|de|da|von|van|der) )?{_CAPITAL})*)"
)
_SENTENCE_START = re.compile(r"(?:^|[.!?]\s+|\n\s*)$")
_WORD = re.compile(r"[A-Za-z']+")
_LIST_GAP = re.compile(r"\s*(?:,|,?\s+and|;)\s*")
_ROW_LEAD = re.compile(
    rf"(?:whose (?:[A-Za-z]+ ){{1,4}}is|namely|{POINTING}|I mean|that is to say)\s(?:[^.;?!()]*,\s)?[\"“]?$"
    r"|\bthe \d?\d:\d\d (?:[a-z]+ ){1,3}with $"
)
_ROW_MORE = re.compile(r"\((?:namely|I mean|that is to say)\s[^()]*$")
_THE = re.compile(r"\bthe $")
_ROW_TAIL = re.compile(r" [a-z]{3,}")
_SENTENCE_END = re.compile(r"[.!?](?:\s|$)")
_CLAIMED = re.compile(
    rf"\s*(?:as (?:the|an?) )?(?:(?!(?:{'|'.join(sorted(SMALL))})\b)[A-Za-z'-]+(?:\s+|(?=[,.;:)]|$)))*"
)
"""Words right behind a value, which belong to it: `3 rows`, `3 as the end column`."""
_APART = ("", "", "")
"""Stands for the distance that a value puts between words."""
MOST_LEFT, MOST_RIGHT = 11, 7
FARTHEST = 2000
"""Characters on either side of a value that are looked at: more than any sentence has."""
_NOT_NAMES = frozenset(("I", "Celsius", "Fahrenheit", "I'm", "I've", "I'd", "ID", "EUR", "OK"))


@dataclass(frozen=True, slots=True)
class Mention:
    """One value in the user's words."""

    kind: Kind
    text: str
    """The value as written, quotation marks left out."""
    start: int
    end: int
    before: tuple[str, ...]
    """Words to the left in the same sentence, the nearest first, in lower case."""
    after: tuple[str, ...]
    """Words to the right in the same sentence, the nearest first."""
    run: int
    """Number of the enumeration that it belongs to: items of one list share it."""
    picks_row: bool = False
    """Whether it only tells which of several found things is meant."""


def mentions_of(text: str, told_from: int | None = None, question: str = "") -> list[Mention]:
    """The values of a text, in order.

    From `told_from` on the text answers a question: its words count as if they stood beside each value there.
    """
    read = [(*_read(text, match), match.end()) for match in _PATTERN.finditer(text)]
    values = [item for item in read if item[1] or item[0] == "quoted"]
    asked = tuple(dict.fromkeys(word.lower() for word in _WORD.findall(question)))
    found: list[Mention] = []
    run = 0
    for at, (kind, value, start, end) in enumerate(values):
        if found and not (found[-1].kind == kind and _LIST_GAP.fullmatch(text[found[-1].end : start])):
            run += 1
        told = asked if told_from is not None and start >= told_from else ()
        opens = max(told_from if told and told_from is not None else 0, start - FARTHEST)
        before, after = text[opens:start], text[end : end + FARTHEST]
        left = _left(before, values[at - 1][3] - opens if at else 0)
        right = _right(after, values[at + 1][2] - end if at + 1 < len(values) else len(text))
        picks = _picks_row(kind, text[max(0, start - FARTHEST) : start], after)
        found.append(Mention(kind, value, start, end, (*left, *told), right, run, picks))
    return found


def _read(text: str, match: re.Match[str]) -> tuple[Kind, str, int]:
    kind = next(
        name
        for name in ("quoted", "moment", "date", "address", "time", "number", "token", "name")
        if match.group(name) is not None
    )
    value, start = match.group(0), match.start()
    if kind == "quoted":
        return "quoted", match.group("q1") or match.group("q2") or "", start
    if kind == "token" and value.rstrip(".").replace("-", "").isalpha():
        return "token", "", start
    if kind == "name":
        return "name", *_name(text, value, start)
    return kind, _COUNTS.get(value, value.rstrip(".")), start  # type: ignore[return-value]


def _name(text: str, value: str, start: int) -> tuple[str, int]:
    """The name without the word that only has a capital because it opens a sentence."""
    value = re.sub(r"['\u2019]s$", "", value)
    if _SENTENCE_START.search(text[max(0, start - FARTHEST) : start]):
        head, _, rest = value.partition(" ")
        start, value = start + len(head) + 1, rest
    if value in _NOT_NAMES or len(value) < 2:
        return "", start
    return value, start


def _left(text: str, known: int) -> tuple[str, ...]:
    """The words before a value; those from before the value that ends at `known` stand further off."""
    start = max((match.end() for match in _SENTENCE_END.finditer(text)), default=0)
    near, far = text[max(start, known, 0) :], text[start : max(start, known, 0)]
    own = near[_CLAIMED.match(near).end() :] if far and _CLAIMED.match(near) else near  # type: ignore[union-attr]
    return (*_words(own)[::-1], *((*_APART, *_words(far)[::-1]) if far else ()))[:MOST_LEFT]


def _right(text: str, known: int) -> tuple[str, ...]:
    """The words behind a value, up to the next one that begins at `known`; those behind it stand further off."""
    sentence = _SENTENCE_END.split(text)[0]
    near, far = sentence[:known], sentence[known:]
    return (*_words(near), *((*_APART, *_words(far)) if far else ()))[:MOST_RIGHT]


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _picks_row(kind: Kind, before: str, after: str) -> bool:
    """Whether a value between two texts only tells which of several found things is meant: `the "Stock" tab`."""
    if kind in ("quoted", "name", "time") and _THE.search(before) and _ROW_TAIL.match(after):
        return True
    return bool(_ROW_LEAD.search(before) or _ROW_MORE.search(before))


def iso_date(text: str) -> str | None:
    """`2026-03-04` for `4 March 2026` and for itself; `None` for anything else."""
    match = re.fullmatch(rf"(\d{{1,2}}) ({_MONTH}) (\d{{4}})", text)
    try:
        if match:
            return date(int(match.group(3)), MONTHS.index(match.group(2)) + 1, int(match.group(1))).isoformat()
        return date.fromisoformat(text).isoformat() if len(text) == len("2026-01-01") else None
    except ValueError:
        return None
