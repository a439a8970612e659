"""The ways to say one thing: kept in text files beside this module, drawn by seed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files

REGISTERS = ("plain", "polite", "brisk", "chatty")


@lru_cache
def wordings(name: str) -> Mapping[str, tuple[str, ...]]:
    """Heading → the ways below it, one a line or between "|", of a text file of that name."""
    text = files("toolweave.agent.offline").joinpath(f"{name}.txt").read_text("utf-8")
    found: dict[str, list[str]] = {}
    ways: list[str] = []
    for line in text.splitlines():
        if line.startswith("== "):
            ways = found.setdefault(line.removeprefix("== "), [])
        elif line and not line.startswith("#"):
            ways += line.split("|")
    return {heading: tuple(below) for heading, below in found.items()}


def by_register(ways: Mapping[str, tuple[str, ...]], heading: str) -> dict[str, tuple[str, ...]]:
    """The ways below the headings that name a register behind one word: `asks plain`."""
    return {register: ways[f"{heading} {register}"] for register in REGISTERS}


def shorter(rng: random.Random, ways: Sequence[str]) -> str:
    """The shorter one of two ways that are drawn: people use few words more often than many."""
    return min(rng.choice(ways), rng.choice(ways), key=len)


def pick(rng: random.Random, ways: Sequence[str], **parts: object) -> str:
    """One of the ways, with its parts filled in."""
    return rng.choice(ways).format(**parts)
