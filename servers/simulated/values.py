"""Plausible values: by schema first, then by what a field is called. The same random state gives the same value."""

from __future__ import annotations

import math
import random
import re
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from toolweave.servers.json_values import as_list, as_object, is_list, is_object
from toolweave.servers.simulated.names import words_of

_FIRST = "Ada Bruno Clara Dmitri Elin Farah Goran Hana Ivo Jana Kofi Lena Marek Nadia Oskar Petra Rasmus Sofia".split()
_LAST = (
    "Albrecht Brandt Costa Dahl Eriksen Fontaine Grieg Hansen Ito Jansen Keller Lindqvist Moreau Novak Okafor".split()
)
_QUALITY = "Amber Northern Quiet Silver Early Broad Hidden Copper Winter Green Marble Distant Bright Hollow".split()
_THING = "Harbour Orchard Lantern Meadow Signal Bridge Archive Garden Compass Mill Summit River Beacon Terrace".split()
_CITIES = "Lisbon Bergen Graz Turku Porto Leeds Gdansk Utrecht Ghent Malmo Trieste Zadar".split()
_COUNTRIES = "Portugal Norway Austria Finland Poland Netherlands Belgium Sweden Italy Croatia".split()
_STATUSES = "active pending open closed".split()
_MOST_DEEP = 6
_DAY_ZERO = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""Moments are counted from here: what a server says must not depend on the day."""


def title(rng: random.Random) -> str:
    """Two words that could name anything."""
    return f"{rng.choice(_QUALITY)} {rng.choice(_THING)}"


def sentence(rng: random.Random) -> str:
    """A few harmless words."""
    return f"The {title(rng).lower()} was checked by {rng.choice(_FIRST)} {rng.choice(_LAST)} in {rng.choice(_CITIES)}."


def identifier(noun: tuple[str, ...], schema: dict[str, Any], rng: random.Random) -> Any:
    """An id as this kind of thing has it."""
    if schema.get("type") in ("integer", "number"):
        return rng.randrange(1_000, 99_999)
    if schema.get("format") == "uuid":
        return str(uuid.UUID(int=rng.getrandbits(128), version=4))
    letters = "".join(word[0] for word in noun) if len(noun) > 1 else "".join(noun)[:2]
    return f"{letters.upper() or 'ID'}-{rng.randrange(10_000, 99_999)}"


def example(
    schema: dict[str, Any], name: str, rng: random.Random, root: dict[str, Any] | None = None, depth: int = 0
) -> Any:
    """A value that fits a schema; where the schema leaves it open, one that fits the name.

    Args:
        schema: Of the value.
        name: Of the field that holds it.
        rng: The only source of chance.
        root: Of the whole document, for references.
        depth: How deep inside the document it lies; far down only what is required is made.
    """
    root = schema if root is None else root
    schema = resolved(schema, root)
    if "const" in schema:
        return schema["const"]
    if options := as_list(schema.get("enum")):
        return rng.choice(options)
    kind = _kind(schema, name)
    if kind == "object":
        return _an_object(schema, rng, root, depth)
    if kind == "array":
        items = as_object(schema.get("items"))
        least = int(schema.get("minItems", 0))
        count = max(least, 0 if depth > _MOST_DEEP else rng.randint(1, 3))
        return [
            example(items, name, rng, root, depth + 1) for _ in range(min(count, int(schema.get("maxItems", count))))
        ]
    if kind in ("integer", "number"):
        return _number(schema, name, rng, whole=kind == "integer")
    return {"boolean": rng.random() < 0.7, "null": None}.get(kind) if kind != "string" else _text(schema, name, rng)


def resolved(schema: dict[str, Any], root: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """The schema with references followed and the first alternative that is not null taken."""
    if depth > _MOST_DEEP:
        return {}
    if isinstance(reference := schema.get("$ref"), str):
        target: Any = root
        for part in reference.removeprefix("#").strip("/").split("/"):
            target = as_object(target).get(part, {}) if part else target
        return resolved({**as_object(target), **{k: v for k, v in schema.items() if k != "$ref"}}, root, depth + 1)
    for key in ("anyOf", "oneOf"):
        for option in as_list(schema.get(key)):
            if as_object(option).get("type") != "null":
                rest = {name: value for name, value in schema.items() if name != key}
                return resolved({**rest, **as_object(option)}, root, depth + 1)
    if parts := as_list(schema.get("allOf")):
        merged: dict[str, Any] = {name: value for name, value in schema.items() if name != "allOf"}
        for part in parts:
            inner = resolved(as_object(part), root, depth + 1)
            properties = {**as_object(merged.get("properties")), **as_object(inner.get("properties"))}
            required = [*as_list(merged.get("required")), *as_list(inner.get("required"))]
            merged = {**merged, **inner, "properties": properties, "required": required}
        return merged
    return schema


def _kind(schema: dict[str, Any], name: str) -> str:
    kind = schema.get("type")
    if is_list(kind):
        kind = next((item for item in kind if item != "null"), "null")
    if isinstance(kind, str):
        return kind
    if "properties" in schema:
        return "object"
    return "array" if "items" in schema else _kind_by_name(name)


def _kind_by_name(name: str) -> str:
    words = words_of(name)
    return "number" if words and words[-1] in _AMOUNTS else "string"


def _an_object(schema: dict[str, Any], rng: random.Random, root: dict[str, Any], depth: int) -> dict[str, Any]:
    required = as_list(schema.get("required"))
    properties = as_object(schema.get("properties"))
    wanted = {name: item for name, item in properties.items() if depth <= _MOST_DEEP or name in required}
    made = {name: example(as_object(item), name, rng, root, depth + 1) for name, item in wanted.items()}
    if not properties and is_object(more := schema.get("additionalProperties")) and depth <= _MOST_DEEP:
        made = {title(rng).split()[1].lower(): example(more, "", rng, root, depth + 1)}
    return made


def _number(schema: dict[str, Any], name: str, rng: random.Random, *, whole: bool) -> float:
    words = words_of(name)
    last = words[-1] if words else ""
    low, high = _AMOUNTS.get(last, (1.0, 100.0))
    low = max(low, float(schema.get("minimum", low)), float(schema.get("exclusiveMinimum", -math.inf)) + 1e-6)
    high = min(
        max(high, low + 1),
        float(schema.get("maximum", math.inf)),
        float(schema.get("exclusiveMaximum", math.inf)) - 1e-6,
    )
    low = min(low, high)
    value = rng.uniform(low, high)
    if step := schema.get("multipleOf"):
        value = math.ceil(low / step) * step
        return int(value) if whole else value
    if whole:
        return min(max(round(value), math.ceil(low)), max(math.floor(high), math.ceil(low)))
    return min(max(round(value, 4 if last.startswith(("lat", "lon", "lng")) else 2), low), high)


_AMOUNTS: dict[str, tuple[float, float]] = {
    "latitude": (-60, 70), "lat": (-60, 70), "longitude": (-150, 150), "lon": (-150, 150), "lng": (-150, 150),
    "price": (3, 400), "cost": (3, 400), "amount": (3, 900), "total": (5, 2000), "balance": (10, 5000),
    "percent": (0, 100), "percentage": (0, 100), "rating": (1, 5), "score": (0, 100), "rate": (0, 10),
    "temperature": (-10, 35), "humidity": (20, 95), "count": (1, 60), "quantity": (1, 20), "age": (18, 80),
    "year": (1990, 2026), "month": (1, 12), "day": (1, 28), "hour": (0, 23), "duration": (5, 240), "size": (1, 500),
    "width": (10, 1000), "height": (10, 1000), "volume": (100, 90_000), "market": (1e6, 1e9), "distance": (1, 900),
}  # fmt: skip
"""Last word of a field → what numbers go there."""


def _text(schema: dict[str, Any], name: str, rng: random.Random) -> str:
    words = words_of(name)
    found = _FORMATS[schema["format"]](rng) if schema.get("format") in _FORMATS else _by_name(words, rng)
    if isinstance(pattern := schema.get("pattern"), str):
        found = _matching(pattern, found, rng)
    least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
    found = found if len(found) >= least else (found + "x" * least)[: max(least, len(found))]
    return found[: int(most)] if most is not None else found


def _by_name(words: list[str], rng: random.Random) -> str:
    for word in reversed(words[-2:]):
        if word in _TEXTS:
            return _TEXTS[word](rng)
    return title(rng)


def _matching(pattern: str, found: str, rng: random.Random) -> str:
    """A text that fits a pattern, among some that patterns usually want."""
    digits = "".join(rng.choice("123456789") for _ in range(12))
    letters = "".join(rng.choice("ABCDEFGHKLMNPRST") for _ in range(12))
    tries = [found, found.lower(), re.sub(r"\W+", "-", found.lower()), re.sub(r"\W+", "_", found.lower()), _day(rng)]
    tries += [_moment(rng), f"{rng.randint(10, 23)}:30", "".join(rng.choice("0123456789abcdef") for _ in range(40))]
    tries += [_day(rng)[:7], "0x" + "".join(rng.choice("0123456789abcdef") for _ in range(40))]
    tries += [word[:length] for word in (digits, letters, letters.lower()) for length in range(1, 13)]
    tries += [f"{letters[:count]}-{digits[:more]}" for count in range(1, 5) for more in range(1, 8)]
    return next((text for text in tries if re.search(pattern, text)), found)


def _moment(rng: random.Random) -> str:
    return (_DAY_ZERO + timedelta(minutes=15 * rng.randrange(20_000))).isoformat().replace("+00:00", "Z")


def _day(rng: random.Random) -> str:
    return _moment(rng)[:10]


def _person(rng: random.Random) -> str:
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def _mail(rng: random.Random) -> str:
    return f"{rng.choice(_FIRST)}.{rng.choice(_LAST)}@mail.example".lower()


def _address(rng: random.Random) -> str:
    return f"https://{rng.choice(_THING).lower()}.example/{rng.choice(_QUALITY).lower()}"


def _one_of(options: Sequence[str]) -> Callable[[random.Random], str]:
    return lambda rng: rng.choice(options)


def _code(rng: random.Random) -> str:
    return "".join(rng.choice("ABCDEFGHKLMNPRST23456789") for _ in range(6))


_FORMATS: dict[str, Callable[[random.Random], str]] = {
    "date": _day,
    "date-time": _moment,
    "time": lambda rng: f"{rng.randint(8, 19):02}:{rng.choice((0, 15, 30, 45)):02}:00Z",
    "email": _mail,
    "uri": _address,
    "url": _address,
    "uuid": lambda rng: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
    "hostname": lambda rng: f"{rng.choice(_THING).lower()}.example",
    "ipv4": lambda rng: f"192.0.2.{rng.randint(1, 254)}",
}
_TEXTS: dict[str, Callable[[random.Random], str]] = {
    **dict.fromkeys("date day birthday deadline due".split(), _day),
    **dict.fromkeys("time timestamp at datetime created updated start end".split(), _moment),
    **dict.fromkeys("email mail".split(), _mail),
    **dict.fromkeys("url uri link website homepage image avatar".split(), _address),
    **dict.fromkeys(
        "author owner user person contact assignee customer client sender recipient member".split(), _person
    ),
    **dict.fromkeys("city location place town".split(), _one_of(_CITIES)),
    **dict.fromkeys("country nation region".split(), _one_of(_COUNTRIES)),
    **dict.fromkeys("status state".split(), _one_of(_STATUSES)),
    **dict.fromkeys("currency".split(), _one_of("EUR USD GBP NOK".split())),
    **dict.fromkeys("language lang locale".split(), _one_of("en de pt nb".split())),
    **dict.fromkeys(
        "phone telephone mobile".split(), lambda rng: f"+47 22 {rng.randint(10, 99)} {rng.randint(10, 99)} 00"
    ),
    **dict.fromkeys("description content text body message summary comment note notes reason".split(), sentence),
    **dict.fromkeys("code symbol ticker sku token hash key".split(), _code),
    **dict.fromkeys("priority severity level".split(), _one_of("low medium high".split())),
    **dict.fromkeys("path file filename".split(), lambda rng: f"{rng.choice(_THING).lower()}.txt"),
    **dict.fromkeys("color colour".split(), _one_of("amber teal slate coral".split())),
}
"""Last words of a field → texts that go there."""
