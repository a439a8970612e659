"""Chat messages in the OpenAI shape, with arguments as objects and reasoning in `reasoning_content`."""

from __future__ import annotations

from typing import Any

Message = dict[str, Any]


def user_message(text: str) -> Message:
    """What the user says."""
    return {"role": "user", "content": text}


def call_message(reasoning: str, calls: list[tuple[str, str, dict[str, Any]]]) -> Message:
    """An assistant step that calls tools; `calls` holds (call id, offered tool name, arguments)."""
    return {
        "role": "assistant",
        "content": "",
        "reasoning_content": reasoning,
        "tool_calls": [
            {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
            for call_id, name, arguments in calls
        ],
    }


def tool_message(call_id: str, name: str, text: str) -> Message:
    """What a tool really answered."""
    return {"role": "tool", "tool_call_id": call_id, "name": name, "content": text}


def answer_message(reasoning: str, text: str) -> Message:
    """The assistant's words that close a turn."""
    return {"role": "assistant", "content": text, "reasoning_content": reasoning}
