r"""`sharegpt`: LLaMA-Factory's `formatting: sharegpt`, with its entry in `dataset_info.json` beside the file.

All calls of a message are one JSON list in one `function_call`, all their observations one `observation`, joined by
`\n</tool_response>\n<tool_response>\n`, which is what LLaMA-Factory's own converter of OpenAI messages puts there; it
is right for templates in the manner of Qwen and Hermes. Reasoning stands before a value, within `<think>`. What
answers a call is told by its place, so ids and names in observations are left out, and words beside calls have no place
(the loss `words-beside-calls`).

LLaMA-Factory learns all that a model says in a line. A row ends before what must not be learnt (the loss
`unmaskable`); split by step nothing is lost, and `mask_history: true` has to stand in the training configuration.
"""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path

from toolweave.pipeline.exports.format import Format, Layout, Losses, Piece, Row, as_text
from toolweave.pipeline.exports.markup import BETWEEN, thought_of, thought_text
from toolweave.pipeline.exports.pieces import cut_whole
from toolweave.pipeline.exports.plain import assistants, nameless, wordless_row


def prepare(row: Row, losses: Losses) -> Row:
    """The row as LLaMA-Factory's ShareGPT can say it."""
    return nameless(wordless_row(row, losses))


def write(piece: Piece) -> Row:
    """The conversation; a system message goes into a column of its own."""
    system = [message["content"] for message in piece.messages[:1] if message["role"] == "system"]
    said = turns(piece.messages[len(system) :])
    return {"conversations": said, "system": "".join(system), "tools": tools_text(piece.tools)}


def read(line: Row) -> Piece:
    """The piece of a conversation in which everything is learnt."""
    system = [{"role": "system", "content": line["system"]}] if line["system"] else []
    messages = [*system, *messages_of(line["conversations"])]
    return Piece(tools_of(line["tools"]), messages, assistants(messages))


def read_step(line: Row) -> Piece:
    """The piece of a conversation in which the last message is learnt."""
    piece = read(line)
    return Piece(piece.tools, piece.messages, frozenset([len(piece.messages) - 1]))


def tools_text(tools: list[Row]) -> str:
    """Tools as the JSON list of bare functions that LLaMA-Factory reads; nothing where there is none."""
    return as_text([tool["function"] for tool in tools]) if tools else ""


def tools_of(text: str) -> list[Row]:
    """Tools of such a list."""
    return [{"type": "function", "function": function} for function in json.loads(text)] if text else []


def turns(messages: list[Row]) -> list[Row]:
    """Prepared messages as ShareGPT has them: the observations of one step are one."""
    found: list[Row] = []
    for role, group in groupby(messages, lambda message: message["role"]):
        if role == "tool":
            found.append({"from": "observation", "value": BETWEEN.join(item["content"] for item in group)})
        else:
            found += [turn(message) for message in group]
    return found


def turn(message: Row) -> Row:
    """A prepared message of the user or the assistant."""
    if message["role"] == "user":
        return {"from": "human", "value": message["content"]}
    if "tool_calls" in message:
        text = as_text(message["tool_calls"])
        return {"from": "function_call", "value": thought_text(message) + text}
    return {"from": "gpt", "value": thought_text(message) + message["content"]}


def messages_of(said: list[Row]) -> list[Row]:
    """Prepared messages of ShareGPT turns."""
    return [message for item in said for message in _messages(item["from"], item["value"])]


def _messages(speaker: str, value: str) -> list[Row]:
    if speaker == "human":
        return [{"role": "user", "content": value}]
    if speaker == "observation":
        return [{"role": "tool", "content": text} for text in value.split(BETWEEN)]
    thought, rest = thought_of(value)
    message: Row = {"role": "assistant", "content": "", **thought}
    return [message | ({"tool_calls": json.loads(rest)} if speaker == "function_call" else {"content": rest})]


def entry(out: Path, settings: Row | None = None, columns: Row | None = None) -> dict[str, Row]:
    """The entry of `dataset_info.json` for a file; `settings` and `columns` are added to the usual ones."""
    names = {"messages": "conversations", "system": "system", "tools": "tools"} | (columns or {})
    facts = {"file_name": out.name, "formatting": "sharegpt"} | (settings or {}) | {"columns": names}
    return {"dataset_info.json": {out.stem: facts}}


FORMAT = Format(
    "sharegpt",
    "LLaMA-Factory",
    [Layout(cut_whole, write, read, ("conversation",)), Layout(cut_whole, write, read_step, ("step",))],
    prepare,
    beside=entry,
    hint="a file that is split by step needs mask_history: true and preserve_thinking: true",
)
