"""`verl`: parquet for verl's MultiTurnSFTDataset, for models that speak ChatML.

verl renders message by message, and columns of differing structs fill up with nulls. So all that a template would make
of tools, thoughts, calls and observations stands in `content` already, as in `chatml`: `messages` are `{"role",
"content"}` and nothing else. A template that takes contents as they are is needed: that of Qwen2.5, or TRL's training
variant of Qwen3's; that of Qwen3 itself takes thoughts out again.

verl learns all that the assistant says in a line, so a row ends before what must not be learnt (the loss `unmaskable`).
"""

from __future__ import annotations

from typing import Any

from toolweave.pipeline.exports import chatml
from toolweave.pipeline.exports.format import Format, Layout, Piece, Row
from toolweave.pipeline.exports.pieces import cut_whole
from toolweave.pipeline.exports.plain import assistants


def write(piece: Piece) -> Row:
    """The blocks of the rendered conversation."""
    return {"messages": [{"role": role, "content": text} for role, text in chatml.blocks(piece)]}


def read(line: Row) -> Piece:
    """The piece of such blocks, in which everything is learnt."""
    text = "".join(chatml.block(message["role"], message["content"]) for message in line["messages"])
    piece = chatml.parse([(False, text)])
    return Piece(piece.tools, piece.messages, assistants(piece.messages))


def chat(arrow: Any) -> Any:
    """The Arrow type of messages."""
    return arrow.list_(arrow.struct([("role", arrow.string()), ("content", arrow.string())]))


def _columns(arrow: Any) -> Any:
    return arrow.schema([("messages", chat(arrow))])


FORMAT = Format(
    "verl",
    "verl's MultiTurnSFTDataset",
    [Layout(cut_whole, write, read, ("conversation",), columns=_columns)],
    chatml.prepare,
    hint="use a template that takes contents as they are; set ignore_input_ids_mismatch to false",
)
