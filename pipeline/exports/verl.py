"""`verl`: parquet for verl's MultiTurnSFTDataset, for models that speak ChatML.

verl renders message by message, and columns of differing structs fill up with nulls. So all that a template would make
of tools, thoughts, calls and observations stands in `content` already, as in `chatml`: `messages` are `{"role",
"content"}` and nothing else. A template that takes contents as they are is needed: that of Qwen2.5, or TRL's training
variant of Qwen3's; that of Qwen3 itself takes thoughts out again.

verl learns every message of the assistant. So a message of the assistant that must not be learnt stands, with the
control tokens around it, at the end of the message before it. The tokens are the same, and nothing is lost.
"""

from __future__ import annotations

from typing import Any

from toolweave.pipeline.exports import chatml
from toolweave.pipeline.exports.format import Format, Layout, Piece, Row
from toolweave.pipeline.exports.pieces import cut_any
from toolweave.pipeline.exports.plain import assistants
from toolweave.pipeline.exports.verl_columns import chat

_NEXT = f"{chatml.END}\n{chatml.ASSISTANT}"
"""What stands between a message and one of the assistant that follows it."""


def write(piece: Piece) -> Row:
    """The blocks of the rendered conversation; what is not to be learnt belongs to the block before it."""
    said = iter(sorted(assistants(piece.messages)))
    messages: list[Row] = []
    for role, text in chatml.blocks(piece):
        if role == "assistant" and next(said) not in piece.learnt:
            messages[-1]["content"] += _NEXT + text
        else:
            messages.append({"role": role, "content": text})
    return {"messages": messages}


def read(line: Row) -> Piece:
    """The piece of such blocks, in which the assistant's own ones are learnt."""
    return chatml.parse([segment for message in line["messages"] for segment in _segments(**message)])


def _segments(role: str, content: str) -> list[chatml.Segment]:
    if role != "assistant":
        return [(False, chatml.block(role, content))]
    return [(False, chatml.ASSISTANT), (True, content + chatml.END), (False, "\n")]


def _columns(arrow: Any) -> Any:
    return arrow.schema([("messages", chat(arrow))])


FORMAT = Format(
    "verl",
    "verl's MultiTurnSFTDataset",
    [Layout(cut_any, write, read, columns=_columns)],
    chatml.prepare,
    hint="use a template that takes contents as they are; set ignore_input_ids_mismatch to false",
)
