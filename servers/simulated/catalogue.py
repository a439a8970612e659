"""Files of tools as servers list them, of one server or of many."""

from __future__ import annotations

import difflib
import gzip
import json
import re
from pathlib import Path
from typing import Any

from toolweave.servers.errors import ConfigError
from toolweave.servers.json_values import as_list, as_object, is_list, is_object

Listed = list[dict[str, Any]]
"""Tools as one server lists them."""


def read_catalogue(path: Path) -> dict[str, Listed]:
    """Server → its tools as listed, from `{"tools": […]}`, a `tools/list` result, or lines with `server` and `tools`.

    Raises:
        ConfigError: It cannot be read, or holds no tools.
    """
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8")
        documents = _documents(text)
    except (OSError, ValueError, EOFError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    plain = re.sub(r"(\.tools)?\.jsonl?(\.gz)?$", "", path.name)
    found: dict[str, Listed] = {}
    for document in documents:
        inner = as_object(document).get("result", document)
        tools = inner if is_list(inner) else as_list(as_object(inner).get("tools"))
        listed = [tool for tool in tools if is_object(tool)]
        if listed:
            found.setdefault(str(as_object(document).get("server") or plain), []).extend(listed)
    if not found:
        raise ConfigError(f'{path}: no tools in it; {{"tools": [MCP tool, …]}} is expected')
    return found


def _documents(text: str) -> list[Any]:
    try:
        return [json.loads(text)]
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]


def chosen(catalogue: dict[str, Listed], server: str | None, path: Path) -> tuple[str, Listed]:
    """The server that was asked for, or the only one.

    Raises:
        ConfigError: There is none of this name, or several and none was named.
    """
    if server is None and len(catalogue) == 1:
        return next(iter(catalogue.items()))
    if server in catalogue:
        return server, catalogue[server]
    near = difflib.get_close_matches(server or "", catalogue, 3) or list(catalogue)[:5]
    asked = f"no server {server!r}" if server else f"{len(catalogue)} servers, name one with --server"
    raise ConfigError(f"{path}: it has {asked}; for example {', '.join(map(repr, near))}")
