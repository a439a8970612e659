"""Tools that cannot be run here, as an entry of `mcp.json` that simulates them: by rules, or with a model's help."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolweave.agent.imitation.records import read_records
from toolweave.servers.errors import ConfigError
from toolweave.servers.simulated.catalogue import Listed
from toolweave.servers.spec import ServerSpec

FOLDER = "simulated"
"""Where the tools of simulated servers lie, beside `mcp.json`, and what models have written for them."""
_RULES, _MODEL = "toolweave.servers.simulated", "toolweave.agent.imitation"
_RECORDS = "--records"
_CALL_TIMEOUT, _START_TIMEOUT = 180, 600
"""Seconds, where a model is waited for: at the first start it writes what there is at the beginning."""


@dataclass(frozen=True, slots=True)
class Imitating:
    """The model that writes what the rules leave open."""

    model: str
    base_url: str | None = None


def simulating_entry(
    name: str, listed: Listed, folder: Path, seed: int, imitating: Imitating | None = None
) -> dict[str, Any]:
    """The entry of a simulated server; its tools are written beside `mcp.json`.

    Raises:
        ConfigError: They cannot be written.
    """
    place, records = f"{FOLDER}/{name}.tools.json", f"{FOLDER}/{name}.records.jsonl"
    try:
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(json.dumps({"tools": listed}, indent=1, ensure_ascii=False) + "\n", "utf-8")
        if imitating is not None:
            (folder / records).touch()
    except OSError as error:
        raise ConfigError(f"{folder / place}: cannot be written: {error}") from error
    args = ["--tools", place, "--seed", str(seed)]
    ours = {"disposable": True, "simulated": True}
    if imitating is None:
        return {"command": "python", "args": ["-m", _RULES, *args], "toolweave": ours}
    where = ["--base-url", imitating.base_url] if imitating.base_url else []
    args += ["--model", imitating.model, *where, _RECORDS, records]
    waiting = {"call_timeout": _CALL_TIMEOUT, "start_timeout": _START_TIMEOUT}
    return {
        "command": "python",
        "args": ["-m", _MODEL, *args],
        "env": {"OPENAI_API_KEY": "${OPENAI_API_KEY:-}"},
        "toolweave": {**ours, **waiting, "network": True, "writable": [FOLDER]},
    }


def written_so_far(spec: ServerSpec) -> str:
    """What a model has written for a simulated server, in one line; empty where none does.

    Raises:
        ConfigError: The record cannot be read.
    """
    if _MODEL not in spec.args or _RECORDS not in spec.args[:-1]:
        return ""
    path = spec.folder / spec.args[spec.args.index(_RECORDS) + 1]
    records = read_records(path)
    values, left = sum(len(one.values) for one in records), sum(len(one.left) for one in records)
    rest = f", {left} left to the rules because its replies did not fit" if left else ""
    return f"{values} values written by its model{rest} ({path.name})"


def plain_name(server: str) -> str:
    """The name of a server as it may stand in a file's name and in a tool's id."""
    return re.sub(r"[^a-z0-9]+", "-", server.lower()).strip("-") or "simulated"
