"""A small job on a small server, as a user would start it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

PARCELS = Path(__file__).parent / "parcels.py"


@pytest.fixture(scope="session")
def small_job(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A command that makes up to eight short samples; `--out` is left to the test."""
    mcp = tmp_path_factory.mktemp("small") / "mcp.json"
    parcels: dict[str, Any] = {"command": "python", "args": [str(PARCELS)], "toolweave": {"disposable": True}}
    mcp.write_text(json.dumps({"mcpServers": {"parcels": parcels}}))
    head = [sys.executable, "-m", "toolweave.pipeline", "run", "--mcp", str(mcp)]
    return [*head, "-n", "8", "--seed", "3", "--kind", "base=1", "--turns", "1", "--probe-calls", "2"]
