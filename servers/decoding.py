"""From the raw result of `tools/call` to what a model reads and what a program can use."""

from __future__ import annotations

import ast
import json
import math
import warnings
from dataclasses import dataclass
from typing import Any

from toolweave.servers.json_values import as_object, canonical, is_list, is_object
from toolweave.servers.results import Status
from toolweave.servers.schemas import first_problem

_LITERAL_LIMIT = 200_000
"""Most characters of a Python literal that is still parsed."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A result without its duration."""

    status: Status
    text: str
    value: Any


def decode(raw: dict[str, Any], output_schema: dict[str, Any] | None) -> Decoded:
    """Read the raw result of one call; anything unreadable becomes `broken` with the raw JSON as its text."""
    raw = as_object(finite(raw))
    if raw.get("resultType") == "input_required":
        return Decoded("tool_error", text := "The server asks for input that nobody is there to give.", text)
    blocks, structured = raw.get("content"), raw.get("structuredContent")
    if not is_list(blocks) or not all(is_object(block) for block in blocks):
        if structured is None or blocks is not None:
            return Decoded("broken", canonical(raw), raw)
        blocks = []
    texts = [item for block in blocks if (item := _block_text(as_object(block))) is not None]
    text = "\n".join(texts) if texts or structured is None else json.dumps(structured, ensure_ascii=False)
    value = _text_value(texts, text) if structured is None else _unwrapped(structured)
    if raw.get("isError") is True:
        return Decoded("tool_error", text, value)
    wrong = output_schema is not None and _breaks(output_schema, structured, text)
    return Decoded("broken" if wrong else "ok", text, value)


def finite(value: Any) -> Any:
    """Copy of a JSON value with NaN and the infinities, which JSON does not have, as nulls."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_list(value):
        return [finite(item) for item in value]
    if is_object(value):
        return {key: finite(item) for key, item in value.items()}
    return value


def _block_text(block: dict[str, Any]) -> str | None:
    """What a model reads of one content block."""
    kind = block.get("type")
    if kind == "text":
        text = block.get("text")
        return text if isinstance(text, str) else None
    resource = as_object(block.get("resource"))
    inner = resource.get("text")
    if isinstance(inner, str):
        return inner
    about = block.get("uri") or resource.get("uri") or block.get("mimeType")
    return f"[{kind} {about}]" if about else f"[{kind}]"


def _unwrapped(structured: Any) -> Any:
    inner = structured["result"] if is_object(structured) and list(structured) == ["result"] else structured
    return decode_text(inner) if isinstance(inner, str) else inner


def _text_value(texts: list[str], joined: str) -> Any:
    """Older servers send a list as one block per item."""
    if len(texts) > 1:
        items = [decode_text(text) for text in texts]
        if all(is_object(item) for item in items):
            return items
    return decode_text(joined)


def decode_text(text: str) -> Any:
    """JSON, else objects line after line as a list, else the `repr` of a Python dict, list or tuple, else the text.

    A list that came as one block per item reads so: what is seen of a text does not depend on who still has the blocks.
    """
    try:
        return finite(json.loads(text, parse_constant=_refuse_constant))
    except json.JSONDecodeError as error:
        several = _objects(text) if error.msg == "Extra data" else []
        return several or _decode_literal(text)
    except (ValueError, RecursionError):
        return _decode_literal(text)


def _objects(text: str) -> list[Any]:
    """The objects of a text that holds nothing else, each beginning on a line of its own; none for any other text."""
    found: list[Any] = []
    place = 0
    try:
        while (start := _past_spaces(text, place)) < len(text):
            if text[start] != "{" or (found and "\n" not in text[place:start]):
                return []
            item, place = _DECODER.raw_decode(text, start)
            found.append(finite(item))
    except (ValueError, RecursionError):
        return []
    return found


def _past_spaces(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _decode_literal(text: str) -> Any:
    if text.lstrip()[:1] not in ("{", "[", "(") or len(text) > _LITERAL_LIMIT:
        return text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd escapes in a server's text are not our syntax
            return _plain(ast.literal_eval(text.strip()))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def _plain(value: Any) -> Any:
    """A Python literal as a JSON value.

    Raises:
        TypeError: JSON has nothing like it.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return finite(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if is_object(value):
        return {str(key): _plain(item) for key, item in value.items()}
    raise TypeError(type(value).__name__)


def _breaks(schema: dict[str, Any], structured: Any, text: str) -> bool:
    """Whether the result does not keep to the declared schema; the same JSON in the text counts as structured."""
    return first_problem(schema, decode_text(text) if structured is None else structured) is not None
