"""What stands beside known values in what servers have shown: other names, titles and days that can be said as well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from toolweave.graph.learning.values import distinctive, look

MOST_SHOWN = 24
"""Texts that are taken from one field."""
LONGEST = 40
"""Characters of the longest text that is said because a server has shown it."""
LEAST_KNOWN = 2
"""Known values that a field must have shown, so that it is no chance that it shows one."""


def beside(values: Sequence[Any], fields: Iterable[Sequence[str]]) -> list[str]:
    """The other texts of the field that shows most of these values; empty where none shows enough of them.

    Args:
        values: What is known to work: what the user configured, or what calls took.
        fields: For each output field of the server, the texts that it has shown.
    """
    texts_only = (value for value in values if isinstance(value, str))
    known = [value for value in dict.fromkeys(texts_only) if not distinctive(value)]
    holds = [(sum(value in texts for value in known), texts) for texts in fields]
    most, texts = max(holds, key=lambda one: one[0], default=(0, ()))
    if most < LEAST_KNOWN:
        return []
    alike = [value for value in known if value in texts]
    return [text for text in texts if text not in known and any(_is_like(text, one) for one in alike)][:MOST_SHOWN]


def _is_like(text: str, known: str) -> bool:
    """Whether a text is written as a known value is: no identifier, about as long, capital or small."""
    if look(text)[0] != look(known)[0] or distinctive(text) or len(text) > min(LONGEST, 2 * len(known) + 8):
        return False
    return text[:1].isupper() == known[:1].isupper() and len(text.split()) <= len(known.split()) + 2
