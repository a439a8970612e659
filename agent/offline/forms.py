"""The ways to say one thing: kept in text files beside this module, drawn by seed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from toolweave.agent.ways import ways_in

REGISTERS = ("plain", "polite", "brisk", "chatty")


def wordings(name: str) -> Mapping[str, tuple[str, ...]]:
    """Heading → the ways below it, of a text file of that name."""
    return ways_in("toolweave.agent.offline", name)


def by_register(ways: Mapping[str, tuple[str, ...]], heading: str) -> dict[str, tuple[str, ...]]:
    """The ways below the headings that name a register behind one word: `asks plain`."""
    return {register: ways[f"{heading} {register}"] for register in REGISTERS}


def shorter(rng: random.Random, ways: Sequence[str]) -> str:
    """The shorter one of two ways that are drawn: people use few words more often than many."""
    return min(rng.choice(ways), rng.choice(ways), key=len)


def pick(rng: random.Random, ways: Sequence[str], **parts: object) -> str:
    """One of the ways, with its parts filled in."""
    return rng.choice(ways).format(**parts)
