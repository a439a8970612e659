"""The example package, really installed: its gate, stage, values, teacher and format, by name on the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "toolweave.pipeline")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which Python finds the package and its entry points."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    source = shutil.copytree(ROOT / "examples" / "plugin", folder / "source")  # a build writes beside the sources
    subprocess.run([*pip, "--target", str(folder), str(source)], check=True, timeout=120)
    return os.environ | {"PYTHONPATH": str(folder)}


def called(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (*COMMAND, *words), env=environment, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )


def test_parts_of_another_package_are_used_by_name(installed: dict[str, str], tmp_path: Path) -> None:
    world = {"command": "python", "args": ["-m", "toolweave.servers.worlds.library"]}
    mcp, out = tmp_path / "mcp.json", tmp_path / "run"
    mcp.write_text(json.dumps({"mcpServers": {"library": world | {"toolweave": {"disposable": True}}}}))
    (tmp_path / "run.toml").write_text(
        'mcp = "mcp.json"\nsamples = 6\nseed = 5\nturns = 1\nout = "run"\ntargets = ["search_titles"]\n'
        'model = "terse"\ngates = ["short-requests"]\nstages = ["words"]\nvalue_sources = ["shelf"]\noffered = 5\n'
        'roles = {critique = "offline"}\n'
    )
    done = called(installed, "run", "--settings", str(tmp_path / "run.toml"))
    assert done.returncode == 0, done.stderr
    assert json.loads((out / "values.json").read_text()) == {
        "library": {"search_titles.text": ["Winter Ferry", "Saffron Street"]}
    }
    rows = [json.loads(line) for line in (out / "samples.jsonl").read_text().splitlines()]
    said = [str(m["content"]) for row in rows for m in row["messages"] if m["role"] == "user"]
    assert len(rows) == 6 and {row["teacher"] for row in rows} == {"terse (critique: offline)"}
    assert all(len(text.split()) <= 60 for text in said)
    assert all(row["notes"]["words"]["users"] >= 3 and len(row["tools"]) <= 5 for row in rows)
    searched = [call["arguments"].get("text") for row in rows for call in row["checker"]["calls"]]
    assert {"Winter Ferry", "Saffron Street"} & set(searched)
    exported = called(installed, "export", str(out), "--to", "requests", "--out", str(tmp_path / "requests.jsonl"))
    assert exported.returncode == 0, exported.stderr
    assert [json.loads(line)["request"] for line in (tmp_path / "requests.jsonl").read_text().splitlines()] == said


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("run", "--out", "{out}", "--gate", "short-request"), "did you mean short-requests?"),
        (("run", "--out", "{out}", "--gate", "broken"), "cannot be loaded"),
        (("run", "--out", "{out}", "--stage", "wrods"), "did you mean words?"),
        (("run", "--out", "{out}", "--value-source", "shelve"), "did you mean shelf?"),
        (("export", "{out}", "--to", "reqests", "--out", "{out}/x"), "no export format"),
    ],
)
def test_a_part_that_is_not_there_is_named_before_anything_is_made(
    installed: dict[str, str], tmp_path: Path, words: tuple[str, ...], complaint: str
) -> None:
    broken = tmp_path / "broken-1.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    (broken / "entry_points.txt").write_text("[toolweave.gates]\nbroken = not_there:gate\n")
    environment = installed | {"PYTHONPATH": f"{installed['PYTHONPATH']}:{tmp_path}"}
    done = called(environment, *(word.format(out=tmp_path / "run") for word in words))
    assert done.returncode == 2
    assert complaint in " ".join(done.stderr.split())
    assert not (tmp_path / "run" / "samples.jsonl").exists()
