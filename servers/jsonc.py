"""JSON as editors write it: `//` and `/* */` comments, trailing commas and a byte order mark are tolerated."""

from __future__ import annotations

import json
import re
from typing import Any

_STRING = r'"(?:\\.|[^"\\])*"'
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING_COMMA = re.compile(rf"({_STRING})|,(?=\s*[}}\]])", re.DOTALL)


def parse_jsonc(text: str) -> Any:
    """Decode JSON with comments and trailing commas; positions in errors are those of the text.

    Raises:
        ValueError: The text is not JSON, or an object holds a key twice.
    """
    return json.loads(without_comments(text.removeprefix("\ufeff")), object_pairs_hook=_object)


def without_comments(text: str) -> str:
    """The text with spaces for comments and trailing commas, so that everything else stays where it is."""
    return _TRAILING_COMMA.sub(_blank, _COMMENT.sub(_blank, text))


def _blank(match: re.Match[str]) -> str:
    """Keep a string; turn anything else into spaces, so that line and column stay where they were."""
    return match[1] or re.sub(r"[^\n]", " ", match[0])


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} is given twice in one object")
        found[key] = value
    return found
