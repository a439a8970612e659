"""Values made up from general knowledge: formats, bounds, and free text for what people write themselves."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Literal

from toolweave.graph.schema import Parameter
from toolweave.graph.words import names_identifier, words
from toolweave.servers.json_values import as_list, is_list
from toolweave.servers.tools import Tool

Made = tuple[Any, Literal["format", "free_text", "guess"]]

FIRST_DAY = date(2026, 9, 14)
"""Dates are made up around this day, never around today: the same seed gives the same bytes tomorrow."""

_LISTS: dict[str, tuple[str, ...]] = {
    key: tuple(text.split("|"))
    for keys, text in (
        ("city town", "Lisbon|Oslo|Toronto|Nairobi|Kyoto|Lima"),
        ("country nation", "Portugal|Norway|Canada|Kenya|Japan|Peru"),
        ("currency", "EUR|USD|JPY|NOK"),
        ("language locale lang", "en|fr|de|ja"),
        ("timezone zone", "Europe/Lisbon|America/Toronto|Asia/Tokyo"),
        ("email mail", "ines.holm@example.com|tom.okafor@example.org|mei.tanaka@example.net"),
        ("phone mobile fax", "+351 912 555 014|+1 416 555 0137|+81 90 5550 1164"),
        ("color", "blue|dark green|orange"),
        ("website url link", "https://example.com/guide|https://example.org/about"),
        ("street address", "14 Orchard Lane|9 Rue des Lilas|221 Harbour Road"),
        ("postal zip", "1200-109|0150|M5V 2T6"),
        ("username login handle", "ines_holm|tom.okafor|mei-tanaka"),
        ("password secret passphrase", "Quiet-Harbour-42|blue.Kite_77"),
        ("title subject headline heading topic", "Autumn plans|Notes on the layout|Weekly overview|Open questions"),
        (
            "note comment remark message body text content description summary feedback detail bio caption insight "
            "memo explanation justification instruction",
            "Please handle this before Friday.|Agreed on the phone this morning.|Everything went smoothly.|"
            "The second part needs another look.",
        ),
        ("label tag category group topic kind", "general|garden|priority|autumn"),
        ("reason", "change of plans|no longer needed|asked for by the customer"),
        ("company organization vendor employer brand", "Harbour Lane Ltd|Northfield Works|Blue Kite Studio"),
        ("author artist owner person assignee customer client guest contact user member patient student employee",
         "Ines Holm|Tom Okafor|Mei Tanaka|Lucas Ferreira"),
        ("name", "Ines Holm|Blue Kite|Northfield|Autumn list"),
        ("query search keyword term phrase", "garden|summer|blue"),
        ("unit", "kg|hours"),
        ("expression formula", "(12 + 8) * 3|2 ** 10"),
    )
    for key in keys.split()
}  # fmt: skip
_NUMBERS: dict[str, tuple[float, ...]] = {
    key: values
    for keys, values in (
        ("year", (2024, 2025, 2026)),
        ("month", (4, 9, 11)),
        ("day", (3, 7, 14)),
        ("hour", (9, 14, 16)),
        ("minute duration", (30, 45, 60)),
        ("price amount cost total budget salary balance", (120, 45.5, 80)),
        ("latitude", (38.72, 59.91, 35.01)),
        ("longitude", (-9.14, 10.75, 135.77)),
        ("age", (28, 34, 41)),
        ("rating score star", (4, 5, 3)),
        ("percent percentage rate", (5, 12.5, 20)),
        ("limit size top max maximum", (5, 10, 3)),
        ("page", (1,)),
        ("offset skip", (0,)),
        ("index idx position row column", (0, 1, 2)),
        ("quantity count number copy guest seat people", (2, 3, 4)),
        ("weight mass height width length temperature", (12, 25, 40)),
    )
    for key in keys.split()
}
_DATES = frozenset("date day deadline birthday since until expiry".split())


def is_identifying(parameter: Parameter) -> bool:
    """Whether the parameter names a thing by an identifier, which nobody makes up."""
    described = re.search(r"\b(?:ids?|identifiers?|uuids?|guids?)\b", parameter.description[:200], re.IGNORECASE)
    return described is not None or names_identifier(parameter.path)


def by_format(parameter: Parameter, rng: random.Random) -> list[Made]:
    """Values from the type, the format and the bounds; empty where only free text could do."""
    schema, own = parameter.schema, words(parameter.path.replace("[]", "").rpartition(".")[2])
    kinds = json_kinds(schema)
    if "boolean" in kinds:
        return [(value, "format") for value in rng.sample([True, False], 2)]
    if kinds & {"integer", "number"} and "string" not in kinds:
        return _numbers(parameter, own, "integer" in kinds and "number" not in kinds, rng)
    return _dated(parameter, own, rng) if not kinds or "string" in kinds else []


def free_text(tool: Tool, parameter: Parameter, rng: random.Random) -> list[Made]:
    """What a person would write, by the words of the parameter's name, then of its description."""
    schema = parameter.schema
    kinds = json_kinds(schema)
    if kinds and "string" not in kinds:
        return []
    own = words(parameter.path.replace("[]", "").rpartition(".")[2])
    listed = _listed(reversed(own)) or _listed(words(parameter.description[:80]))
    texts = [text for text in listed or _LISTS["label"] if _fits(text, schema)]
    return [(text, "free_text" if listed else "guess") for text in rng.sample(texts, len(texts))]


