"""What a value looks like: whether it could be an identifier, and whether two values are made alike."""

from __future__ import annotations

import random
import re
from functools import lru_cache
from typing import Literal

Look = Literal["id", "code", "email", "address", "word", "text", "date", "number", "flag", "nothing"]

SHORT = 3
"""Characters below which another text of the same length is likely to stand for something as well."""
LONGEST = 120
"""Characters of the longest text that could stand for a thing."""

_PREFIXED = re.compile(r"([A-Za-z]{1,12}[-_:/#.]?)(?=[A-Za-z0-9]*\d)[A-Za-z0-9]+(?:[-_./:][A-Za-z0-9]+)*")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX = re.compile(r"(?=.*\d)[0-9a-f]{7,64}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].{4,25})?|\d{1,2}:\d{2}(?::\d{2})?|\d{1,2}[./]\d{1,2}[./]\d{2,4}")
_NUMERAL = re.compile(r"[-+]?\d+(?:[.,]\d+)*\s?%?")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+|\.{0,2}/?[\w.-]+(?:/[\w.-]+)+/?|[\w-]+\.[a-z][a-z0-9]{1,4}")


def key(value: object) -> str:
    """The value as text, equal for `7` and `"7"`, which servers mix."""
    return str(value)


def look(value: object) -> tuple[Look, str]:
    """What a value looks like, and the part of it that others of its kind share (such as the prefix `AB-`)."""
    if value is None or value == "":
        return "nothing", ""
    if isinstance(value, bool):
        return "flag", ""
    if isinstance(value, (int, float)):
        return "number", ""
    return _look(str(value))


@lru_cache(maxsize=1 << 14)
def _look(text: str) -> tuple[Look, str]:
    if len(text) > LONGEST or "\n" in text:
        return "text", ""
    if _MOMENT.fullmatch(text):
        return "date", ""
    if _NUMERAL.fullmatch(text):
        return ("number", "") if len(text) < 8 or "." in text else ("code", "digits")
    if _UUID.fullmatch(text):
        return "code", "uuid"
    if _EMAIL.fullmatch(text):
        return "email", ""
    if _HEX.fullmatch(text):
        return "code", "hex"
    if match := _PREFIXED.fullmatch(text):
        return "id", match.group(1).rstrip("-_:/#.").lower()
    if _ADDRESS.fullmatch(text):
        return "address", ""
    if re.search(r"\s", text):
        return "text", ""
    return ("code", "mixed") if re.search(r"\d|[-_]", text) else ("word", "")


def distinctive(value: object) -> bool:
    """Whether finding the value in two places is hardly chance."""
    return look(value)[0] in ("id", "code", "email", "address")


def never_seen(value: object, rng: random.Random) -> str | int | float | bool | None:
    """A value of the same type and look that no server has seen."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        return abs(value) + rng.randrange(700_001, 900_000)
    text = str(value)
    prefix = re.match(r"(?:[A-Za-z]{1,12}[-_:/#.])?", text)
    kept = prefix.group(0) if prefix else ""
    changed = "".join(_other(char, rng) for char in text[len(kept) :])
    if len(changed) < SHORT:
        changed += str(rng.randrange(7001, 9999))
    return f"{kept}{changed}" if changed != text[len(kept) :] else f"{text}{rng.randrange(1000, 9999)}"


def _other(char: str, rng: random.Random) -> str:
    for pool in ("0123456789", "qxzjvwk", "QXZJVWK"):
        if char in pool or (pool[0] != "0" and char.isascii() and char.isalpha() and char.islower() == pool.islower()):
            return rng.choice([other for other in pool if other != char])
    return char
