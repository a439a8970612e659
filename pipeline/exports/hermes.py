"""`hermes`: function calling as Nous Research's Hermes models and data sets write it, in ShareGPT turns.

The system message lists the tools; calls stand in `<tool_call>`, observations as `{"name", "content"}` in
`<tool_response>`, all of them real JSON; reasoning in `<think>`. `tools` repeats the tools as JSON text. The entry in
`dataset_info.json` beside the file is for LLaMA-Factory with `template: chatml`.

Readers learn all that a model says in a line. A row ends before what must not be learnt (the loss `unmaskable`); split
by step nothing is lost, and the reader has to learn the last message only.
"""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path

from toolweave.pipeline.exports.format import Format, Layout, Piece, Row, as_text
from toolweave.pipeline.exports.markup import BETWEEN, SEEN, SHOWN, assistant_of, assistant_text
from toolweave.pipeline.exports.pieces import cut_whole
from toolweave.pipeline.exports.plain import assistants, plain_row

_BEFORE_TOOLS = (
    "You are a function calling AI model. The functions that you may call are listed as JSON within <tools></tools>. "
    "Do not make up values for their arguments.\n<tools>\n"
)
_AFTER_TOOLS = (
    "\n</tools>\nFor each call, return a JSON object with its name and arguments within <tool_call></tool_call>:\n"
    '<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>'
)


def write(piece: Piece) -> Row:
    """The conversation, its tools in the system message."""
    words = [message["content"] for message in piece.messages[:1] if message["role"] == "system"]
    tools = as_text(piece.tools) if piece.tools else ""
    head = "\n\n".join(words + ([_BEFORE_TOOLS + tools + _AFTER_TOOLS] if tools else []))
    first = [{"from": "system", "value": head}] if head else []
    return {"conversations": [*first, *_turns(piece.messages[len(words) :])], "tools": tools}


def read(line: Row) -> Piece:
    """The piece of a conversation in which everything is learnt."""
    messages = [message for item in line["conversations"] for message in _messages(item["from"], item["value"])]
    tools: list[Row] = json.loads(line["tools"]) if line["tools"] else []
    return Piece(tools, messages, assistants(messages))


def read_step(line: Row) -> Piece:
    """The piece of a conversation in which the last message is learnt."""
    piece = read(line)
    return Piece(piece.tools, piece.messages, frozenset([len(piece.messages) - 1]))


def _turns(messages: list[Row]) -> list[Row]:
    found: list[Row] = []
    for role, group in groupby(messages, lambda message: message["role"]):
        if role == "tool":
            found.append({"from": "tool", "value": SEEN + BETWEEN.join(map(_observation, group)) + SHOWN})
        elif role == "assistant":
            found += [{"from": "gpt", "value": assistant_text(message)} for message in group]
        else:
            found += [{"from": "human", "value": message["content"]} for message in group]
    return found


def _observation(message: Row) -> str:
    return as_text({"name": message["name"], "content": message["content"]})


def _messages(speaker: str, value: str) -> list[Row]:
    if speaker == "system":
        words = value.partition(_BEFORE_TOOLS)[0].removesuffix("\n\n")
        return [{"role": "system", "content": words}] if words else []
    if speaker == "human":
        return [{"role": "user", "content": value}]
    if speaker == "tool":
        return [{"role": "tool", **json.loads(seen)} for seen in value[len(SEEN) : -len(SHOWN)].split(BETWEEN)]
    return [assistant_of(value)]


def entry(out: Path) -> dict[str, Row]:
    """The entry of `dataset_info.json` for a file."""
    tags = {"user_tag": "human", "assistant_tag": "gpt", "observation_tag": "tool", "system_tag": "system"}
    shape = {"formatting": "sharegpt", "columns": {"messages": "conversations"}}
    names = {"role_tag": "from", "content_tag": "value", **tags}
    return {"dataset_info.json": {out.stem: {"file_name": out.name, **shape, "tags": names}}}


FORMAT = Format(
    "hermes",
    "Hermes and other ShareGPT readers",
    [Layout(cut_whole, write, read, ("conversation",)), Layout(cut_whole, write, read_step, ("step",))],
    plain_row,
    beside=entry,
    hint="of a file that is split by step, only the last message of a line may be learnt",
)
