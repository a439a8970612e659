"""Reading values back out of a person's words; shared by no teacher, so that it can judge them."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from toolweave.servers.json_values import as_list

_MONTHS = "january february march april may june july august september october november december".split()
_YES = frozenset({"yes", "true", "on", "with", "include", "including", "enabled", "do"})
_NO = frozenset({"no", "false", "off", "without", "exclude", "excluding", "disabled", "not", "don't", "skip"})
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_QUOTES = re.compile("[\"'`\u2018\u2019\u201c\u201d]")
_COUNTS = "zero one two three four five six seven eight nine ten eleven twelve".split()


def reads_as(text: str, value: Any) -> bool:
    """Whether a reader would take these words for this value."""
    if isinstance(value, bool):
        words = set(re.findall(r"[\w']+", text.lower()))
        return bool(words & (_YES if value else _NO)) and not words & (_NO if value else _YES)
    if isinstance(value, (int, float)):
        return _reads_as_number(text, value)
    if isinstance(value, str):
        return _plain(text) == _plain(value) or _reads_as_moment(text, value) or _is_inside(value, text)
    return value is None or all(reads_as(text, item) for item in as_list(value))


def _reads_as_number(text: str, value: float) -> bool:
    numbers = [float(item.replace(",", "")) for item in _NUMBER.findall(text)]
    words = [float(_COUNTS.index(word)) for word in re.findall(r"[a-z]+", text.lower()) if word in _COUNTS]
    return any(abs(number - value) < 1e-9 for number in (*numbers, *words))


def _is_inside(value: str, text: str) -> bool:
    """The value stands in the words as it is, possibly in quotation marks."""
    return bool(value) and value.lower() in text.lower() and len(text) <= len(value) + 24


def _reads_as_moment(text: str, value: str) -> bool:
    wanted = moment(value)
    if wanted is None:
        return False
    words = re.findall(r"\d+|[a-z]+", text.lower())
    month = next((index for index, name in enumerate(_MONTHS, 1) if any(_names(word, name) for word in words)), None)
    numbers = [int(word) for word in words if word.isdigit()]
    day_known = month == wanted.month and wanted.day in numbers and wanted.year in numbers
    if len(value) <= len("2026-01-01"):
        return day_known
    return day_known and _says_time(text, wanted)


def _names(word: str, month: str) -> bool:
    return len(word) >= 3 and month.startswith(word)


def _says_time(text: str, wanted: datetime) -> bool:
    for hour, minute, half in re.findall(r"\b(\d{1,2})(?::(\d{2}))?\s*(am|pm)?\b", text.lower()):
        clock = int(hour) % 12 + 12 * (half == "pm") if half else int(hour)
        if (minute or half) and clock == wanted.hour and int(minute or 0) == wanted.minute:
            return True
    return False


def moment(value: str) -> datetime | None:
    """The date or time that a value is; `None` for anything else."""
    try:
        return datetime.fromisoformat(value) if len(value) >= len("2026-01-01") else None
    except ValueError:
        return None


def _plain(text: str) -> str:
    return " ".join(_QUOTES.sub("", text).replace("_", " ").replace("-", " ").lower().split()).rstrip(".,;")


def written_date(value: date) -> str:
    """A date as a person writes it, such as `4 March 2026`."""
    return f"{value.day} {_MONTHS[value.month - 1].capitalize()} {value.year}"
