"""Nothing is evaluated, unpickled or handed to a shell, and everything that is installed is pinned by its hash."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("servers", "graph", "agent", "pipeline", "setup")
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "subprocess.getoutput"}
FORBIDDEN_MODULES = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml"}
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def faults(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=func, keywords=keywords):
                name = ast.unparse(func)
                if name in FORBIDDEN_CALLS:
                    yield f"line {node.lineno}: {name}()"
                if any(word.arg == "shell" and ast.unparse(word.value) != "False" for word in keywords):
                    yield f"line {node.lineno}: {name}(shell=…)"
            case ast.Import(names=names):
                found = {alias.name.partition(".")[0] for alias in names}
                yield from (f"line {node.lineno}: import {name}" for name in found & FORBIDDEN_MODULES)
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in FORBIDDEN_MODULES:
                yield f"line {node.lineno}: from {module} import"
            case _:
                pass


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_code_is_made_of_data(path: Path) -> None:
    assert list(faults(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "source", ["eval(x)", "exec(x)", "import pickle", "from yaml import load", "run(x, shell=True)", "os.system(x)"]
)
def test_code_made_of_data_would_be_found(source: str) -> None:
    assert list(faults(source))


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_every_requirement_is_pinned_with_hashes(path: Path) -> None:
    text = path.read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert lines
    assert [line[:60] for line in lines if not re.match(r"\S+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == []
