"""A manual as blocks with their lines: headings, list items, paragraphs, tables. Markdown and plain text alike.

Code blocks and comments are left out: what stands in them is no sentence of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["heading", "item", "paragraph", "table"]
LONGEST_HEADING = 90
"""Characters of a line that may be a heading by its looks."""
LOOKS = 6
"""Level of a heading that is one by its looks alone."""
LONGEST_TITLE = 8
"""Words of a line that stands alone and is no sentence."""

_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_ITEM = re.compile(
    r"^(\s*)(?:(?P<bullet>[-*+\u2022\u2013])|(?P<number>(?:step\s+)?\d{1,2}(?:\.\d{1,2})*[.):]+"
    r"|\d{1,2}(?:\.\d{1,2})+(?=\s+[A-Z])|[a-z][.)]|\((?:\d{1,2}|[a-z])\)))\s+",
    re.IGNORECASE,
)
_STEP = re.compile(
    r"^(?:step\s+)?(?:\d{1,2}(?:\.\d{1,2})*\s*[.:)\u2013-]?\s+)?(?=[A-Z])(?P<order>.*\w[.!])$", re.IGNORECASE
)
"""A heading that is a whole sentence: a step of its own."""
_TICK = re.compile(r"^\[[ xX]\]\s+")
_TITLED = re.compile(r"^(?:\*\*|__)[^*_]{2,60}?(?:\*\*[.:]?|[.:]\*\*|__[.:]?|[.:]__)\s+(?=[A-Z])")
"""What an item is called, before what it says."""
_RULE = re.compile(r"^\s*([-=*_])(?:\s*\1){2,}\s*$")
_ROW = re.compile(r"^\s*\|.*\|\s*$")
_DASHES = re.compile(r"^\s*\|?(?:\s*:?-+:?\s*\|)+\s*:?-*:?\s*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_QUESTION = re.compile(r"^(?:\**(?:Q|Question)\s*\d*\s*[.:)]\**\s*\S.*|\**[A-Z][^.!?]*\?\**)$")
_ANSWER = re.compile(r"^\**(?:A|Answer)\s*\d*\s*[.:)]\**\s+")
_MARKS = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*|__(?=\S)(.+?)(?<=\S)__|(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_QUOTE = re.compile(r"^ {0,3}>+ ?")
_LABEL = re.compile(r"^\**[A-Z][\w /()-]{1,40}\**\s?:\**\s+\S")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a text that belongs together."""

    kind: Kind
    text: str
    """Its lines joined by spaces, without marks of Markdown; code spans keep theirs."""
    starts: tuple[tuple[int, int], ...]
    """(offset in the text, number of the line) of each of its lines or rows, the first line of a file being 1."""
    level: int = 0
    """Of a heading from 1 on; of an item, how far it is indented."""
    ordered: bool = False
    """Whether an item has a number."""
    rows: tuple[tuple[str, ...], ...] = ()
    """Cells of a table, a row for each of `starts`."""
    headed: bool = False
    """Whether the first row of a table is set off from the others."""

    @property
    def first(self) -> int:
        """Number of its first line."""
        return self.starts[0][1]

    @property
    def last(self) -> int:
        """Number of its last line."""
        return self.starts[-1][1]

    def lines(self, start: int, end: int) -> tuple[int, int]:
        """First and last line of a part of the text."""
        return self._line_of(start), self._line_of(max(start, end - 1))

    def _line_of(self, offset: int) -> int:
        return self.starts[max(0, bisect_right(self.starts, offset, key=lambda start: start[0]) - 1)][1]


def read_blocks(text: str) -> list[Block]:
    """The blocks of a text, in order."""
    return list(_Reader([_QUOTE.sub("", line) for line in _without_comments(text).splitlines()]).blocks())


def _without_comments(text: str) -> str:
    return _COMMENT.sub(lambda found: "\n" * found.group().count("\n"), text)


