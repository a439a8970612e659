"""Tools that cannot be run here, as an entry of `mcp.json` that simulates them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from toolweave.servers.errors import ConfigError
from toolweave.servers.simulated.catalogue import Listed

FOLDER = "simulated"
"""Where the tools of simulated servers lie, beside `mcp.json`."""


def simulating_entry(name: str, listed: Listed, folder: Path, seed: int) -> dict[str, Any]:
    """The entry of a simulated server; its tools are written beside `mcp.json`.

    Raises:
        ConfigError: They cannot be written.
    """
    place = f"{FOLDER}/{name}.tools.json"
    try:
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(json.dumps({"tools": listed}, indent=1, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise ConfigError(f"{folder / place}: cannot be written: {error}") from error
    args = ["-m", "toolweave.servers.simulated", "--tools", place, "--seed", str(seed)]
    return {"command": "python", "args": args, "toolweave": {"disposable": True, "simulated": True}}


def plain_name(server: str) -> str:
    """The name of a server as it may stand in a file's name and in a tool's id."""
    return re.sub(r"[^a-z0-9]+", "-", server.lower()).strip("-") or "simulated"
