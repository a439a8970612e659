"""Ways to word something, kept in text files beside the code: headings with what stands below them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files


@lru_cache
def ways_in(package: str, name: str) -> Mapping[str, tuple[str, ...]]:
    """Heading → the ways below it, one a line or between "|", of a text file of a package."""
    text = files(package).joinpath(f"{name}.txt").read_text("utf-8")
    found: dict[str, list[str]] = {}
    ways: list[str] = []
    for line in text.splitlines():
        if line.startswith("== "):
            ways = found.setdefault(line.removeprefix("== "), [])
        elif line and not line.startswith("#"):
            ways += line.split("|")
    return {heading: tuple(below) for heading, below in found.items()}
