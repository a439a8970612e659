"""Values that a text gives under a label, in a line of its own or in a table."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolweave.agent.texts.blocks import Block
from toolweave.agent.texts.instructions import TELLS, Deed, read_instructions
from toolweave.agent.texts.procedures import Fact

MOST_IN_VALUE = 12
"""Words of a value that stands behind a label."""
_LABELLED = re.compile(
    r"^(?P<label>[A-Za-z][\w ()/\u20ac%-]{0,40}?)\s*(?::|=|\s[-\u2013\u2014])\s+(?P<value>\S.*?)\.?$"
)


def labelled(item: Block) -> Fact | None:
    """The value that an item or a line gives under a label; no sentence."""
    match = _LABELLED.match(item.text)
    if match is None or len(match.group("label").split()) > 5 or len(match.group("value").split()) > MOST_IN_VALUE:
        return None
    if any(isinstance(one, Deed) or one.reason != TELLS for one in read_instructions(item.text, listed=True)):
        return None
    return Fact(match.group("label").strip(), _bare(match.group("value")), item.first)


def table_facts(table: Block) -> Iterator[Fact]:
    """What a table says: label and value a row, or one row of values below the labels."""
    lines = [(number, row) for (_, number), row in zip(table.starts, table.rows, strict=True) if any(row)]
    rows = [row for _, row in lines]
    if len(rows) == 2 and len(rows[0]) > 2:
        yield from (
            Fact(label, _bare(value), table.last) for label, value in zip(rows[0], rows[1], strict=False) if value
        )
    elif rows and len(rows[0]) == 2:
        for number, row in lines[1:] if table.headed and any(table.rows[0]) else lines:
            if len(row) == 2 and row[1]:
                yield Fact(row[0], _bare(row[1]), number)


def _bare(value: str) -> str:
    """A value without the quotation marks around it."""
    match = re.fullmatch(r"[`\"“](.*)[`\"”]", value.strip())
    return match.group(1) if match else value.strip()
