"""A server on the standard library alone that tells what it finds itself in; run as a script or by `-m`.

Arguments: text that `tell` gives back; `--import=NAME` imports a module after the tools are known; `--early=NAME` names
the tool after whether that module was there already.
"""

from __future__ import annotations

import json
import os
import random
import sys
import uuid
from collections.abc import Callable
from typing import Any

notes: list[str] = []


def tell() -> dict[str, Any]:
    return {
        "name": __name__,
        "file": __file__,
        "main": sys.modules["__main__"].__file__,
        "arguments": sys.argv,
        "command": sys.orig_argv,
        "executable": sys.executable,
        "path": sys.path,
        "folder": os.listdir(),  # noqa: PTH208
        "cwd": os.getcwd(),  # noqa: PTH109
        "environment": dict(os.environ),
        "leads": [os.getpid() == os.getpgid(0), os.getpid() == os.getsid(0)],
        "files": sorted(name for name in os.listdir("/proc/self/fd") if int(name) < 3),  # noqa: PTH208
        "streams": [(stream.encoding, stream.errors, stream.line_buffering) for stream in (sys.stdin, sys.stdout)],
        "hash": hash("a"),
    }


def remember(text: str) -> list[str]:
    """Keep a text in the program's own state and in a library's."""
    notes.append(text)
    json.__dict__.setdefault("kept_by_test", []).append(text)
    return [*notes, *vars(json)["kept_by_test"]]


def draw() -> list[str]:
    return [str(random.random()), uuid.uuid4().hex]


def die(code: int) -> None:
    sys.stderr.write("that was all\n")
    sys.exit(code)


def schema(**fields: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": kind} for name, kind in fields.items()}}


def option(name: str) -> str:
    return next((word.partition("=")[2] for word in sys.argv if word.startswith(f"--{name}=")), "")


def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
    tools: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        "tell": (tell, schema()),
        "remember": (remember, schema(text="string")),
        "draw": (draw, schema()),
        "die": (die, schema(code="integer")),
    }
    if method == "initialize":
        info = {"name": "telling", "version": "1"}
        return {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}
    if method == "tools/list":
        return {"tools": [{"name": name, "description": EARLY, "inputSchema": tools[name][1]} for name in tools]}
    value = tools[params["name"]][0](**params.get("arguments", {}))
    return {"content": [{"type": "text", "text": json.dumps(value)}]}


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if "id" in request:
            result = answer(request["method"], request.get("params") or {})
            sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}) + "\n")
            sys.stdout.flush()


EARLY = "early" if option("early") in sys.modules else "late"
if option("import"):
    __import__(option("import"))

if __name__ == "__main__":
    main()
