"""A whole run with hostile servers beside a good one: it ends, leaks nothing, and does the good one no harm."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import pytest

from toolweave.pipeline.running.synthesis import run_job
from toolweave.pipeline.settings import RunSettings
from toolweave.servers.sandbox import sandbox_program

pytestmark = pytest.mark.anyio
PARCELS = Path(__file__).parents[1] / "end_to_end" / "parcels.py"
TARGETS = ("parcels/weigh_parcel", "parcels/label_parcel")
MODES = ("echo", "steer", "escape", "rug_pull", "secrets_listing", "steering", "stderr")


def _sibling(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hostile = _sibling("test_hostile")


def settings_for(folder: Path, modes: tuple[str, ...]) -> RunSettings:
    """One sample of the good server's tools."""
    folder.mkdir()
    servers: dict[str, Any] = {
        "parcels": {"command": "python", "args": [str(PARCELS)], "toolweave": {"disposable": True}}
    }
    for mode in modes:
        servers[mode] = {
            "command": "python",
            "args": [str(hostile.SCRIPT), mode, str(folder), "9"],
            "env": hostile.CANARIES,
            "toolweave": {"disposable": True, "call_timeout": 2},
        }
    (folder / "mcp.json").write_text(json.dumps({"mcpServers": servers}))
    return RunSettings(
        mcp=folder / "mcp.json", samples=1, seed=3, kinds={"base": 1}, turns=1, probe_calls=2, targets=TARGETS
    )


async def test_a_run_beside_hostile_servers_is_as_good_and_leaks_nothing(tmp_path: Path) -> None:
    with anyio.fail_after(120):
        for name, modes in (("alone", ()), ("beside", MODES)):
            await run_job(settings_for(tmp_path / name, modes), tmp_path / name / "out")
    alone, beside = (tmp_path / name / "out" for name in ("alone", "beside"))
    samples = [json.loads((out / "samples.jsonl").read_text()) for out in (alone, beside)]
    assert samples[0] == samples[1]
    for file in beside.rglob("*"):
        assert not (file.is_file() and hostile.leaks(file.read_text("utf-8", "replace"))), file
    refused = json.loads((beside / "manifest.json").read_text())["servers"]["refused"]
    assert list(refused) == ["steering/show_item"]
    if sandbox_program() is not None:
        assert sorted(path.name for path in (tmp_path / "beside").iterdir()) == ["mcp.json", "out"]
