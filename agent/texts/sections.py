"""A text by its headings: what stands under each, and under those that it belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from toolweave.agent.texts.blocks import Block


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading."""

    title: str
    line: int
    blocks: tuple[Block, ...]
    above: tuple[Block, ...] = ()
    """What stands under the headings that this one belongs to."""
    over: str = ""
    """The heading that this one belongs to."""


def sections_of(blocks: Sequence[Block]) -> Iterator[Section]:
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


def _section(opened: Sequence[tuple[Block | None, list[Block]]]) -> Section:
    heading, inside = opened[-1]
    over = next((block.text for block, _ in reversed(opened[:-1]) if block is not None), "")
    above = tuple(block for _, blocks in opened[:-1] for block in blocks if block.kind != "item")
    return Section(heading.text if heading else "", heading.first if heading else 1, tuple(inside), above, over)
