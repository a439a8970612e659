"""`axolotl`: Axolotl's `chat_template` data sets, with a `train` flag on everything that the assistant says.

    datasets:
      - path: train.jsonl
        type: chat_template
        message_field_training: train

Messages are as in `trl`, but a line holds them, and its tools, as JSON text: Axolotl takes every null out of objects,
also out of schemas, and leaves text alone. Nothing is lost. (Axolotl finds what to learn by what a template renders in
another way for another message. What a template writes in any case, such as an opening `<think>`, it does not learn;
where that matters, `chatml` is exact.)
"""

from __future__ import annotations

import json

from toolweave.pipeline.exports.format import Chat, Format, Layout, Piece, Row, as_text
from toolweave.pipeline.exports.pieces import cut_any


def _write(piece: Piece) -> Row:
    messages = [
        message | ({"train": at in piece.learnt} if message["role"] == "assistant" else {})
        for at, message in enumerate(piece.messages)
    ]
    return {
        "messages": as_text(messages),
        "tools": as_text(piece.tools),
    }


def _read(line: Row) -> Piece:
    given: list[Row] = json.loads(line["messages"])
    messages = [{key: value for key, value in message.items() if key != "train"} for message in given]
    return Piece(
        json.loads(line["tools"]), messages, frozenset(at for at, item in enumerate(given) if item.get("train"))
    )


def _chats(piece: Piece) -> list[Chat]:
    return [Chat(piece.tools, piece.messages)]


FORMAT = Format("axolotl", "Axolotl, type: chat_template", [Layout(cut_any, _write, _read, chats=_chats)])
