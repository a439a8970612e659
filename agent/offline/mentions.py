"""Reading a request: the values that it mentions, each with the words around it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from toolweave.agent.offline.lexicon import MONTHS

Kind = Literal["quoted", "date", "moment", "time", "number", "address", "token", "name", "option", "answer"]

_MONTH = "|".join(MONTHS)
_CAPITAL = r"[A-Z][A-Za-z'\u2019]*(?![\w/@-]|\.\w)"
_PATTERN = re.compile(
    r"(?P<quoted>\"(?P<q1>[^\"\n]{0,2000})\"|“(?P<q2>[^”]{0,3000})”)"
    rf"|(?P<moment>\b\d{{1,2}} (?:{_MONTH}) \d{{4}} at \d{{1,2}}:\d{{2}}\b)"
    rf"|(?P<date>\b\d{{1,2}} (?:{_MONTH}) \d{{4}}\b|\b\d{{4}}-\d{{2}}-\d{{2}}\b(?![T\d]))"
    r"|(?P<address>[\w.+-]+@[\w-]+\.[\w.-]*\w|\b[a-z]+://[^\s\"“”,;]+(?<![.?!]))"
    r"|(?P<time>\b\d{1,2}:\d{2}\b(?!:\d))"
    r"|(?P<number>(?<![\w.-])-?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w])|(?<![\w.-])-?\d+(?:\.\d+)?(?=%|(?:-[a-z]+)?(?![\w-]|[./:]\w)))"
    r"|(?P<token>(?<![\w/])(?=[^\s\"“”,;!?()]*(?:[\d/@_]|[.-]\w))[A-Za-z0-9/~=#][^\s\"“”,;!?()]*(?<![.:]))"
    rf"|(?P<name>(?<![\w'\u2019]){_CAPITAL}(?:[ ](?:(?:of|the|and|de|da|von|van|der) )?{_CAPITAL})*)"
)
_SENTENCE_START = re.compile(r"(?:^|[.!?]\s+|\n\s*)$")
_WORD = re.compile(r"[A-Za-z']+")
_LIST_GAP = re.compile(r"\s*(?:,|,?\s+and|;)\s*")
_ROW_LEAD = re.compile(
    r"(?:whose (?:[a-z]+ ){1,4}is|namely|listed as|I mean|I am talking about|that is to say)\s(?:[^.;?!()]*,\s)?[\"“]?$"
)
_ROW_MORE = re.compile(r"\((?:namely|I mean|that is to say)\s[^()]*$")
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
    found: list[Mention] = []
    asked = tuple(dict.fromkeys(word.lower() for word in _WORD.findall(question)))
    run = 0
    for match in _PATTERN.finditer(text):
        kind, value, start = _read(text, match)
        if not value and kind != "quoted":
            continue
        before, after = text[:start], text[match.end() :]
        if found and not (found[-1].kind == kind and _LIST_GAP.fullmatch(text[found[-1].end : start])):
            run += 1
        told = asked if told_from is not None and start >= told_from else ()
        left = (*_left(before[told_from:] if told else before), *told)
        found.append(Mention(kind, value, start, match.end(), left, _right(after), run, _picks_row(before)))
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
        return ("name", value, start) if value[0].isupper() and before_is_inside(text, start) else ("token", "", start)
    if kind == "name":
        return "name", *_name(text, value, start)
    return kind, value.rstrip("."), start  # type: ignore[return-value]


def before_is_inside(text: str, start: int) -> bool:
    """Whether a word stands inside a sentence, where a capital letter means something."""
    return not _SENTENCE_START.search(text[:start])


def _name(text: str, value: str, start: int) -> tuple[str, int]:
    """The name without the word that only has a capital because it opens a sentence."""
    value = re.sub(r"['\u2019]s$", "", value)
    if _SENTENCE_START.search(text[:start]):
        head, _, rest = value.partition(" ")
        start, value = start + len(head) + 1, rest
    if value in _NOT_NAMES or len(value) < 2:
        return "", start
    return value, start


def _left(text: str) -> tuple[str, ...]:
    sentence = re.split(r"[.!?]\s", text)[-1]
    return tuple(reversed([word.lower() for word in _WORD.findall(sentence)][-8:]))


def _right(text: str) -> tuple[str, ...]:
    sentence = re.split(r"[.!?](?:\s|$)", text)[0]
    return tuple(word.lower() for word in _WORD.findall(sentence)[:5])


def _picks_row(before: str) -> bool:
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
