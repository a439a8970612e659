"""Commands that download a package at every start, such as `npx -y NAME`: which package they mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_REGISTRY = {"npx": "npm", "bunx": "npm", "pnpx": "npm", "uvx": "pypi"}
_SILENT = frozenset(("-y", "--yes", "-q", "--quiet", "--isolated", "--offline", "--no-progress"))


def package_behind(words: Sequence[str]) -> list[str] | None:
    """The command line with `npm:NAME` or `pypi:NAME` in place of its runner; `None` where it downloads nothing.

    `uvx --from PACKAGE PROGRAM` is left alone: which of the two the arguments belong to cannot be told.
    """
    if not words:
        return None
    head, *rest = words
    if Path(head).name == "uv" and rest[:2] == ["tool", "run"]:
        head, rest = "uvx", rest[2:]
    registry = _REGISTRY.get(Path(head).name)
    while registry and rest and rest[0] in _SILENT:
        rest = rest[1:]
    if registry is None or not rest or rest[0].startswith("-"):
        return None
    name = rest[0].removesuffix("@latest")
    if registry == "pypi":
        name = name.replace("@", "==")
    return [f"{registry}:{name}", *rest[1:]]
