"""`chatml`: text as the templates of Qwen render it, with what is to be learnt marked.

- `{"segments": [{"label", "text"}]}` for conversations and turns: Axolotl's `input_output` learns what is labelled.
- `{"prompt", "completion"}` for steps: whatever learns completions (TRL, fine-tuning services) reads it.

Nothing is lost but the ids of calls, which such templates do not show. Text that holds a control token of ChatML itself
is refused: a tokenizer would read it as one.
"""

from __future__ import annotations

import json
import re

from toolweave.pipeline.exports.format import Format, Layout, Losses, Piece, Row, as_text
from toolweave.pipeline.exports.markup import BETWEEN, SEEN, SHOWN, assistant_of, assistant_text
from toolweave.pipeline.exports.pieces import cut_any
from toolweave.pipeline.exports.plain import nameless, plain_row

Segment = tuple[bool, str]
"""Whether it is learnt, and its text."""
ASSISTANT, END = "<|im_start|>assistant\n", "<|im_end|>"
"""What opens a message of the assistant, and what ends any message."""
_BLOCK = re.compile(r"<\|im_start\|>(\w+)\n(.*?)<\|im_end\|>\n", re.DOTALL)
_BEFORE_TOOLS = (
    "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n"
)
_AFTER_TOOLS = (
    "\n</tools>\n\nFor each function call, return a json object with function name and arguments within "
    "<tool_call></tool_call> XML tags:\n<tool_call>\n"
    '{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>'
)


def prepare(row: Row, losses: Losses) -> Row:
    """The row without ids."""
    return nameless(plain_row(row, losses))


def render(piece: Piece) -> list[Segment]:
    """The text of a piece, cut where learning starts and stops."""
    segments: list[Segment] = [(False, _head(piece))]
    for at, message in enumerate(piece.messages):
        if message["role"] == "assistant":
            segments.append((False, ASSISTANT))
            segments.append((at in piece.learnt, assistant_text(message) + END))
            segments.append((False, "\n"))
        elif message["role"] != "system":
            segments.append((False, _context(piece.messages, at)))
    return joined(segments)


def parse(segments: list[Segment]) -> Piece:
    """The piece of such a text.

    Raises:
        ValueError: It is none.
    """
    text = "".join(part for _, part in segments)
    found = list(_BLOCK.finditer(text))
    if "".join(match.group(0) for match in found) != text:
        raise ValueError("not ChatML from start to end")
    tools: list[Row] = []
    messages: list[Row] = []
    learnt: set[int] = set()
    for match in found:
        if _is_learnt(segments, match.start(2), match.end(2) + len(END)):
            learnt.add(len(messages))
        if match.group(1) == "system":
            tools, said = _head_of(match.group(2))
        else:
            said = _messages(match.group(1), match.group(2))
        messages += said
    return Piece(tools, messages, frozenset(learnt))


def blocks(piece: Piece) -> list[tuple[str, str]]:
    """(role, text) of every message of the rendered text."""
    return [(found.group(1), found.group(2)) for found in _BLOCK.finditer("".join(text for _, text in render(piece)))]


def _head(piece: Piece) -> str:
    words = [message["content"] for message in piece.messages[:1] if message["role"] == "system"]
    tools = "\n".join(as_text(tool) for tool in piece.tools)
    parts = words + ([_BEFORE_TOOLS + tools + _AFTER_TOOLS] if tools else [])
    return block("system", "\n\n".join(parts)) if parts else ""


def _head_of(text: str) -> tuple[list[Row], list[Row]]:
    words, start, rest = text.partition(_BEFORE_TOOLS)
    tools = [json.loads(line) for line in rest.removesuffix(_AFTER_TOOLS).split("\n")] if start else []
    content = words.removesuffix("\n\n") if start else words
    return tools, [{"role": "system", "content": content}] if content else []


def _context(messages: list[Row], at: int) -> str:
    """What the user says, or all observations of a step at the first of them."""
    if messages[at]["role"] == "user":
        return block("user", messages[at]["content"])
    if messages[at - 1]["role"] == "tool":
        return ""
    end = next((i for i in range(at, len(messages)) if messages[i]["role"] != "tool"), len(messages))
    return block("user", SEEN + BETWEEN.join(item["content"] for item in messages[at:end]) + SHOWN)


def _messages(role: str, text: str) -> list[Row]:
    if role == "assistant":
        return [assistant_of(text)]
    if text.startswith(SEEN):
        return [{"role": "tool", "content": seen} for seen in text[len(SEEN) : -len(SHOWN)].split(BETWEEN)]
    return [{"role": role, "content": text}]


def block(role: str, text: str) -> str:
    """One message of ChatML."""
    return f"<|im_start|>{role}\n{text}{END}\n"


def joined(segments: list[Segment]) -> list[Segment]:
    """Neighbouring segments of one kind as one, and none that is empty."""
    joined: list[Segment] = []
    for is_learnt, text in segments:
        if joined and joined[-1][0] == is_learnt:
            joined[-1] = (is_learnt, joined[-1][1] + text)
        elif text:
            joined.append((is_learnt, text))
    return joined


def _is_learnt(segments: list[Segment], start: int, end: int) -> bool:
    """Whether exactly this stretch is learnt.

    Raises:
        ValueError: It is learnt in part.
    """
    at, marked = 0, set[bool]()
    for is_learnt, text in segments:
        if at < end and start < at + len(text):
            marked.add(is_learnt)
            if is_learnt and (at, at + len(text)) != (start, end):
                raise ValueError("learns a part of a message, or more than one")
        at += len(text)
    if len(marked) > 1:
        raise ValueError("learns a part of a message")
    return marked == {True}


def _write_segments(piece: Piece) -> Row:
    return {"segments": [{"label": is_learnt, "text": text} for is_learnt, text in render(piece)]}


def _read_segments(line: Row) -> Piece:
    return parse([(segment["label"], segment["text"]) for segment in line["segments"]])


def _write_step(piece: Piece) -> Row:
    (_, prompt), (_, completion), _ = render(piece)
    return {"prompt": prompt, "completion": completion}


def _read_step(line: Row) -> Piece:
    return parse([(False, line["prompt"]), (True, line["completion"]), (False, "\n")])


FORMAT = Format(
    "chatml",
    "Axolotl's input_output, and what reads prompt and completion as text",
    [
        Layout(cut_any, _write_segments, _read_segments, ("conversation", "turn")),
        Layout(cut_any, _write_step, _read_step, ("step",)),
    ],
    prepare,
)
