"""MCP servers that misbehave, each in one way: `python misbehaving.py MODE`. Raw JSON-RPC, so that a start is cheap."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

MODE = sys.argv[1] if len(sys.argv) > 1 else "good"
ANY = {"type": "object", "properties": {"text": {"type": "string"}}}


def write(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def reply(ident: Any, result: Any) -> None:
    write(json.dumps({"jsonrpc": "2.0", "id": ident, "result": result}).encode() + b"\n")


def fail(ident: Any, code: int, message: str) -> None:
    write(json.dumps({"jsonrpc": "2.0", "id": ident, "error": {"code": code, "message": message}}).encode() + b"\n")


def text(*blocks: str, **more: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": block} for block in blocks], **more}


def tool(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "description": f"Does {name}.", "inputSchema": ANY, **more}


def hang() -> NoReturn:
    while True:
        time.sleep(3600)


COUNT = {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]}
TOOLS = [
    tool("echo"),
    tool("die"),
    tool("sleep"),
    tool("bad_bytes"),
    tool("large"),
    tool("too_large"),
    tool("nan"),
    tool("no_content"),
    tool("odd_blocks"),
    tool("rpc_error"),
    tool("late_line"),
    tool("batch"),
    tool("where", outputSchema={"type": "object"}),
    tool("breaks_schema", outputSchema=COUNT),
    tool("keeps_schema_in_text", outputSchema=COUNT),
    tool("env"),
    tool("deep"),
    tool("not_json"),
]


def odd_blocks() -> dict[str, Any]:
    blocks = [
        {"type": "image", "data": "AAAA", "mimeType": "image/png"},
        {"type": "resource_link", "uri": "file:///x", "name": "x"},
        {"type": "resource", "resource": {"uri": "file:///y", "text": "inside"}},
        {"type": "from_the_future"},
    ]
    return {"content": blocks}


CALLS: dict[str, Callable[[Any, dict[str, Any]], None]] = {
    "echo": lambda ident, args: reply(ident, text(json.dumps(args))),
    "die": lambda ident, args: os._exit(3),
    "sleep": lambda ident, args: time.sleep(3600),
    "bad_bytes": lambda ident, args: write(
        b'{"jsonrpc":"2.0","id":%d,"result":{"content":[{"type":"text","text":"caf\xe9 \\ud800"}]}}\n' % ident
    ),
    "large": lambda ident, args: reply(ident, text("x" * (8 << 20))),
    "too_large": lambda ident, args: reply(ident, text("x" * (20 << 20))),
    "nan": lambda ident, args: reply(ident, text("see", structuredContent={"a": float("nan"), "b": [float("inf"), 1]})),
    "no_content": lambda ident, args: reply(ident, {"something": "else"}),
    "odd_blocks": lambda ident, args: reply(ident, odd_blocks()),
    "rpc_error": lambda ident, args: fail(ident, -32602, "Unknown colour."),
    "late_line": lambda ident, args: write(
        b'working ... {"jsonrpc":"2.0","id":%d,"result":{"content":[{"type":"text","text":"done"}]}}\n' % ident
    ),
    "batch": lambda ident, args: write(json.dumps([{"id": ident, "result": text("from a batch")}]).encode() + b"\n"),
    "where": lambda ident, args: reply(
        ident,
        text(f"In {Path.cwd()}.", structuredContent={"cwd": f"{Path.cwd()}", "given": args, f"{Path.cwd()}": 1}),
    ),
    "breaks_schema": lambda ident, args: reply(ident, text("three", structuredContent={"count": "three"})),
    "keeps_schema_in_text": lambda ident, args: reply(ident, text('{"count": 3}')),
    "deep": lambda ident, args: write(
        b'{"jsonrpc":"2.0","id":%d,"result":{"content":[],"structuredContent":{"a":%s1%s}}}\n'
        % (ident, b"[" * args["depth"], b"]" * args["depth"])
    ),
    "not_json": lambda ident, args: write(b'{"jsonrpc":"2.0","id":%d,"result":{oops}}\n' % ident),
    "env": lambda ident, args: reply(ident, text(json.dumps(dict(os.environ)))),
}


def list_tools(ident: Any, params: dict[str, Any]) -> None:
    cursor = params.get("cursor")
    if MODE == "paged":
        number = int(cursor or 0)
        more = {"nextCursor": str(number + 1)} if number < 4 else {}
        reply(ident, {"tools": [tool(f"page_{number}_a"), tool(f"page_{number}_b")], **more})
    elif MODE == "looping_cursor":
        reply(ident, {"tools": [tool("a")], "nextCursor": "again"})
    elif MODE == "endless_cursor":
        reply(ident, {"tools": [], "nextCursor": str(int(cursor or 0) + 1)})
    elif MODE == "malformed_tools":
        reply(ident, {"tools": [*TOOLS[:1], *MALFORMED]})
    else:
        reply(ident, {"tools": TOOLS})


def deep_schema(depth: int) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": deep_schema(depth - 1)}} if depth else {"type": "object"}


MALFORMED: list[Any] = [
    "a string",
    tool("no_schema", inputSchema=None),
    tool("wrong_type", inputSchema={"type": "array"}),
    tool("broken_schema", inputSchema={"type": "object", "properties": {"a": {"type": "strin"}}}),
    tool("background", execution={"taskSupport": "required"}),
    tool("empty_schema", inputSchema={}),
    tool("odd_hints", annotations={"readOnlyHint": "yes", "title": 7}),
    tool("broken_output", outputSchema={"type": 5}),
    tool("echo", description="a second one"),
    tool("deep", inputSchema=deep_schema(200)),
    tool("bottomless", inputSchema=deep_schema(300)),
]


def initialize(ident: Any, params: dict[str, Any]) -> None:
    greeting: dict[str, Any] = {
        "protocolVersion": "2025-06-18",
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "misbehaving", "version": "1"},
    }
    if MODE == "sloppy_greeting":
        greeting = {"protocolVersion": "0.9", "serverInfo": {"name": "misbehaving"}}
    if MODE == "modern_only":
        fail(ident, -32022, "Unsupported protocol version")
    elif MODE == "hangs_at_start":
        hang()
    else:
        reply(ident, greeting)


def discover(ident: Any, params: dict[str, Any]) -> None:
    if MODE == "modern_only":
        reply(ident, {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}})
    else:
        sys.exit("server/discover kills me, as it does servers of old SDKs")


def call(ident: Any, params: dict[str, Any]) -> None:
    CALLS[params["name"]](ident, params.get("arguments") or {})


METHODS: dict[str, Callable[[Any, dict[str, Any]], None]] = {
    "initialize": initialize,
    "server/discover": discover,
    "tools/list": list_tools,
    "tools/call": call,
}


def before_start() -> None:
    if MODE == "dies_at_start":
        sys.exit("a setting is missing\nthe door is locked")
    if MODE == "noise":
        write(b"Welcome!\n\nListening on stdio\n{not json}\n[1, 2]\n")
    if MODE == "banner":
        write(b"Starting ... ready. ")
    if MODE in ("grandchild_holds_stdout", "stubborn_grandchild"):
        command = "import signal,time; signal.signal(15, signal.SIG_IGN); time.sleep(3600)"
        subprocess.Popen([sys.executable, "-I", "-S", "-c", command], stdin=subprocess.DEVNULL)
    if MODE == "ignores_sigterm":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if MODE == "chatty_stderr":
        sys.stderr.write("chatter\n" * 200_000)


def main() -> None:
    before_start()
    for line in sys.stdin:
        message = json.loads(line)
        method = METHODS.get(message.get("method"))
        if method is not None and "id" in message:
            method(message["id"], message.get("params") or {})
    if MODE == "ignores_sigterm":
        hang()


if __name__ == "__main__":
    main()
