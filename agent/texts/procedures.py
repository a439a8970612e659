"""Finds the procedures of a text: lists of orders, answers that say how, and prose that tells one deed after the other.

A procedure is named by its heading, or by the sentence that leads into its list. What the text around the steps says
is kept beside them: values in tables and "label: value" lines, and the paragraphs before. Nothing is read as a step
that is no order (see `instructions.py`); every sentence that is left out is listed with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from toolweave.agent.texts.blocks import Block, read_blocks
from toolweave.agent.texts.instructions import TELLS, Aside, Deed, read_instructions
from toolweave.agent.texts.phrases import one_of

LEAST_IN_PROSE = 2
"""Deeds of a piece of prose that tells how something is done."""
LEAST_OF_PROSE = 0.75
"""Deeds of such a piece for every sentence that only says something."""
LEAST_SHARE = 0.5
"""Share of the items of a list with bullets that have to be orders."""
LEAST_TOLD = 0.75
"""The same where they only say what is done."""
MOST_IN_VALUE = 12
"""Words of a value that stands behind a label."""
_LABELLED = re.compile(
    r"^(?P<label>[A-Za-z][\w ()/\u20ac%-]{0,40}?)\s*(?::|=|\s[-\u2013\u2014])\s+(?P<value>\S.*?)\.?$"
)
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


@dataclass(frozen=True, slots=True)
class Step:
    """One deed that a text asks for."""

    text: str
    """In the words of the text, beginning with the verb."""
    lines: tuple[int, int]
    """First and last line of the file, from 1."""
    detail: str = ""
    """What stands below the item: values, mostly."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A value that a text gives under a label, in a table or in a line of its own."""

    label: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence that is no step."""

    text: str
    lines: tuple[int, int]
    reason: str


@dataclass(frozen=True, slots=True)
class Procedure:
    """How something is done, as a text tells it."""

    title: str
    """What it is for."""
    file: str
    lines: tuple[int, int]
    steps: tuple[Step, ...]
    context: str = ""
    """What the text says before the steps."""
    facts: tuple[Fact, ...] = ()
    remarks: tuple[Remark, ...] = ()


def find_procedures(text: str, file: str) -> list[Procedure]:
    """All procedures of a text, in order."""
    return [found for section in _sections(read_blocks(text)) for found in _Finder(section, file).procedures()]


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    line: int
    blocks: tuple[Block, ...]
    above: tuple[Block, ...] = ()
    """What stands under the headings that this one belongs to."""


def _sections(blocks: Sequence[Block]) -> Iterator[_Section]:
    """What stands under each heading."""
    opened: list[tuple[Block | None, list[Block]]] = [(None, [])]
    for block in blocks:
        if block.kind != "heading":
            opened[-1][1].append(block)
            continue
        yield _section(opened)
        while opened[-1][0] is not None and opened[-1][0].level >= block.level:
            opened.pop()
        opened.append((block, []))
    yield _section(opened)


def _section(opened: Sequence[tuple[Block | None, list[Block]]]) -> _Section:
    heading, inside = opened[-1]
    above = tuple(block for _, blocks in opened[:-1] for block in blocks if block.kind != "item")
    return _Section(heading.text if heading else "", heading.first if heading else 1, tuple(inside), above)


@dataclass
class _Finder:
    """The procedures of one section."""

    section: _Section
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
                self.facts += _table_facts(blocks[at])
            else:
                self._paragraph(blocks[at], leads=bool(_list_at(blocks, at + 1)))
            at += 1
        self._close()
        return [_with_shared(one, self.facts) for one in self.found]

    def _told_above(self, block: Block) -> None:
        """Take in what holds for all that stands below it."""
        if block.kind == "table":
            self.facts += _table_facts(block)
        elif (fact := _labelled(block)) is not None:
            self.facts.append(fact)
        elif not any(isinstance(one, Deed) for one in read_instructions(block.text, listed=False)):
            self.context.append(block)

    def _paragraph(self, block: Block, *, leads: bool) -> None:
        if (fact := _labelled(block)) is not None:
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
        if deeds:
            self.marked = self.marked or any(one.marked for one in deeds)
            self._take(block, read)
        self.remarks += [_remark(block, one) for one in read if isinstance(one, Aside) and deeds]
        if not deeds or len(read) > len(deeds):
            self.context.append(block)

    def _list(self, items: Sequence[Block]) -> None:
        facts = [_labelled(item) for item in items]
        read = [list(read_instructions(item.text, listed=True)) for item in items]
        orders = [any(isinstance(one, Deed) for one in one_read) for one_read in read]
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
            if order:
                self._take(item, one_read)
            elif fact is not None:
                self._detail(item, fact)
            self.remarks += [_remark(item, one) for one in one_read if isinstance(one, Aside) and (order or not fact)]

    def _take(self, block: Block, read: Sequence[Deed | Aside]) -> None:
        """The deeds of a block as steps; what an item says beside its deeds belongs to them."""
        told = " ".join(one.text for one in read if isinstance(one, Aside) and one.reason == TELLS)
        detail = told if block.kind == "item" else ""
        self.steps += [Step(one.text, block.lines(one.start, one.end), detail) for one in read if isinstance(one, Deed)]

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
        if self.steps and self._tells_how():
            title = self.title or _goal(self.section.title)
            context = " ".join(block.text for block in self.context)
            lines = (min(self.section.line, self.steps[0].lines[0]), self.steps[-1].lines[1])
            first = self.steps[0].lines[0] if self.found else lines[0]
            self.found.append(
                Procedure(title, self.file, (first, lines[1]), tuple(self.steps), context, (), tuple(self.remarks))
            )
            self.remarks = []
        self.steps, self.title, self.plain, self.marked, self.listed = [], "", 0, False, False

    def _tells_how(self) -> bool:
        """Whether these deeds are a way to do something, and no passing remark."""
        if self.listed:
            return True
        question = self.section.title.endswith("?") and bool(_HOW.search(self.section.title))
        enough = question or (self.marked and len(self.steps) >= LEAST_IN_PROSE)
        return enough and len(self.steps) >= LEAST_OF_PROSE * self.plain


def _mostly_orders(read: Sequence[Sequence[Deed | Aside]], plain: int) -> bool:
    """Whether a list with bullets tells what to do: half of what it says are orders, or nearly all is what is done."""
    deeds = [[one for one in item if isinstance(one, Deed)] for item in read]
    told = sum(bool(item) for item in deeds)
    orders = sum(any(not one.passive for one in item) for item in deeds)
    return orders >= LEAST_SHARE * (told + plain) or told >= LEAST_TOLD * (told + plain)


def _is_plain(read: Sequence[Deed | Aside]) -> bool:
    """Whether an item only says something, and neither forbids nor depends on anything."""
    return any(isinstance(one, Aside) and one.reason == TELLS for one in read)


def _list_at(blocks: Sequence[Block], at: int) -> list[Block]:
    """The items that stand here one after the other."""
    run: list[Block] = []
    for block in blocks[at:]:
        if block.kind != "item":
            break
        run.append(block)
    return run


def _labelled(item: Block) -> Fact | None:
    """The value that an item or a line gives under a label; no sentence."""
    match = _LABELLED.match(item.text)
    if match is None or len(match.group("label").split()) > 5 or len(match.group("value").split()) > MOST_IN_VALUE:
        return None
    if any(isinstance(one, Deed) or one.reason != TELLS for one in read_instructions(item.text, listed=True)):
        return None
    return Fact(match.group("label").strip(), _bare(match.group("value")), item.first)


def _table_facts(table: Block) -> Iterator[Fact]:
    """What a table says: label and value a row, or one row of values below the labels."""
    rows = [row for row in table.rows if any(row)]
    if len(rows) == 2 and len(rows[0]) > 2:
        yield from (
            Fact(label, _bare(value), table.last) for label, value in zip(rows[0], rows[1], strict=False) if value
        )
    elif rows and len(rows[0]) == 2:
        headed = len(table.starts) > len(table.rows) and any(table.rows[0])
        told = list(zip((number for _, number in table.starts[2:]), rows[1:], strict=False)) if headed else []
        for number, row in told or [(number, row) for (_, number), row in zip(table.starts, rows, strict=False)]:
            if len(row) == 2 and row[1]:
                yield Fact(row[0], _bare(row[1]), number)


def _bare(value: str) -> str:
    """A value without the quotation marks around it."""
    match = re.fullmatch(r"[`\"“](.*)[`\"”]", value.strip())
    return match.group(1) if match else value.strip()


def _remark(block: Block, aside: Aside) -> Remark:
    return Remark(aside.text, block.lines(aside.start, aside.end), aside.reason)


def _with_shared(procedure: Procedure, facts: Sequence[Fact]) -> Procedure:
    return Procedure(
        procedure.title, procedure.file, procedure.lines, procedure.steps, procedure.context, tuple(facts),
        procedure.remarks,
    )  # fmt: skip


def _goal(heading: str) -> str:
    """What a heading says is to be done: `lend a book` for "How do I lend a book?"."""
    text = re.sub(r"^[\d.\s]+(?=[A-Za-z])", "", heading)
    text = re.split(r"(?<=[.!?])\s+", text.strip())[-1]
    return _QUESTION.sub("", text, count=1).rstrip("?: ") or heading
