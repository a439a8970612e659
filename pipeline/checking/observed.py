"""The values of an observation, read once however often it is asked for."""

from __future__ import annotations

from functools import lru_cache

from toolweave.graph.fields import Leaf, leaves
from toolweave.servers.decoding import decode_text


@lru_cache(maxsize=128)
def observed(text: str) -> tuple[Leaf, ...]:
    """Every scalar of an observation as a model reads it."""
    return tuple(leaves(decode_text(text)))
