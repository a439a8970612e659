"""`openai`: OpenAI fine-tuning files and chat replay.

Arguments are JSON strings, as the wire format has them. There is no place for reasoning, which is left out and counted.
Function names are held to what OpenAI accepts, 1 to 64 of `A-Z a-z 0-9 _ -`, in tools and calls alike. A line has one
list of tools, so a row whose offer changes becomes a line for each stretch of turns with the same offer. What a model
must not learn, calls that fail and the turns before a stretch, has the `weight` 0.
"""

from __future__ import annotations

import json
import re
from typing import Any

from toolweave.pipeline.exports.format import Format, Losses, Row
from toolweave.pipeline.exports.stretches import Stretch, stretches

_LONGEST_NAME = 64
_NOT_ACCEPTED = re.compile(r"[^A-Za-z0-9_-]")


def convert(row: Row, losses: Losses) -> list[Row]:
    """The fine-tuning examples of a row."""
    names = _names([tool["function"]["name"] for tool in row["tools"]])
    losses["original tool names"] += sum(name != new for name, new in names.items())
    losses["reasoning"] += sum("reasoning_content" in message for message in row["messages"])
    messages = [_message(message, names) for message in row["messages"]]
    return [_line(messages, stretch, names) for stretch in stretches(row)]


def _line(messages: list[Row], stretch: Stretch, names: dict[str, str]) -> Row:
    learnt = set(stretch.learnt(messages))
    line: Row = {"messages": [_weighed(messages[at], at in learnt) for at in range(stretch.end)]}
    if stretch.tools:
        line |= {"tools": [_tool(tool, names) for tool in stretch.tools], "parallel_tool_calls": True}
    return line


def _weighed(message: Row, is_learnt: bool) -> Row:
    return message if is_learnt or message["role"] != "assistant" else message | {"weight": 0}


def _message(message: Row, names: dict[str, str]) -> Row:
    kept = {key: value for key, value in message.items() if key != "reasoning_content"}
    if message["role"] == "tool":
        kept.pop("name", None)  # the call id says it, and OpenAI's tool messages have no name
    if message.get("tool_calls"):
        kept["tool_calls"] = [_call(call, names) for call in message["tool_calls"]]
    return kept


def _call(call: Row, names: dict[str, str]) -> Row:
    function = call["function"]
    text = json.dumps(function["arguments"], ensure_ascii=False)
    return call | {"function": function | {"name": names.get(function["name"], function["name"]), "arguments": text}}


def _tool(tool: Row, names: dict[str, str]) -> Row:
    return tool | {"function": tool["function"] | {"name": names[tool["function"]["name"]]}}


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


FORMAT = Format("openai", "OpenAI fine-tuning, chat replay", convert)
