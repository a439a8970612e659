"""Texts read as labelled values: key-value lines, tables, and ids, numbers, dates and quotations in sentences.

The label of a value is the noun that introduces it ("as member MB-20817" gives `member`), the column of its table or
the key of its line. Labels are meant to be the same for every output of one tool, so names and other words that
change from call to call are passed over; what has no such word is labelled by what it is (`id`, `date`, …).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from toolweave.graph.tables import tables

Kind = Literal["quoted", "address", "date", "id", "number", "text"]

_TOKEN = re.compile(
    r"(?P<quoted>\"(?P<q1>[^\"\n]{1,120})\"|`(?P<q2>[^`\n]{1,120})`|(?<!\w)'(?P<q3>[^'\n]{1,120})'(?!\w)"
    r"|“(?P<q4>[^”\n]{1,120})”)"
    r"|(?P<address>\b[a-z][a-z0-9+.-]*://[^\s\"'<>)\],]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<![\w/])/[\w.-]+(?:/[\w.-]+)+)"
    r"|(?P<date>\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?(?![\w-])"
    r"|\b\d{1,2}:\d{2}(?::\d{2})?\b)"
    r"|(?P<id>\b(?=[\w./:-]*\d)(?=[\w./:-]*[A-Za-z])[A-Za-z0-9]+(?:[-_./:][A-Za-z0-9]+)*\b"
    r"|\b[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+\b|\b[A-Z]{2,}(?:-[A-Z0-9]+)+\b|\b\d+(?:-\d+)+\b)"
    r"|(?P<number>#?(?<![\w.])-?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w])|#?(?<![\w.])-?\d+(?:\.\d+)?(?!\w))"
)
_UNIT = re.compile(r"\d+(?:\.\d+)?(?:[a-z]{1,3}|%|[A-Z]{1,3})")
_PAIR = re.compile(
    r"^\s*(?:[-*•·]\s+|\d+[.)]\s+)?\**([A-Za-z][A-Za-z0-9 _/()#-]{0,38}?)\**\s*(?:[:=]\**\s+|=)(\S.*?)\s*$"
)
_HEADING = re.compile(r"^\W*([A-Za-z][\w -]{0,60})(?:\s*\([^)]*\))?\s*:\W*$|^#+\s+([A-Za-z][\w -]{0,60})$")
_SPLIT = re.compile(r"\s*(?:[;|•]|,(?=\s*[A-Za-z][A-Za-z _-]{0,30}[:=])|\.\s+(?=[A-Za-z][A-Za-z _-]{0,30}:\s))\s*")
_WORDS_BEFORE = re.compile(r"([A-Za-z][A-Za-z'-]*)[^\w\n]*$")
_WORD_AFTER = re.compile(r"^\s?(?:[a-z]{2,}|[A-Z]{3})\b")
_LIST_GAP = re.compile(r"\s*(?:,|;|and|or|,\s*and|/|\||-|→|->)\s*")
_PASSED_OVER = frozenset(
    "a an the is are was were be been has have id ids number numbers no nr num ref reference called named identifier "
    "code with its it this that".split()
)
"""Words between a noun and its value."""
_LINKS = frozenset("as under for to from of in on at by until before after into and or per about than via due".split())


@dataclass(frozen=True, slots=True)
class Labelled:
    """One value read out of a text."""

    label: str
    value: str | int | float


def read_text(text: str, *, brief: bool = False) -> Iterator[Labelled]:
    """The labelled values of a text, in order.

    `brief` is for a text that is itself a field of an object: only ids and addresses count there, and only when the
    text is more than the one value.
    """
    if not re.search(r"\s", text.strip()):
        return
    if brief:
        found = list(_sentence_values(text, ""))
        yield from (Labelled(label, value) for kind, label, value in found if kind in ("id", "address"))
        return
    heading = ""
    for block in tables(text):
        if isinstance(block, str):
            for line in block.split("\n"):
                yield from (Labelled(label, value) for _, label, value in _line(line, heading))
                heading = _heading(line, heading)
        else:
            for row in block.rows:
                yield from (
                    Labelled(_slug(name) or "cell", _typed(cell))
                    for name, cell in zip(block.header, row, strict=True)
                    if cell
                )
                yield from _ids_in_cells(block.header, row)


def _ids_in_cells(header: list[str], row: list[str]) -> Iterator[Labelled]:
    """Cells that hold more than one value."""
    for name, cell in zip(header, row, strict=True):
        found = [value for kind, _, value in _sentence_values(cell, _slug(name)) if kind == "id"]
        if len(found) > 1 or (found and re.search(r"\s", cell)):
            yield from (Labelled(_slug(name) or "cell", value) for value in found)


def _heading(line: str, heading: str) -> str:
    match = _HEADING.match(line)
    if match:
        return _slug((match.group(1) or match.group(2)).split()[-1])
    return heading if line.strip() else ""


_Found = tuple[Kind, str, str | int | float]


def _line(line: str, heading: str) -> Iterator[_Found]:
    for segment in _SPLIT.split(line):
        pair = _PAIR.match(segment)
        key = _key(pair.group(1)) if pair else ""
        if pair and key:
            yield from _pair(key, pair.group(2))
        else:
            yield from _sentence_values(segment, heading)


def _key(text: str) -> str:
    """The key of a pair as a label; empty when it reads like the start of a sentence or holds a value."""
    text = text.rpartition("(")[2]
    words = re.split(r"\s(?:of|for|in|by|with|from|on|at)\s", text.strip())[0].split()
    if len(text.split()) > 5 or any(match.group("id") for match in _TOKEN.finditer(text)):
        return ""
    return _slug(words[-1] if len(words) > 2 else " ".join(words))


def _pair(key: str, rest: str) -> Iterator[_Found]:
    rest = rest.strip().strip("*").strip()
    bare = rest.rstrip(".").rstrip()
    bare = bare.removesuffix(")") if "(" not in bare else bare
    found = list(_sentence_values(rest, key))
    first = _TOKEN.match(bare)
    if first and first.group("quoted") is None:
        for at, (kind, label, value) in enumerate(found):
            yield kind, key if at == 0 else label, value
        if first.end() != len(bare) and first.group("id") is None:
            yield "text", f"{key}_text", bare
        return
    if len(bare) <= 120 and bare.lower() not in ("none", "-", "n/a", "null"):
        whole = bare[1:-1] if len(bare) > 2 and bare[0] == bare[-1] and bare[0] in "\"'`" else bare
        yield "text", key, whole
    yield from (one for one in found if one[0] in ("id", "address", "date"))


def _sentence_values(text: str, fallback: str) -> Iterator[_Found]:
    """Values inside running words. `fallback` labels what stands alone."""
    end, last, last_kind = 0, "", ""
    for match in _TOKEN.finditer(text):
        kind, value = _value(match)
        between = text[end : match.start()]
        follows = kind == last_kind and _LIST_GAP.fullmatch(between)
        label = last if follows else _label(text, match, kind, fallback, end)
        end, last, last_kind = match.end(), label, kind
        yield kind, label, value


def _value(match: re.Match[str]) -> tuple[Kind, str | int | float]:
    text = match.group(0)
    if match.group("quoted") is not None:
        return "quoted", next(part for part in match.group("q1", "q2", "q3", "q4") if part is not None)
    if match.group("number") is not None or (match.group("id") is not None and _UNIT.fullmatch(text)):
        return "number", _typed(text.lstrip("#").rstrip("%"))
    if match.group("address") is not None:
        return "address", text
    return ("id" if match.group("date") is None else "date"), text


def _label(text: str, match: re.Match[str], kind: Kind, fallback: str, end: int) -> str:
    before, after = text[end : match.start()], text[match.end() :]
    unit = _WORD_AFTER.match(after)
    if kind == "number" and unit and _is_unit(unit.group(0).strip()):
        return _slug(unit.group(0))
    if before.endswith(("(", "[")) and kind == "id":
        return fallback or kind
    noun = _noun_before(before, starts=not text[:end].strip())
    if noun:
        return noun
    if not before.strip(" -*•·([#\t") and not text[:end].strip():
        return fallback or ("item" if kind == "id" else kind)
    return fallback or kind


def _is_unit(word: str) -> bool:
    return word not in _LINKS | _PASSED_OVER and not word.endswith("ed")


def _noun_before(before: str, *, starts: bool) -> str:
    """The nearest telling word to the left; names, which are written with a capital inside a sentence, do not tell."""
    rest, link = before, ""
    while match := _WORDS_BEFORE.search(rest):
        word, rest = match.group(1), rest[: match.start()]
        if not link and re.search(r"[.!?]\s", before[match.end(1) :]):
            return ""
        first = (starts and not re.search(r"[A-Za-z0-9]", rest)) or bool(re.search(r"[.!?:]\s*$", rest))
        lower = word.lower()
        if lower in _PASSED_OVER:
            continue
        if lower in _LINKS:
            link = link or lower
            break
        if word[0].isupper() and not first and not word.isupper():
            return link
        return lower
    return link


def _typed(text: str) -> str | int | float:
    plain = (
        text.strip().replace(",", "") if re.fullmatch(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?", text.strip()) else text.strip()
    )
    if re.fullmatch(r"-?(?:0|[1-9]\d{0,17})", plain):
        return int(plain)
    if re.fullmatch(r"-?(?:0|[1-9]\d{0,17})\.\d{1,12}", plain):
        return float(plain)
    return text.strip()


def _slug(text: str) -> str:
    return "_".join(re.findall(r"[a-z0-9]+", text.lower()))[:40]


def masked(text: str) -> str:
    """The text with every id, number, date, address and quotation blanked."""
    return _TOKEN.sub(" ", text)
