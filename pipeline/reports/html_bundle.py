"""Modules of a page as one script: each in a function of its own, after those that it imports.

Covers what the viewer's modules do: imports of names from a neighbour in one line, and exports where they are declared.
"""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./([\w.]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) (\w+))", re.MULTILINE)


def bundled(folder: Path, first: str) -> str:
    """A module with all that it imports, as the text of one script.

    Raises:
        OSError: A module is missing.
    """
    done: dict[str, str] = {}
    _add(folder, first, done)
    return "\n".join(["const modules = {};", *done.values()])


def _add(folder: Path, name: str, done: dict[str, str]) -> None:
    text = (folder / name).read_text("utf-8")
    for found in _IMPORT.finditer(text):
        if found[2] not in done:
            _add(folder, found[2], done)
    body = _EXPORT.sub("", _IMPORT.sub(r'const \1 = modules["\2"];', text))
    exports = ", ".join(_EXPORT.findall(text))
    done[name] = f'modules["{name}"] = (() => {{\n{body}\nreturn {{ {exports} }};\n}})();'
