"""What a command line runs, where it runs a Python program that can be started warm."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_PYTHON = re.compile(r"python(3(\.\d+)?)?")
_SHEBANG = re.compile(rb"#!(/\S*/python(?:3(?:\.\d+)?)?)[ \t]*\r?\n")


@dataclass(frozen=True, slots=True)
class Program:
    """A Python module or script, as an interpreter would run it."""

    interpreter: str
    kind: Literal["module", "script"]
    target: str
    """Dotted name of the module, or path of the script."""
    arguments: tuple[str, ...]

    def import_path(self, cwd: Path) -> str:
        """Where Python looks for modules first when it runs this program."""
        return str(cwd) if self.kind == "module" else str(Path(self.target).resolve().parent)


def read_program(argv: Sequence[str]) -> Program | None:
    """The program of `python -m module …`, `python script.py …` or a script whose first line names an interpreter.

    `None` for everything else, also for flags of the interpreter, which a running one cannot take on.
    """
    command, *rest = argv
    if not _PYTHON.fullmatch(Path(command).name):
        return _read_script(command, rest)
    match rest:
        case ["-m", module, *arguments]:
            return Program(command, "module", module, tuple(arguments))
        case [script, *arguments] if script.endswith(".py") and Path(script).is_absolute():
            return Program(command, "script", script, tuple(arguments))
        case _:
            return None


def _read_script(command: str, arguments: Sequence[str]) -> Program | None:
    try:
        with Path(command).open("rb") as file:
            found = _SHEBANG.match(file.read(256))
    except OSError:
        return None
    return Program(found[1].decode("utf-8", "replace"), "script", command, tuple(arguments)) if found else None