class _Reader:
    """Goes through lines once."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._at = 0
        self._headed = False
        """Whether the line before was a heading by its looks."""

    def blocks(self) -> Iterator[Block]:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if not line.strip():
                self._headed = False
            if fence := _FENCE.match(line):
                self._skip_code(fence.group(1))
            elif not line.strip() or _RULE.match(line):
                self._at += 1
            elif _ROW.match(line):
                table = self._table()
                if table.rows:
                    yield table
            else:
                yield self._words(line)

    def _skip_code(self, fence: str) -> None:
        self._at += 1
        while self._at < len(self._lines) and not self._lines[self._at].strip().startswith(fence):
            self._at += 1
        self._at += 1

    def _table(self) -> Block:
        starts, rows, headed = list[tuple[int, int]](), list[tuple[str, ...]](), False
        while self._at < len(self._lines) and _ROW.match(line := self._lines[self._at]):
            self._at += 1
            if _DASHES.match(line):
                headed = headed or len(rows) == 1
            else:
                rows.append(tuple(_plain(cell.strip()) for cell in line.strip().strip("|").split("|")))
                starts.append((0, self._at))
        return Block("table", "", tuple(starts), rows=tuple(rows), headed=headed)

    def _words(self, line: str) -> Block:
        number = self._at + 1
        if found := _HEADING.match(line):
            self._at += 1
            if step := _STEP.match(found.group(2)):
                return Block("item", _plain(step.group("order")), ((0, number),), ordered=True)
            return Block("heading", _plain(found.group(2)), ((0, number),), len(found.group(1)))
        if found := _ITEM.match(line):
            self._at += 1
            opening = _TITLED.sub("", _TICK.sub("", line[found.end() :]))
            item = self._joined([(number, opening)], inside=len(found.group(1)))
            indent = len(found.group(1).expandtabs(4))
            return Block("item", item[0], item[1], indent, found.group("number") is not None)
        if self._is_heading(line):
            self._at += 1
            self._headed = True
            below = self._lines[self._at] if self._at < len(self._lines) else ""
            level = {"=": 1, "-": 2}.get(below.strip()[:1], LOOKS) if _RULE.match(below) else LOOKS
            return Block("heading", _plain(line.strip().rstrip(":")), ((0, number),), level)
        self._at += 1
        self._headed = False
        text, starts = self._joined([(number, _ANSWER.sub("", line.strip()))])
        return Block("paragraph", text, starts)

    def _joined(
        self, lines: list[tuple[int, str]], inside: int | None = None
    ) -> tuple[str, tuple[tuple[int, int], ...]]:
        """Lines up to where something else begins, as one text with their places in it."""
        while self._at < len(self._lines) and self._goes_on(self._lines[self._at], inside):
            lines.append((self._at + 1, _ANSWER.sub("", self._lines[self._at].strip())))
            self._at += 1
        text, starts = "", list[tuple[int, int]]()
        for number, line in lines:
            text += " " if text else ""
            starts.append((len(text), number))
            text += _plain(line.strip())
        return text, tuple(starts)

    def _goes_on(self, line: str, inside: int | None) -> bool:
        """Whether a line belongs to the block before it."""
        ends = not line.strip() or _HEADING.match(line) or _ITEM.match(line) or _ROW.match(line) or _FENCE.match(line)
        if ends or _RULE.match(line) or _LABEL.match(line.strip()):
            return False
        return inside is None or not self._is_heading(line)

    def _is_heading(self, line: str) -> bool:
        """Whether a line of its own reads as a heading: underlined, in capitals, bold, a question, or "To …:"."""
        text = line.strip()
        before = self._lines[self._at - 1].strip() if self._at else ""
        after = self._lines[self._at + 1].strip() if self._at + 1 < len(self._lines) else ""
        if (before and not self._headed) or len(text) > LONGEST_HEADING or text.endswith((".", ",", ";")):
            return False
        if re.fullmatch(r"(=+|-{3,})", after):
            return True
        if _QUESTION.match(text) or re.fullmatch(r"\*\*[^*]+\*\*:?", text):
            return True
        if text.isupper() and len(text.split()) > 1:
            return True
        return not after and text[:1].isupper() and text[-1].isalnum() and len(text.split()) <= LONGEST_TITLE


def _plain(text: str) -> str:
    """Text without emphasis and link targets."""
    text = _LINK.sub(r"\1", text)
    return _MARKS.sub(lambda found: next(group for group in found.groups() if group is not None), text).strip()
