"""Deeds that a text says were done, read by the names of the tools that do them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from toolweave.agent.offline.english import past, plural
from toolweave.graph.words import words
from toolweave.servers.tools import Tool


def deed(tool: Tool) -> tuple[str, str] | None:
    """(past participle, thing) of a tool whose name begins with a verb: `cancel_order` → cancelled, order."""
    parts = words(tool.name)
    return (past(parts[0]), parts[-1]) if len(parts) > 1 else None


def claimed(text: str, tools: Iterable[Tool]) -> list[str]:
    """Names of the tools whose deed a text speaks of as done, as in "I have cancelled the order"."""
    return [tool.name for tool in tools if (found := deed(tool)) and _speaks_of(text, *found)]


def _speaks_of(text: str, done: str, thing: str) -> bool:
    if done not in text.lower():
        return False
    things = "|".join(re.escape(one) for one in (thing, plural(thing)))
    active = (
        rf"\b(?:have|has|had|i|and|also|'ve)\W+(?:\w+\W+){{0,2}}{re.escape(done)}\W+(?:\w+\W+){{0,2}}(?:{things})\b"
    )
    passive = rf"\b(?:{things})\W+(?:is|are|was|were|has been|have been)\W+(?:\w+\W+)?{re.escape(done)}\b"
    return re.search(f"{active}|{passive}", text, re.IGNORECASE) is not None
