"""Several ways to say one thing, written in a row."""

from __future__ import annotations

import random
from collections.abc import Sequence


def forms(text: str) -> tuple[str, ...]:
    """The ways of a text that holds them apart by strokes."""
    return tuple(" ".join(form.split()) for form in text.split("|"))


def pick(rng: random.Random, ways: Sequence[str], **parts: object) -> str:
    """One of the ways, with its parts filled in."""
    return rng.choice(ways).format(**parts)
