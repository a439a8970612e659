"""Deeds that a text says were done, read by the names of the tools that do them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from toolweave.agent.offline.english import past, plural
from toolweave.graph.words import words
from toolweave.servers.tools import Tool


def deed(tool: Tool) -> tuple[str, str] | None:
    """(past participle, thing) of a tool whose name begins with a verb: `cancel_order` → cancelled, order."""
    parts = words(tool.name)
    return (past(parts[0]), parts[-1]) if len(parts) > 1 else None


def claimed(text: str, tools: Iterable[Tool], done: Iterable[Tool] = ()) -> list[str]:
    """Names of the tools whose deed a text speaks of as done, as in "I have cancelled the order".

    What it says of the deeds of `done` is passed over: "created a table in the sheet" does not create a sheet.
    """
    for tool in done:
        if (found := deed(tool)) is not None:
            text = _speaking_of(*found).sub(" ", text)
    return [tool.name for tool in tools if (found := deed(tool)) and _speaking_of(*found).search(text)]


@lru_cache(maxsize=1 << 12)
def _speaking_of(done: str, thing: str) -> re.Pattern[str]:
    things = "|".join(re.escape(one) for one in (thing, plural(thing)))
    active = (
        rf"\b(?:have|has|had|i|and|also|'ve)\W+(?:\w+\W+){{0,2}}{re.escape(done)}\W+(?:\w+\W+){{0,2}}(?:{things})\b"
    )
    passive = rf"\b(?:{things})\W+(?:is|are|was|were|has been|have been)\W+(?:\w+\W+)?{re.escape(done)}\b"
    return re.compile(f"{active}|{passive}", re.IGNORECASE)
