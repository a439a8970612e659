"""JSON-RPC messages out of whatever bytes a server writes: lines, noise, bad UTF-8 and replies without end.

Covered: lines of any length up to a cap in linear time; text before a message on the same line; invalid UTF-8 and lone
surrogates (replaced); batches; a missing `jsonrpc`. A reply over the cap becomes an error for the request that it
answers. What cannot be read is counted as noise and dropped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from mcp.types import PARSE_ERROR, ErrorData, JSONRPCError, JSONRPCMessage
from mcp.types.jsonrpc import jsonrpc_message_adapter
from pydantic import ValidationError

from toolweave.servers.json_values import is_list, is_object

TOO_LARGE: Final = -32010
"""Error code that we give to a reply over the cap."""

_ID = rb'"id"\s*:\s*("(?:[^"\\]|\\.){0,128}"|-?\d{1,18})'
_ID_FIRST = re.compile(rb'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?' + _ID)
_ID_LAST = re.compile(_ID + rb'\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$')
_ENDS_KEPT = 512
_STARTS_TRIED = 8
_NOISE_SHOWN = 120


@dataclass(slots=True)
class LineReader:
    """Turns chunks of bytes into messages."""

    max_line: int = 16 << 20
    """Most bytes of a line that is still read."""
    noise: int = 0
    """How many lines were no message."""
    first_noise: str = ""
    """The beginning of the first of them."""
    oversize: int = 0
    """How many lines were over the cap."""
    _parts: list[bytes] = field(default_factory=list[bytes])
    _size: int = 0

    def feed(self, chunk: bytes) -> Iterator[JSONRPCMessage]:
        """The messages that this chunk completes."""
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            self._keep(line)
            yield from self._take()
        self._keep(rest)

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self.max_line:  # only both ends of the line are kept from here on
            joined = b"".join([*self._parts, part])
            self._parts = [joined[:_ENDS_KEPT], joined[-_ENDS_KEPT:]]
        elif part:
            self._parts.append(part)

    def _take(self) -> list[JSONRPCMessage]:
        parts, size = self._parts, self._size
        self._parts, self._size = [], 0
        if size > self.max_line:
            self.oversize += 1
            return _error(TOO_LARGE, f"the reply is larger than {self.max_line} bytes", b"".join(parts))
        line = b"".join(parts)
        if not line.strip():
            return []
        try:
            return [jsonrpc_message_adapter.validate_json(line, by_name=False)]
        except ValidationError:
            found = _salvage(line)
        if not found:
            self.noise += 1
            self.first_noise = self.first_noise or _shown(line)
            found = _error(PARSE_ERROR, "the reply is not JSON that can be read", line)
        return found


def _shown(line: bytes) -> str:
    return " ".join(line[:_NOISE_SHOWN].decode("utf-8", "replace").split())


def _error(code: int, message: str, line: bytes) -> list[JSONRPCMessage]:
    """An error in place of an unusable reply, so that whoever asked need not wait; nothing if it has no id."""
    match = _ID_LAST.search(line[-_ENDS_KEPT:]) or _ID_FIRST.match(line[:_ENDS_KEPT])
    if match is None:
        return []
    return [JSONRPCError(jsonrpc="2.0", id=json.loads(match[1]), error=ErrorData(code=code, message=message))]


def _salvage(line: bytes) -> list[JSONRPCMessage]:
    """The messages in a line that is not quite one."""
    text = line.decode("utf-8", "replace")
    start = 0
    for _ in range(_STARTS_TRIED):
        found = _lenient(text[start:])
        if found:
            return found
        start = text.find('{"', start + 1)
        if start < 0:
            break
    return []


def _lenient(text: str) -> list[JSONRPCMessage]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return []
    items: list[Any] = value if is_list(value) else [value]
    messages = [_as_message(item) for item in items]
    return [message for message in messages if message is not None]


def _as_message(value: Any) -> JSONRPCMessage | None:
    if not is_object(value):
        return None
    try:
        clean = json.dumps({"jsonrpc": "2.0", **value}, ensure_ascii=False).encode("utf-8", "replace")
        return jsonrpc_message_adapter.validate_python(json.loads(clean), by_name=False)
    except (ValidationError, RecursionError):
        return None
