"""The markup of Qwen and Hermes for what an assistant does: thoughts and calls as text, and the way back."""

from __future__ import annotations

import json
import re

from toolweave.pipeline.exports.format import Row, as_text

_THINK, _THOUGHT = "<think>\n", "\n</think>\n\n"
_CALL, _CALLED = "<tool_call>\n", "\n</tool_call>"
_CALLS = re.compile(r"(?:\A|\n)<tool_call>\n(?=.*\n</tool_call>\Z)", re.DOTALL)
SEEN, BETWEEN, SHOWN = "<tool_response>\n", "\n</tool_response>\n<tool_response>\n", "\n</tool_response>"
"""What stands before, between and after the observations of one step."""


def thought_text(message: Row) -> str:
    """The reasoning of a plain message, ready to stand before what it says."""
    return f"{_THINK}{message['reasoning_content']}{_THOUGHT}" if "reasoning_content" in message else ""


def thought_of(text: str) -> tuple[Row, str]:
    """Keys for the reasoning that stands before a text, and the rest of the text."""
    if not text.startswith(_THINK):
        return {}, text
    thought, _, rest = text.removeprefix(_THINK).partition(_THOUGHT)
    return {"reasoning_content": thought}, rest


def assistant_text(message: Row) -> str:
    """What an assistant's plain message is as text: thought, words, calls."""
    calls = [_CALL + as_text(call) + _CALLED for call in message.get("tool_calls", ())]
    return thought_text(message) + "\n".join([message["content"], *calls] if message["content"] else calls)


def assistant_of(text: str) -> Row:
    """The plain message of such a text.

    Raises:
        ValueError: A call in it is not JSON.
    """
    thought, rest = thought_of(text)
    message: Row = {"role": "assistant", **thought}
    found = _CALLS.search(rest)
    if found is None:
        return message | {"content": rest}
    inner = rest[found.end() : -len(_CALLED)]
    calls = [json.loads(call) for call in inner.split(f"{_CALLED}\n{_CALL}")]
    return message | {"content": rest[: found.start()], "tool_calls": calls}
