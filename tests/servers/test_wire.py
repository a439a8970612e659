"""Messages out of whatever bytes arrive."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from mcp.types import JSONRPCError, JSONRPCMessage, JSONRPCResponse

from toolweave.servers.wire import TOO_LARGE, LineReader


def line(ident: int, size: int = 0) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": ident, "result": {"x": "x" * size}}).encode() + b"\n"


def read(reader: LineReader, data: bytes, chunk: int) -> list[JSONRPCMessage]:
    return [message for start in range(0, len(data), chunk) for message in reader.feed(data[start : start + chunk])]


@given(sizes=st.lists(st.integers(0, 300), max_size=6), chunk=st.integers(1, 64))
def test_chunks_make_no_difference(sizes: list[int], chunk: int) -> None:
    data = b"".join(line(number, size) for number, size in enumerate(sizes))
    messages = read(LineReader(), data, chunk)
    assert messages == read(LineReader(), data, len(data) or 1)
    assert [message.id for message in messages if isinstance(message, JSONRPCResponse)] == list(range(len(sizes)))


@given(data=st.binary(max_size=400), chunk=st.integers(1, 64))
def test_no_bytes_stop_the_reader(data: bytes, chunk: int) -> None:
    reader = LineReader(max_line=100)
    read(reader, data, chunk)
    messages = read(reader, b"\n" + line(7), chunk)
    assert JSONRPCResponse(jsonrpc="2.0", id=7, result={"x": ""}) in messages


@given(size=st.integers(100, 3000), chunk=st.integers(1, 700), last=st.booleans())
def test_a_line_over_the_cap_becomes_an_error_for_its_request(size: int, chunk: int, last: bool) -> None:
    reader = LineReader(max_line=100)
    message = {"result": {"id": 5, "x": "x" * size}, "jsonrpc": "2.0", "id": 41}
    ordered = message if last else dict(reversed(message.items()))
    error, after = read(reader, json.dumps(ordered).encode() + b"\n" + line(42), chunk)
    assert isinstance(error, JSONRPCError)
    assert (error.id, error.error.code) == (41, TOO_LARGE)
    assert isinstance(after, JSONRPCResponse)
    assert reader.oversize == 1


def test_noise_is_counted_and_dropped() -> None:
    reader = LineReader()
    assert read(reader, b"hello\n\n  \n{\n[1]\n\xff\xfe\n", 3) == []
    assert reader.noise == 4
