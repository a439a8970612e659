"""How a person writes a value: dates in words, options without underscores, names bare and other texts quoted."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from toolweave.agent.offline.lexicon import MONTHS
from toolweave.servers.json_values import as_list

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2}):00")
_NAME = re.compile(
    r"[A-Z][a-z'\u2019.]+(?:-[A-Za-z][a-z'\u2019]*)*(?: (?:(?:of|the|de|da|von|van|der) )?[A-Z][A-Za-z'\u2019.-]*)*"
)
_TOKEN = re.compile(r"(?=[A-Za-z0-9/~=#]\S*[\d/@._-]|\d)[^\s\"'“”,;!?()]+(?<![.:])")


def spoken_value(value: Any, schema: dict[str, Any]) -> str:
    """The value in human form; reading it back gives the value."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else str(value)
    if isinstance(value, str):
        return _text(value, schema)
    return "nothing"


def spoken_date(text: str) -> str | None:
    """`4 March 2026` for an ISO date; `None` for anything else."""
    try:
        day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}" if day else None


def is_bare(value: Any) -> bool:
    """Whether the value is a text that stands without quotation marks."""
    return isinstance(value, str) and bool(_NAME.fullmatch(value) or _TOKEN.fullmatch(value))


def is_option(value: Any, schema: dict[str, Any]) -> bool:
    """Whether the schema lists the value among others."""
    return isinstance(value, str) and value in as_list(schema.get("enum"))


def _text(value: str, schema: dict[str, Any]) -> str:
    if (day := spoken_date(value)) is not None:
        return day
    moment = _MOMENT.fullmatch(value)
    if moment and (day := spoken_date(moment.group(1))) is not None:
        return f"{day} at {int(moment.group(2))}:{moment.group(3)}"
    if is_option(value, schema) and re.fullmatch(r"[\w -]+", value):
        plain = value.replace("_", " ")
        return plain.lower() if plain.isupper() and len(plain) > 3 else plain
    if is_bare(value):
        return value
    return f"“{value}”" if '"' in value else f'"{value}"'
