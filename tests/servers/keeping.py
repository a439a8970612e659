"""A server on the standard library alone that keeps what it is told, in memory and in its folder.

With an argument, it appends its process id to that file when it starts.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

KEPT: list[str] = []
SEARCHES: list[str] = []
COUNTED: list[None] = []
NOTES = Path("notes.txt")


def put(text: str) -> str:
    """Changes what everybody who shares this process, or its folder, can see."""
    KEPT.append(text)
    with NOTES.open("a") as file:
        file.write(f"{text}\n")
    return f"kept as number {len(KEPT)}"


def show() -> dict[str, Any]:
    return {"kept": KEPT, "searches": SEARCHES, "notes": NOTES.read_text() if NOTES.exists() else ""}


def count() -> int:
    """Seems to read, but each call shows in the next."""
    COUNTED.append(None)
    return len(COUNTED)


def find(text: str) -> list[str]:
    """Seems to read, and remembers what was looked for."""
    if text:
        SEARCHES.append(text)
    return [kept for kept in KEPT if text in kept]


def log(text: str) -> str:
    """Says the same each time, and leaves something in its folder."""
    with Path("log.txt").open("a") as file:
        file.write(text)
    return "logged"


def add(a: int, b: int) -> int:
    return a + b


def hold(log: str, gate: str) -> str:
    """Stays inside until somebody opens the gate, a named pipe, for writing; the log tells who comes and goes."""
    with Path(log).open("w") as pipe:
        pipe.write("in\n")
        pipe.flush()
        os.close(os.open(gate, os.O_RDONLY))
        pipe.write("out\n")
    return "held"


TOOLS: dict[str, tuple[Callable[..., Any], dict[str, str]]] = {
    "put": (put, {"text": "string"}),
    "show": (show, {}),
    "count": (count, {}),
    "find": (find, {"text": "string"}),
    "log": (log, {"text": "string"}),
    "add": (add, {"a": "integer", "b": "integer"}),
    "who": (os.getpid, {}),
    "hold": (hold, {"log": "string", "gate": "string"}),
}


def listed(name: str) -> dict[str, Any]:
    properties = {parameter: {"type": kind} for parameter, kind in TOOLS[name][1].items()}
    return {"name": name, "inputSchema": {"type": "object", "properties": properties}}


def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
    if method == "initialize":
        info = {"name": "keeping", "version": "1"}
        return {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}
    if method == "tools/list":
        return {"tools": [listed(name) for name in TOOLS]}
    value = TOOLS[params["name"]][0](**params.get("arguments", {}))
    return {"content": [{"type": "text", "text": json.dumps(value)}]}


def main() -> None:
    for path in sys.argv[1:]:
        with Path(path).open("a") as file:
            file.write(f"{os.getpid()}\n")
    for line in sys.stdin:
        request = json.loads(line)
        if "id" in request:
            result = answer(request["method"], request.get("params") or {})
            sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
