"""The bundled worlds as an `mcp.json`, and runs over texts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from toolweave.pipeline.from_text.job import run_texts
from toolweave.pipeline.settings import RunSettings

Run = Callable[..., dict[str, Any]]


def worlds_file(folder: Path, *names: str) -> Path:
    """An `mcp.json` with some bundled worlds."""
    servers = {
        name: {
            "command": "python",
            "args": ["-m", f"toolweave.servers.worlds.{name}"],
            "toolweave": {"disposable": True},
        }
        for name in names
    }
    path = folder / "mcp.json"
    path.write_text(json.dumps({"mcpServers": servers}))
    return path


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Writes a text, makes samples of it with some worlds, and returns the manifest with its procedures."""

    def make(text: str, *worlds: str, out: str = "run", **options: Any) -> dict[str, Any]:
        path = tmp_path / "manual.md"
        path.write_text(text)
        settings = RunSettings(mcp=worlds_file(tmp_path, *worlds), seed=1, **options.pop("settings", {}))

        async def work() -> dict[str, Any]:
            return await run_texts([path], settings, tmp_path / out, **options)

        return anyio.run(work)

    return make
