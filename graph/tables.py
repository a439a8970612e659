"""Tables inside texts: columns held apart by bars, tabs, commas or runs of spaces, under a line of headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_RULE = re.compile(r"^[\s|+:=-]{3,}$")
_CELL_WORDS = re.compile(r"[A-Za-z][\w .,/()%€$#-]{0,40}")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; every row has as many cells as the header."""

    header: list[str]
    rows: list[list[str]]


def tables(text: str) -> Iterator[str | Table]:
    """The text in order: tables, and the stretches of other lines between them."""
    lines = text.split("\n")
    plain: list[str] = []
    at = 0
    while at < len(lines):
        table, size = _table_at(lines, at)
        if table is None:
            plain.append(lines[at])
            at += 1
            continue
        if plain:
            yield "\n".join(plain)
            plain = []
        yield table
        at += size
    if plain:
        yield "\n".join(plain)


def _table_at(lines: list[str], at: int) -> tuple[Table | None, int]:
    for split in (_bars, _tabs, _commas, _gaps):
        header = split(lines[at])
        if len(header) < 2 or not all(_CELL_WORDS.fullmatch(cell) for cell in header) or len(set(header)) < len(header):
            continue
        rows: list[list[str]] = []
        size = 1
        for line in lines[at + 1 :]:
            cells = split(line)
            if len(cells) == len(header) and not _RULE.match(line):
                rows.append(cells)
            elif not _RULE.match(line):
                break
            size += 1
        if rows:
            return Table(header, rows), size
    return None, 0


def _bars(line: str) -> list[str]:
    if line.count("|") < 1:
        return []
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def _tabs(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("\t")] if "\t" in line else []


def _commas(line: str) -> list[str]:
    return [cell.strip() for cell in line.split(",")] if "," in line and ", " not in line else []


def _gaps(line: str) -> list[str]:
    return re.split(r"\s{2,}", line.strip()) if re.search(r"\S\s{2,}\S", line) else []