def json_kinds(schema: dict[str, Any]) -> frozenset[str]:
    """JSON types that a schema names, `null` left out; empty when it names none."""
    kind = schema.get("type")
    kinds: list[Any] = as_list(kind) if is_list(kind) else [kind]
    return frozenset(item for item in kinds if isinstance(item, str) and item != "null")


def _numbers(parameter: Parameter, own: Sequence[str], whole: bool, rng: random.Random) -> list[Made]:
    schema = parameter.schema
    low, high = _bound(schema, "minimum", "exclusiveMinimum", 1), _bound(schema, "maximum", "exclusiveMaximum", -1)
    usual = next((_NUMBERS[word] for word in reversed(own) if word in _NUMBERS), None)
    if usual is None and low is None and high is None:
        if is_identifying(parameter):
            return [(number, "guess") for number in (1, 2, 3)]
        usual = (2, 3, 5)
    floor = low if low is not None else min(1.0, high if high is not None else 1.0)
    ceiling = high if high is not None else max(floor + 9, floor * 3)
    pool = list(usual or ())
    if not any(_within(value, low, high) for value in pool):
        pool = [floor + (ceiling - floor) * share for share in (0.05, 0.1, 0.25)]
    values = [int(value) if whole or value == int(value) else round(value, 2) for value in pool]
    kept = [value for value in dict.fromkeys(values) if _within(value, low, high)] or [int(floor)]
    how: Literal["format", "guess"] = "guess" if is_identifying(parameter) else "format"
    return [(value, how) for value in rng.sample(kept, len(kept))]


def _within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def _bound(schema: dict[str, Any], closed: str, opened: str, step: int) -> float | None:
    for key, shift in ((closed, 0), (opened, step)):
        value = schema.get(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value + shift
    return None


def _dated(parameter: Parameter, own: Sequence[str], rng: random.Random) -> list[Made]:
    schema, text = parameter.schema, parameter.description.lower()
    form = schema.get("format")
    days = [FIRST_DAY + timedelta(days=7 * week + weekday) for week in range(3) for weekday in (0, 2)]
    day = rng.choice(days)
    hour = rng.choice((9, 10, 14, 15))
    if form == "date-time" or "iso 8601" in text or "yyyy-mm-ddthh" in text:
        return [(f"{item.isoformat()}T{hour:02}:00:00Z", "format") for item in (day, day + timedelta(days=1))]
    if form == "date" or "yyyy-mm-dd" in text or (own and own[-1] in _DATES):
        return [(item.isoformat(), "format") for item in (day, day + timedelta(days=2))]
    if form == "time" or "hh:mm" in text or (own and own[-1] == "time"):
        return [(f"{hour:02}:30", "format"), (f"{hour + 1:02}:00", "format")]
    if form == "uuid":
        return [(f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}-4000-8000-{rng.getrandbits(48):012x}", "guess")]
    named = {"email": "email", "uri": "url", "url": "url"}.get(str(form))
    return [(value, "format") for value in rng.sample(_LISTS[named], 2)] if named else []


def _listed(own: Any) -> tuple[str, ...]:
    return next((_LISTS[word] for word in own if word in _LISTS), ())


def _fits(text: str, schema: dict[str, Any]) -> bool:
    least, most, pattern = schema.get("minLength"), schema.get("maxLength"), schema.get("pattern")
    if (isinstance(least, int) and len(text) < least) or (isinstance(most, int) and len(text) > most):
        return False
    try:
        return not isinstance(pattern, str) or re.search(pattern, text) is not None
    except re.error:
        return True
