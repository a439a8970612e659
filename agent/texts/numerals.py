"""Numbers, dates and measures in digits, as `the fifth of May 2026` and `half a year` are 5 May 2026 and 6 months."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolweave.agent.offline.lexicon import MONTHS

_ONES: dict[str, int] = dict(
    zip(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split(),
        range(20),
        strict=True,
    )
)
_TENS: dict[str, int] = dict(
    zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True)
)
_SCALES: dict[str, int] = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_FIRST: dict[str, int] = {
    word: number
    for number, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth".split(),
        1,
    )
} | {"thirtieth": 30}
_ORDINALS: dict[str, int] = _FIRST | {
    f"{ten}-{word}": _TENS[ten] + number
    for ten in ("twenty", "thirty")
    for word, number in _FIRST.items()
    if number < 10
}
_UNITS = {
    short: long
    for long, shorts in (
        ("kilograms", "kg kgs kilo kilos"), ("grams", "g gr"), ("milligrams", "mg"), ("litres", "l ltr liter liters"),
        ("square metres", "m² m2 sqm"), ("metres", "m"),
        ("kilometres", "km"), ("centimetres", "cm"), ("millimetres", "mm"),
        ("euros", "eur euro"), ("hours", "h hr hrs"), ("minutes", "min mins"), ("percent", "% pct"), ("dollars", "usd"),
    )
    for short in shorts.split()
}  # fmt: skip
_CARDINAL = "|".join([*_ONES, *_TENS, *_SCALES])
_NUMBER = re.compile(
    rf"\b(?:(?:an?|half an?)\s+)?(?:{_CARDINAL})\b(?:(?:\s+and\s+|[\s-]+)(?:{_CARDINAL})\b)*"
    r"(?:\s+and\s+(?P<part>an?\s+half|a\s+quarter))?",
    re.IGNORECASE,
)
_MONTH = "|".join(f"{month[:3]}(?:{month[3:]})?" if len(month) > 3 else month for month in MONTHS)
_DAY = rf"\d{{1,2}}(?:st|nd|rd|th)?|{'|'.join(sorted(_ORDINALS, key=len, reverse=True))}"
_DAY_FIRST = re.compile(
    rf"\b(?:the\s+)?(?P<day>{_DAY})\s+(?:of\s+)?(?P<month>{_MONTH})\.?,?\s+(?P<year>\d{{4}})\b", re.IGNORECASE
)
_MONTH_FIRST = re.compile(
    rf"\b(?P<month>{_MONTH})\.?\s+(?:the\s+)?(?P<day>{_DAY}),?\s+(?P<year>\d{{4}})\b", re.IGNORECASE
)
_PLAIN_DATE = rf"\d{{1,2}} (?:{'|'.join(MONTHS)}) \d{{4}}|\d{{4}}-\d{{2}}-\d{{2}}"
RANGE = re.compile(
    rf"\b(?:from|between) (?P<start>{_PLAIN_DATE}),? (?:(?:up )?to|until|till|and) (?P<end>{_PLAIN_DATE})"
)
"""A stretch of days, in digits."""
_MONEY = re.compile(r"(?P<sign>[€$£])\s?(?P<sum>\d[\d,]*(?:\.\d+)?)")
_SIGNS = {"€": "euros", "$": "dollars", "£": "pounds"}
_MEASURE = re.compile(
    r"(?<![\w.,-])(?P<sum>\d[\d,]*(?:\.\d+)?)\s?"
    rf"(?P<unit>{'|'.join(sorted(map(re.escape, _UNITS), key=len, reverse=True))})(?!\w)",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"\b(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?\s?(?P<half>[ap])\.?m\b\.?|\b(?P<sharp>\d{1,2})\s+o['\u2019]clock\b",
    re.IGNORECASE,
)
_SPANS = (
    (re.compile(r"\b(?:a|1|one) year and a half\b", re.IGNORECASE), "18 months"),
    (re.compile(r"\bhalf a year\b", re.IGNORECASE), "6 months"),
    (re.compile(r"\b(?:a )?fortnight\b", re.IGNORECASE), "2 weeks"),
    (re.compile(r"\b(?:a|one) dozen\b", re.IGNORECASE), "12"),
    (re.compile(r"\b(?:an?|one) (?=(?:year|month|week|day|hour|minute|kilo|litre)\b)", re.IGNORECASE), "1 "),
)  # fmt: skip
FACTORS = {
    ("year", "month"): 12, ("year", "week"): 52, ("week", "day"): 7, ("day", "hour"): 24, ("hour", "minute"): 60,
    ("kilogram", "gram"): 1000, ("gram", "milligram"): 1000, ("metre", "centimetre"): 100, ("kilometre", "metre"): 1000,
    ("minute", "second"): 60, ("tonne", "kilogram"): 1000, ("litre", "millilitre"): 1000,
}  # fmt: skip
"""How many of the second measure are one of the first."""


def in_digits(text: str) -> str:
    """The text with its numbers, dates, times and measures in digits and units written out; the rest as it is."""
    for pattern, plain in _SPANS:
        text = pattern.sub(plain, text)
    text = _DAY_FIRST.sub(_date, _MONTH_FIRST.sub(_date, text))
    text = _NUMBER.sub(_cardinal, text)
    text = _MONEY.sub(lambda found: f"{found['sum']} {_SIGNS[found['sign']]}", text)
    text = _CLOCK.sub(_time, text)
    return _MEASURE.sub(lambda found: f"{found['sum']} {_UNITS[found['unit'].lower()]}", text)


def _date(found: re.Match[str]) -> str:
    day = found["day"].lower()
    number = _ORDINALS.get(day) or int(re.sub(r"\D", "", day))
    month = next(month for month in MONTHS if month[:3].lower() == found["month"][:3].lower())
    return f"{number} {month} {found['year']}"


def _time(found: re.Match[str]) -> str:
    if found["sharp"]:
        return f"{found['sharp']}:00"
    hour = int(found["hour"]) % 12 + (12 if found["half"].lower() == "p" else 0)
    return f"{hour}:{found['minute'] or '00'}"


def _cardinal(found: re.Match[str]) -> str:
    plain = found.group().lower()
    if plain == "one" or plain in ("a one", "zero"):
        return found.group()  # points at a thing more often than it counts
    parts = [part for part in re.split(r"[\s-]+", plain) if part in _ONES or part in _TENS or part in _SCALES]
    if plain.startswith("half"):
        return _written(_value(parts) / 2)
    share = {"a half": 0.5, "an half": 0.5, "a quarter": 0.25}.get(" ".join((found["part"] or "").lower().split()), 0.0)
    return _written(_value(parts) + share)


def _value(parts: Sequence[str]) -> float:
    total = group = 0
    for part in parts:
        if part == "hundred":
            group = max(1, group) * 100
        elif part in _SCALES:
            total, group = total + max(1, group) * _SCALES[part], 0
        else:
            group += _ONES.get(part, 0) + _TENS.get(part, 0)
    return float(total + group)


def _written(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)
