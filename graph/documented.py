"""Parameters and results that only a tool's description documents, in the manner of docstrings.

Many servers put everything into one text: an `Args:` part with a line for each parameter, and a `Returns:` part, or a
list of fields after "with the following fields:". What is read here stands in where a schema says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_TEXT = 6000
"""Characters of a description that are read."""
MOST_FIELDS = 40
"""Documented fields read of one tool."""

_HEADING = re.compile(r"^[ \t#*]*(args|arguments|parameters|params|inputs?|returns?|outputs?)[ \t*]*:", re.I | re.M)
_NEXT_PART = re.compile(r"^[ \t#*]*[A-Z][A-Za-z ]{2,30}\**:\**[ \t]*$", re.M)
_PARAMETER = re.compile(
    r"^[ \t]*(?:[-*\u2022][ \t]+)?[`*]{0,2}(\w+)[`*]{0,2}[ \t]*(?:\([^)\n]*\))?[ \t]*(?::|[-\u2013] )(.+)$", re.M
)
_FIELDS = re.compile(
    r"\b(?:returns?|fields|contain(?:s|ing)|with|properties)\b[^\n]{0,80}:[ \t]*\n((?:[ \t]*[-*\u2022][^\n]*\n?)+)",
    re.I,
)
_FIELD = re.compile(
    r"^[ \t]*[-*\u2022][ \t]+[`'\"*]{0,2}(\w+)[`'\"*]{0,2}[ \t]*(?:\([^)\n]*\))?[ \t]*:[ \t]*(.*)$", re.M
)
_IDENTIFIER = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b|\b[a-z]+(?:Id|ID|Name|Key|Code|Url|URL|Slug|Number)\b")
_TAKES = frozenset("args arguments parameters params input inputs".split())


def documented_parameters(description: str) -> dict[str, str]:
    """What a description says of parameters, by name."""
    found: dict[str, str] = {}
    for heading, text in _parts(description):
        if heading in _TAKES:
            for match in _PARAMETER.finditer(text):
                found.setdefault(match.group(1), match.group(2).strip())
    return found


def documented_fields(description: str) -> dict[str, str]:
    """Fields that a description says the result has, each with what is said of it."""
    found: dict[str, str] = {}
    text = description[:LONGEST_TEXT]
    for block in _FIELDS.finditer(text):
        for match in _FIELD.finditer(block.group(1)):
            found.setdefault(match.group(1), match.group(2).strip())
    for heading, part in _parts(description):
        if heading not in _TAKES:
            found.update({name: "" for name in _IDENTIFIER.findall(part) if name not in found})
    given = documented_parameters(description)
    return {name: said for name, said in list(found.items())[:MOST_FIELDS] if name not in given}


def _parts(description: str) -> Iterator[tuple[str, str]]:
    """Headings with the text up to the next heading."""
    text = description[:LONGEST_TEXT]
    if ":" not in text:
        return
    headings = list(_HEADING.finditer(text))
    for place, match in enumerate(headings):
        end = headings[place + 1].start() if place + 1 < len(headings) else len(text)
        after = _NEXT_PART.search(text, match.end(), end)
        yield match.group(1).lower(), text[match.end() : after.start() if after else end]
