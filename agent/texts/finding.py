"""Finds the procedures of a text: lists of orders, answers that say how, and prose that tells one deed after the other.

A procedure is named by its heading, or by the sentence that leads into its list. What the text around the steps says
is kept beside them: values in tables and "label: value" lines, and the paragraphs before. Nothing is read as a step
that is no order (see `instructions.py`); every sentence that is left out is listed with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeGuard

from toolweave.agent.texts.blocks import Block, read_blocks
from toolweave.agent.texts.facts import labelled, table_facts
from toolweave.agent.texts.instructions import TELLS, Aside, Deed, read_instructions
from toolweave.agent.texts.phrases import one_of
from toolweave.agent.texts.procedures import Fact, Procedure, Remark, Role, Step, joined
from toolweave.agent.texts.sections import Section, sections_of

LEAST_IN_PROSE = 2
"""Deeds of a piece of prose that tells how something is done."""
LEAST_OF_PROSE = 0.75
"""Deeds of such a piece for every sentence that only says something."""
LEAST_SHARE = 0.5
"""Share of the items of a list with bullets that have to be orders."""
LEAST_TOLD = 0.75
"""The same where they only say what is done."""
_APART = re.compile(r"(?<![*\w])\*(?P<term>[A-Z][^*\n.!?:]{2,60})\*(?![*\w])")
_ENUMERATED = re.compile(r"^(?:(?i:step|part|stage|phase)\s+\w{1,5}|\d{1,2}|[A-PR-Z])\s*[.:)\u2013\u2014-]\s*\S")
"""Headings of the parts of one procedure."""
_HOW = re.compile(r"\bhow\b|\bwhat (?:do|should|to)\b|\bto\b", re.IGNORECASE)
_ASKED = one_of(r"""
    how (?:do|can|should|does|would) (?:i|you|we|one|somebody|the [a-z]+) | how to
    | what (?:do i do|must i do|should i do|do we do) (?:to|when|if)
    | what(?: is|'s) the (?:best |right |usual )?way (?:to|of) | can i | may i
""")
_QUESTION = re.compile(rf"^(?:q(?:uestion)?\s*\d*\s*[.:)]\s*)?(?:(?:{_ASKED})\s+)?", re.IGNORECASE)
_LEAD = re.compile(
    r"^(?:to\s+)?(.*?)[,:]?\s*(?:(?:do|follow|take|carry out|go through|use|here is|here are|these are)"
    r" (?:this|these|the following|the)?.*|as follows|proceed.*)?:$",
    re.IGNORECASE,
)


def find_procedures(text: str, file: str) -> list[Procedure]:
    """All procedures of a text, in order."""
    terms = tuple(dict.fromkeys(match.group("term") for match in _APART.finditer(text)))
    found: list[Procedure] = []
    last = ""
    for section in sections_of(read_blocks(text)):
        for one in _Finder(section, file).procedures():
            goes_on = bool(found) and section.over == last and bool(_ENUMERATED.match(section.title))
            if goes_on and _ENUMERATED.match(found[-1].title):
                found[-1] = joined(found[-1], one)
            else:
                found.append(one)
            last = section.over
    return [replace(one, terms=terms, around=text) for one in found]


@dataclass
class _Finder:
    """The procedures of one section."""

    section: Section
    file: str
    title: str = ""
    context: list[Block] = field(default_factory=list[Block])
    facts: list[Fact] = field(default_factory=list[Fact])
    remarks: list[Remark] = field(default_factory=list[Remark])
    steps: list[Step] = field(default_factory=list[Step])
    plain: int = 0
    """Sentences of prose that only say something."""
    marked: bool = False
    listed: bool = False
    found: list[Procedure] = field(default_factory=list[Procedure])

    def procedures(self) -> list[Procedure]:
        """Go through the blocks; a list after a list begins another procedure, where something leads into it."""
        for block in self.section.above:
            self._told_above(block)
        blocks = self.section.blocks
        at = 0
        while at < len(blocks):
            run = _list_at(blocks, at)
            if run:
                self._list(run)
                at += len(run)
                continue
            if blocks[at].kind == "table":
                self._table(blocks[at])
            else:
                self._paragraph(blocks[at], leads=bool(_list_at(blocks, at + 1)))
            at += 1
        self._close()
        return [_with_shared(one, self.facts) for one in self.found]

    def _told_above(self, block: Block) -> None:
        """Take in what holds for all that stands below it."""
        if block.kind == "table":
            self.facts += table_facts(block)
        elif (fact := labelled(block)) is not None:
            self.facts.append(fact)
        else:
            read = list(read_instructions(block.text, listed=False))
            told = ". ".join(one.text.rstrip(".") for one in read if isinstance(one, Aside))
            whole = not any(isinstance(one, Deed) for one in read)
            if whole or told:
                self.context.append(block if whole else replace(block, text=f"{told}.", starts=block.starts[:1]))

    def _paragraph(self, block: Block, *, leads: bool) -> None:
        if (fact := labelled(block)) is not None:
            self.facts.append(fact)
            return
        lead = _LEAD.match(block.text) if leads and block.text.endswith(":") else None
        if lead is not None:
            self._close()
            named = bool(self.found) or not self.section.title or lead.group().lower().startswith("to ")
            self.title = lead.group(1).strip() if named and len(lead.group(1).split()) > 1 else ""
            self.context.append(block)
            return
        if self.listed and self.steps:
            self._close()
        read = list(read_instructions(block.text, listed=False))
        deeds = [one for one in read if isinstance(one, Deed)]
        self.plain += sum(isinstance(one, Aside) and one.reason == TELLS for one in read)
        if deeds or any(isinstance(one, Aside) and one.perhaps for one in read):
            self.marked = self.marked or any(one.marked for one in deeds)
            self._take(block, read)
        self.remarks += [_remark(block, one) for one in read if _is_remark(one) and deeds]
        if not deeds or len(read) > len(deeds):
            self.context.append(block)

    def _list(self, items: Sequence[Block]) -> None:
        facts = [labelled(item) for item in items]
        read = [list(read_instructions(item.text, listed=True)) for item in items]
        orders = [any(map(_may_ask, one_read)) for one_read in read]
        ordered = any(item.ordered for item in items)
        plain = sum(
            not order and fact is None and _is_plain(one) for order, fact, one in zip(orders, facts, read, strict=True)
        )
        if not any(orders) or (not ordered and not _mostly_orders(read, plain)):
            self.facts += [fact for fact in facts if fact is not None]
            self.context += [item for item, fact in zip(items, facts, strict=True) if fact is None]
            return
        if self.steps:
            self._close()
        self.listed = True
        for item, fact, one_read, order in zip(items, facts, read, orders, strict=True):
            if order or (fact is None and not item.level):
                self._take(item, one_read, "beside" if order else "perhaps")
            elif fact is not None:
                self._detail(item, fact)
            self.remarks += [_remark(item, one) for one in one_read if _is_remark(one) and (order or not fact)]

    def _table(self, table: Block) -> None:
        """A table of which a column says what to do, line by line; any other one gives values."""
        rows = [(number, row) for (_, number), row in zip(table.starts, table.rows, strict=True)]
        told = [_told(column, rows) for column in range(max(len(row) for _, row in rows))]
        column = max(range(len(told)), key=lambda number: len(told[number]))
        if len(told[column]) < max(LEAST_IN_PROSE, LEAST_TOLD * (len(rows) - 1)):
            self.facts += table_facts(table)
            return
        if self.steps:
            self._close()
        self.listed = True
        header = rows[0][1] if rows[0][0] not in told[column] else ("",) * len(rows[0][1])
        for number, row in rows:
            if number not in told[column]:
                continue
            block = Block("item", row[column], ((0, number),))
            self._take(block, list(read_instructions(row[column], listed=True)))
            beside = [
                f"{label}: {cell}"
                for at, (label, cell) in enumerate(zip(header, row, strict=False))
                if at != column and cell
            ]
            self._beside(number, beside, alone=len(list(_deeds(row[column]))) == 1)

    def _beside(self, number: int, cells: Sequence[str], *, alone: bool) -> None:
        """What the other cells of a line say: they belong to its only step, or to one of several."""
        if alone:
            told = "; ".join(cell.partition(": ")[2] for cell in cells)
            self.steps[-1] = replace(self.steps[-1], detail=f"{self.steps[-1].detail} {told}".strip())
        else:
            self.steps += [Step(one, (number, number), "", "beside", follows=True) for one in cells]

    def _take(self, block: Block, read: Sequence[Deed | Aside], role: Role = "beside") -> None:
        """What a block asks for, as steps; what it says beside them may belong to them."""
        before = ""
        for number, one in enumerate(read):
            lines = block.lines(one.start, one.end)
            if isinstance(one, Deed):
                self.steps.append(Step(one.text, lines, one.lead, follows=number > 0, before=f"{before} {one.lead}"))
            elif one.reason == TELLS and one.perhaps:
                likely: Role = "perhaps" if one.likely else "told"
                self.steps.append(Step(one.perhaps, lines, "", likely, number > 0, before))
            elif one.reason == TELLS:
                self.steps.append(Step(one.text.rstrip("."), lines, "", role, number > 0))
            before = one.text

    def _detail(self, item: Block, fact: Fact) -> None:
        """A labelled value below a step belongs to it; one on the level of the steps to all of them."""
        if item.level and self.steps:
            last = self.steps[-1]
            told = f"{last.detail}; {item.text}" if last.detail else item.text
            self.steps[-1] = Step(last.text, (last.lines[0], item.last), told)
        else:
            self.facts.append(fact)

    def _close(self) -> None:
        """End the procedure at hand, if there is one."""
        orders = [one for one in self.steps if one.role == "order"]
        deeds = [one for one in self.steps if one.role != "beside"]
        if deeds:
            title = self.title or (
                self.section.title if _ENUMERATED.match(self.section.title) else _goal(self.section.title)
            )
            context = " ".join(block.text for block in self.context)
            steps = self.steps[self.steps.index(deeds[0]) if not self.listed else 0 :]
            lines = (min(self.section.line, steps[0].lines[0]), steps[-1].lines[1])
            first = steps[0].lines[0] if self.found else lines[0]
            self.found.append(
                Procedure(
                    title,
                    self.file,
                    (first, lines[1]),
                    tuple(steps),
                    context,
                    (),
                    tuple(self.remarks),
                    sure=self._tells_how(len(orders)),
                )
            )
            self.remarks = []
        self.steps, self.title, self.plain, self.marked, self.listed = [], "", 0, False, False

    def _tells_how(self, orders: int) -> bool:
        """Whether these deeds are a way to do something, and no passing remark."""
        if self.listed:
            return True
        question = self.section.title.endswith("?") and bool(_HOW.search(self.section.title))
        enough = question or (self.marked and orders >= LEAST_IN_PROSE)
        return enough and orders >= LEAST_OF_PROSE * self.plain


def _mostly_orders(read: Sequence[Sequence[Deed | Aside]], plain: int) -> bool:
    """Whether a list with bullets tells what to do: half of what it says are orders, or nearly all is what is done."""
    told = sum(any(map(_may_ask, item)) for item in read)
    orders = sum(any(isinstance(one, Deed) and not one.passive for one in item) for item in read)
    return orders >= LEAST_SHARE * (told + plain) or told >= LEAST_TOLD * (told + plain)


def _may_ask(one: Deed | Aside) -> bool:
    """Whether a part of an item asks for something, by its form at least."""
    return isinstance(one, Deed) or bool(one.perhaps)


def _is_plain(read: Sequence[Deed | Aside]) -> bool:
    """Whether an item only says something, and neither forbids nor depends on anything."""
    return any(isinstance(one, Aside) and one.reason == TELLS for one in read)


def _told(column: int, rows: Sequence[tuple[int, Sequence[str]]]) -> set[int]:
    """Lines of a table of which a cell asks for something."""
    cells = [(number, row[column]) for number, row in rows if column < len(row)]
    return {
        number
        for number, cell in cells
        if len(cell.split()) > 1
        and any(isinstance(one, Deed) and not one.passive for one in read_instructions(cell, listed=True))
    }


def _deeds(text: str) -> Iterator[Deed]:
    return (one for one in read_instructions(text, listed=True) if isinstance(one, Deed))


def _list_at(blocks: Sequence[Block], at: int) -> list[Block]:
    """The items that stand here one after the other."""
    run: list[Block] = []
    for block in blocks[at:]:
        if block.kind != "item":
            break
        run.append(block)
    return run


def _remark(block: Block, aside: Aside) -> Remark:
    return Remark(aside.text, block.lines(aside.start, aside.end), aside.reason)


def _is_remark(one: Deed | Aside) -> TypeGuard[Aside]:
    """Whether a sentence is left out for good."""
    return isinstance(one, Aside) and one.reason != TELLS


def _with_shared(procedure: Procedure, facts: Sequence[Fact]) -> Procedure:
    return replace(procedure, facts=tuple(facts))


def _goal(heading: str) -> str:
    """What a heading says is to be done: `lend a book` for "How do I lend a book?"."""
    text = re.sub(r"^[\d.\s]+(?=[A-Za-z])", "", heading)
    text = re.split(r"(?<=[.!?])\s+", text.strip())[-1]
    return _QUESTION.sub("", text, count=1).rstrip("?: ") or heading
