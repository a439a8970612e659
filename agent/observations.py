"""Comparing an observation with a later one of the same call: which places differ, and which follow the clock.

A *place* in JSON text is a JSON pointer; in other text it is `#n`, the n-th word. Two observations that do not have
the same shape cannot be compared place by place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from toolweave.agent.patterns import argument_leaves
from toolweave.servers.decoding import decode_text

_WORD = re.compile(r"\w+|[^\w\s]+")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?|(?<!\w)\d{10}(?:\d{3})?(?!\w)")
"""A date, a date and time, or seconds or milliseconds since 1970."""
NEAR = timedelta(hours=36)
"""A moment this close to the call follows the clock, in whatever time zone it is written."""


def places(text: str) -> dict[str, Any]:
    """Every place of an observation with what stands there."""
    value = decode_text(text)
    if isinstance(value, (dict, list)):
        return dict(argument_leaves(value))
    return {f"#{index}": word for index, word in enumerate(_WORD.findall(text))}


def differing(one: str, other: str) -> set[str] | None:
    """Places at which two observations differ; `None` when their shapes differ.

    Values of different types differ in shape: a volatile number stays a number.
    """
    if one == other:
        return set()
    left, right = places(one), places(other)
    if left.keys() != right.keys():
        return None
    changed = {place for place in left if left[place] != right[place]}
    if not all(type(left[place]) is type(right[place]) for place in changed):
        return None
    return changed | _rest_of_moments(one, changed) if any(place.startswith("#") for place in changed) else changed


def _rest_of_moments(text: str, changed: set[str]) -> set[str]:
    """All words of the moments of which one word differs: when the seconds follow the clock, so do the hours."""
    spans = [match.span() for match in _MOMENT.finditer(text)]
    words = [(f"#{index}", word.start()) for index, word in enumerate(_WORD.finditer(text))]
    inside = [{place for place, start in words if low <= start < high} for low, high in spans]
    return {place for moment in inside if moment & changed for place in moment}


def clocked(text: str, now: datetime, said: Iterable[str]) -> set[str]:
    """Places that hold a moment near `now` that nobody said: they will differ tomorrow, though not in a minute."""
    said_text = " ".join(said)
    found = places(text)
    if any(place.startswith("#") for place in found):
        return _clocked_words(text, now, said_text)
    return {place for place, value in found.items() if _follows_clock(value, now, said_text)}


def _clocked_words(text: str, now: datetime, said: str) -> set[str]:
    """The words that lie inside a moment near now."""
    spans = [match.span() for match in _MOMENT.finditer(text) if _near(match.group(0), now, said)]
    words = enumerate(_WORD.finditer(text))
    return {f"#{index}" for index, word in words if any(low <= word.start() < high for low, high in spans)}


def _follows_clock(value: Any, now: datetime, said: str) -> bool:
    if isinstance(value, str):
        return any(_near(moment, now, said) for moment in _MOMENT.findall(value))
    return isinstance(value, (int, float)) and not isinstance(value, bool) and _near_in_seconds(value, now)


def _near(moment: str, now: datetime, said: str) -> bool:
    if moment[:10] in said:
        return False
    if moment.isdigit():
        return _near_in_seconds(int(moment), now)
    try:
        found = datetime.fromisoformat(moment.replace(" ", "T"))
    except ValueError:
        return False
    return abs((found if found.tzinfo else found.replace(tzinfo=UTC)) - now) < NEAR


def _near_in_seconds(since: float, now: datetime) -> bool:
    """Whether a number of seconds, or of milliseconds, since 1970 is near now."""
    seconds = since / 1000 if since > 1e11 else since
    return abs(seconds - now.timestamp()) < NEAR.total_seconds()
