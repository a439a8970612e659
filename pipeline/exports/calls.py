"""Calls in rendered text: the ways in which chat templates write them, read back.

Covered: JSON objects (Hermes, Qwen, Llama, Cohere, Phi), XML with a tag a parameter (Qwen 3.5, Nemotron), keys and
values (GLM), channels (gpt-oss), a name before JSON (DeepSeek, Mistral). A call written in another way is not found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from toolweave.servers.json_values import is_object

Arguments = dict[str, Any]
_BAR = "\uff5c"
_AFTER_NAME = rf"(?:\n```json\n|<{_BAR}tool▁sep{_BAR}>)"
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Written:
    """A call as it stands in a text."""

    start: int
    end: int
    name: str
    arguments: Arguments
    is_text: bool = False
    """Whether all values are text, because the way of writing does not tell text from other values."""

    def says(self, name: str, arguments: Arguments) -> bool:
        """Whether it is this call."""
        if not self.is_text:
            return self.name == name and self.arguments == arguments
        return (
            self.name == name
            and self.arguments.keys() == arguments.keys()
            and all(_reads(text, arguments[key]) for key, text in self.arguments.items())
        )


def next_call(text: str, start: int) -> Written | None:
    """The first call from `start` on."""
    found = [call for way in _WAYS if (call := way(text, start)) is not None]
    return min(found, key=lambda call: (call.start, -call.end), default=None)


def _reads(text: str, value: Any) -> bool:
    if isinstance(value, str | bool):
        return text == str(value) or (text == "true" if value is True else text == "false" and value is False)
    try:
        return bool(json.loads(text) == value)
    except ValueError:
        return False


def _json_objects(text: str, start: int) -> Written | None:
    """`{"name": …, "arguments": …}`, under any of the usual keys."""
    for brace in re.finditer(r"\{\s*\"", text[start:]):
        at = start + brace.start()
        try:
            value, end = _DECODER.raw_decode(text, at)
        except ValueError:
            continue
        inner = value.get("function", value)
        holder = inner if is_object(inner) else value
        names = [holder[key] for key in ("name", "tool_name", "function") if isinstance(holder.get(key), str)]
        given = [holder[key] for key in ("arguments", "parameters") if is_object(holder.get(key))]
        if names and given:
            return Written(at, end, names[0], given[0])
    return None


def _xml(text: str, start: int) -> Written | None:
    found = re.compile(r"<function=([^>\n]+)>\n?(.*?)</function>", re.DOTALL).search(text, start)
    if found is None:
        return None
    pairs = re.findall(r"<parameter=([^>\n]+)>\n(.*?)\n</parameter>", found.group(2), re.DOTALL)
    return Written(found.start(), found.end(), found.group(1), dict(pairs), is_text=True)


def _pairs(text: str, start: int) -> Written | None:
    pattern = r"<tool_call>\s*([^\s<{]+)\s*((?:<arg_key>.*?</arg_value>\s*)*)</tool_call>"
    found = re.compile(pattern, re.DOTALL).search(text, start)
    if found is None:
        return None
    pairs = re.findall(r"<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)</arg_value>", found.group(2), re.DOTALL)
    return Written(found.start(), found.end(), found.group(1), dict(pairs), is_text=True)


def _named(pattern: str) -> Callable[[str, int], Written | None]:
    """A name and then a JSON object."""
    before = re.compile(pattern)

    def way(text: str, start: int) -> Written | None:
        found = before.search(text, start)
        if found is None:
            return None
        try:
            value, end = _DECODER.raw_decode(text, found.end())
        except ValueError:
            return None
        return Written(found.start(), end, found.group(1), value) if is_object(value) else None

    return way


_WAYS = (
    _json_objects,
    _xml,
    _pairs,
    _named(r"to=functions\.([\w.-]+)[^{]*?<\|message\|>(?=\{)"),
    _named(rf"<{_BAR}tool▁call▁begin{_BAR}>(?:function<{_BAR}tool▁sep{_BAR}>)?([\w./-]+){_AFTER_NAME}(?=\{{)"),
    _named(r"\[TOOL_CALLS\]([\w./-]+)(?:\[CALL_ID\]\w+)?\[ARGS\](?=\{)"),
)
