"""How much of the samples comes back from an export; what several lines repeat is counted once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolweave.pipeline.exports.format import Piece
from toolweave.pipeline.exports.plain import bare

Row = dict[str, Any]
WHAT = ("rows", "calls", "observations", "reasoning")
HEAD = f"| export | read by | lines | {' | '.join(WHAT)} | left out |\n|---|---|---|{'---|' * len(WHAT)}---|\n"


@dataclass(frozen=True, slots=True)
class Tally:
    """What there is, and what came back."""

    there: Counter[str]
    back: Counter[str]

    @property
    def is_whole(self) -> bool:
        return self.there == self.back


def tally(read: Iterable[tuple[Row, list[Piece]]]) -> Tally:
    """Count over samples, each with all that a consumer gave back of it."""
    there, back = Counter[str](), Counter[str]()
    for row, pieces in read:
        facts = set(_facts(row["messages"]))
        known = {fact for piece in pieces for fact in _same(row["messages"], piece.messages)}
        there += Counter(what for what, *_ in facts) + Counter(["rows"])
        back += Counter(what for what, *_ in known & facts) + Counter(["rows"] if pieces else [])
    return Tally(there, back)


def note(export: str, reader: str, lines: int, found: Tally, losses: dict[str, int]) -> None:
    """Append a line to the table in the file that EXPORT_TABLE names, if it names one."""
    if not (path := os.environ.get("EXPORT_TABLE")):
        return
    cells = [f"{found.back[what]} of {found.there[what]}" for what in WHAT]
    left = ", ".join(f"`{name}` {times}" for name, times in losses.items()) or "nothing"
    table = Path(path)
    head = "" if table.exists() else HEAD
    with table.open("a", encoding="utf-8") as file:
        file.write(f"{head}| {export} | {reader} | {lines} | {' | '.join(cells)} | {left} |\n")


def _facts(messages: list[Row]) -> Iterator[tuple[str, int, int]]:
    """(what, index of the message, number in it) of all that has to come back."""
    for at, message in enumerate(messages):
        if message["role"] == "tool":
            yield "observations", at, 0
        if message.get("reasoning_content"):
            yield "reasoning", at, 0
        for number, _ in enumerate(message.get("tool_calls", ())):
            yield "calls", at, number


def _same(messages: list[Row], read: list[Row]) -> Iterator[tuple[str, int, int]]:
    """Facts of a conversation that was read, which begins as the sample does, as far as they are the sample's own."""
    for at, (message, seen) in enumerate(zip(messages, read, strict=False)):
        if message["content"] == seen["content"]:
            yield "observations", at, 0
        if message.get("reasoning_content") == seen.get("reasoning_content"):
            yield "reasoning", at, 0
        calls = zip(message.get("tool_calls", ()), seen.get("tool_calls", ()), strict=False)
        for number, (call, seen_call) in enumerate(calls):
            if bare(call) == bare(seen_call):
                yield "calls", at, number
