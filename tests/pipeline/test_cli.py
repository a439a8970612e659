"""What the command line loads, and when."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

from typer.testing import CliRunner

from toolweave.pipeline.cli import COMMANDS, app, load_command

HEAVY = ("mcp", "openai", "httpx2", "networkx", "pydantic", "structlog", "jsonschema", "ray")
LOOK = (
    "import sys; sys.argv[1:] = {line!r}.split(); sys.modules['__main__'].__name__ = 'looked'\n"
    + """
from toolweave.pipeline.cli import app
try:
    app()
except SystemExit as error:
    assert error.code == 0, error.code
print('loaded:', *[name for name in {heavy!r} if name in sys.modules])
"""
)


def loaded_by(line: str) -> list[str]:
    """Which heavy libraries a command has loaded."""
    code = LOOK.format(line=line, heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.rpartition("loaded:")[2].split()


def test_help_loads_no_heavy_library() -> None:
    assert loaded_by("--help") == []


def test_help_of_the_main_job_loads_no_server_no_graph_and_no_endpoint() -> None:
    assert set(loaded_by("run --help")) == {"pydantic", "structlog"}


def test_the_version_is_that_of_the_package_and_comes_at_once() -> None:
    assert CliRunner().invoke(app, ["--version"]).output == f"toolweave {importlib.metadata.version('toolweave')}\n"
    assert loaded_by("--version") == []


def test_heavy_libraries_are_found_where_they_are_loaded() -> None:
    assert {"mcp", "jsonschema"} <= set(loaded_by("doctor --help"))


def test_the_lines_of_all_commands_begin_as_their_own_help_does() -> None:
    shown = " ".join(CliRunner().invoke(app, ["--help"]).output.replace("│", " ").split())
    for name, (_, line) in COMMANDS.items():
        assert line in shown
        own = str(load_command(name).help)
        assert own.split()[:3] == line.split()[:3], name
