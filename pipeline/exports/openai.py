"""`openai`: OpenAI fine-tuning files and chat replay.

Arguments are JSON strings, as the wire format has them. There is no place for reasoning (the loss `reasoning`).
Function names are held to what OpenAI accepts, 1 to 64 of `A-Z a-z 0-9 _ -`, in tools and calls alike (the loss
`tool-names`). A line has one list of tools: a row whose offer changes becomes a line for each stretch of turns with it.
What a model must not learn, calls that fail and what came before a stretch, has the `weight` 0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from toolweave.pipeline.exports.format import Format, Layout, Losses, Piece, Row, as_text
from toolweave.pipeline.exports.pieces import cut_any

_LONGEST_NAME = 64
_NOT_ACCEPTED = re.compile(r"[^A-Za-z0-9_-]")


def prepare(row: Row, losses: Losses) -> Row:
    """The row without reasoning, with names that OpenAI accepts."""
    names = _names([tool["function"]["name"] for tool in row["tools"]])
    losses["tool-names"] += sum(name != new for name, new in names.items())
    losses["reasoning"] += sum("reasoning_content" in message for message in row["messages"])
    return row | {
        "tools": [renamed(tool, names) for tool in row["tools"]],
        "messages": [_message(message, names) for message in row["messages"]],
        "turns": [
            turn | {"withheld": [names[name] for name in turn.get("withheld", ()) if name in names]}
            for turn in row["turns"]
        ],
    }


def write(piece: Piece) -> Row:
    """The fine-tuning example."""
    messages = [_written(message, at in piece.learnt) for at, message in enumerate(piece.messages)]
    return {"messages": messages} | ({"tools": piece.tools, "parallel_tool_calls": True} if piece.tools else {})


def read(line: Row) -> Piece:
    """The piece of a fine-tuning example."""
    given: list[Row] = line["messages"]
    learnt = (at for at, item in enumerate(given) if item["role"] == "assistant" and item.get("weight", 1))
    messages = [with_arguments(without(item, "weight"), json.loads) for item in given]
    return Piece(line.get("tools", []), messages, frozenset(learnt))


def as_one(lines: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """(tools, messages) of all lines of one row together: each goes on with the one before it."""
    tools: list[Row] = []
    messages: list[Row] = []
    for piece in map(read, lines):
        if piece.messages[: len(messages)] != messages:
            raise ValueError("its lines do not go on with each other")
        tools += [tool for tool in piece.tools if tool not in tools]
        messages = piece.messages
    return tools, messages


def changed_names(row: Row) -> dict[str, str]:
    """Tool name → what it is called in the lines, for those that OpenAI does not accept."""
    names = _names([tool["function"]["name"] for tool in row["tools"]])
    return {name: new for name, new in names.items() if name != new}


def with_arguments(message: Row, change: Callable[[Any], Any]) -> Row:
    """A copy of the message with the arguments of its calls passed through `change`."""
    if not message.get("tool_calls"):
        return message
    calls = [
        call | {"function": call["function"] | {"arguments": change(call["function"]["arguments"])}}
        for call in message["tool_calls"]
    ]
    return message | {"tool_calls": calls}


def without(message: Row, *keys: str) -> Row:
    """A copy of the message without these keys."""
    return {key: value for key, value in message.items() if key not in keys}


def renamed(holder: Row, names: dict[str, str]) -> Row:
    """A tool or a call under its new name."""
    function = holder["function"]
    return holder | {"function": function | {"name": names.get(function["name"], function["name"])}}


def _written(message: Row, is_learnt: bool) -> Row:
    written = with_arguments(message, as_text)
    return written if is_learnt or message["role"] != "assistant" else written | {"weight": 0}


def _message(message: Row, names: dict[str, str]) -> Row:
    kept = without(message, "reasoning_content")
    if message["role"] == "tool":
        kept.pop("name", None)  # the call id says it, and OpenAI's tool messages have no name
    if message.get("tool_calls"):
        kept["tool_calls"] = [renamed(call, names) for call in message["tool_calls"]]
    return kept


def _names(names: list[Any]) -> dict[str, str]:
    """Each tool's name → one that OpenAI accepts; names that are fine stay, and no two become the same."""
    given = list(dict.fromkeys(map(str, names)))
    accepted = {name: name for name in given if _is_accepted(name)}
    taken = set(accepted)
    for name in given:
        if name not in accepted:
            accepted[name] = _free(_NOT_ACCEPTED.sub("_", name)[:_LONGEST_NAME] or "tool", taken)
            taken.add(accepted[name])
    return accepted


def _is_accepted(name: str) -> bool:
    return 0 < len(name) <= _LONGEST_NAME and not _NOT_ACCEPTED.search(name)


def _free(name: str, taken: set[str]) -> str:
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name[: _LONGEST_NAME - len(f'_{number}')]}_{number}"
    return candidate


FORMAT = Format(
    "openai",
    "OpenAI fine-tuning, chat replay",
    [Layout(cut_any, write, read)],
    prepare,
    kept_beside=True,
    accepted=frozenset({"reasoning"}),
)
