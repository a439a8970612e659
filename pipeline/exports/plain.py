"""Messages for formats that are text in the end: without what only programs look at."""

from __future__ import annotations

from toolweave.pipeline.exports.format import Losses, Row

WORDS = "words-beside-calls"
"""The loss of what an assistant says in a message that also calls."""


def plain_row(row: Row, losses: Losses) -> Row:
    """The row with plain messages."""
    return row | {"messages": [plain(message) for message in row["messages"]]}


def wordless_row(row: Row, losses: Losses) -> Row:
    """The row with plain messages that either call or speak."""
    messages: list[Row] = [plain(message) for message in row["messages"]]
    losses[WORDS] += sum(bool("tool_calls" in item and item["content"]) for item in messages)
    return row | {"messages": [item | {"content": ""} if "tool_calls" in item else item for item in messages]}


def plain(message: Row) -> Row:
    """A message without ids: calls as name and arguments, observations by name in the order of their calls."""
    kept: Row = {key: message[key] for key in ("role", "name", "content", "reasoning_content") if key in message}
    if message.get("tool_calls"):
        kept["tool_calls"] = [bare(call) for call in message["tool_calls"]]
    return kept


def bare(call: Row) -> Row:
    """A call without its id; one that has none is given back as it is."""
    function = call.get("function", call)
    return {"name": function["name"], "arguments": function["arguments"]}


def nameless(row: Row) -> Row:
    """A row of plain messages in which observations have no name either."""
    return row | {"messages": [_nameless(message) for message in row["messages"]]}


def _nameless(message: Row) -> Row:
    return {key: value for key, value in message.items() if key != "name"}


def assistants(messages: list[Row], start: int = 0) -> frozenset[int]:
    """Indices of the assistant messages from `start` on."""
    return frozenset(at for at in range(start, len(messages)) if messages[at]["role"] == "assistant")
