"""Values made up from general knowledge: formats, bounds, and free text for what people write themselves."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import islice
from typing import Any, Literal

from toolweave.agent.inventions import invented, meaning_of
from toolweave.graph.nouns import tool_nouns
from toolweave.graph.schema import Parameter
from toolweave.graph.vocabulary import LOOKING
from toolweave.graph.words import names_identifier, words
from toolweave.servers.json_values import as_list, is_list
from toolweave.servers.tools import Tool

Made = tuple[Any, Literal["format", "free_text", "guess"]]

FIRST_DAY = date(2026, 9, 14)
"""Dates are made up around this day, never around today: the same seed gives the same bytes tomorrow."""
MOST_MADE = 5
"""Texts, days or times that are made up at once: the next item gets others."""
MOST_DRAWN = 200
"""Texts that are drawn until so many fit the schema."""
WEEKS = 8
"""Weeks from which days are made up."""
WRITTEN = frozenset(("title", "note", "reason"))
"""What people write in words of their own."""
_ENDING = re.compile(r"(?<!\w)\.[a-z]\w{1,3}\b", re.IGNORECASE)

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
    schema, own = parameter.schema, _own(parameter)
    kinds = json_kinds(schema)
    if "boolean" in kinds:
        return [(value, "format") for value in rng.sample([True, False], 2)]
    if kinds & {"integer", "number"} and "string" not in kinds:
        return _numbers(parameter, own, "integer" in kinds and "number" not in kinds, rng)
    return _dated(parameter, own, rng) if not kinds or "string" in kinds else []


def free_text(tool: Tool, parameter: Parameter, rng: random.Random) -> list[Made]:
    """What a person would write, by what the parameter means."""
    kinds = json_kinds(parameter.schema)
    if kinds and "string" not in kinds:
        return []
    meaning = meaning_in(tool, parameter)
    texts = (invented(meaning or "label", rng) for _ in range(MOST_DRAWN))
    named = (_file_name(text, tool, parameter) if meaning == "file" else text for text in texts)
    fitting = islice((text for text in named if _fits(text, parameter.schema)), MOST_MADE)
    return [(text, "free_text" if meaning else "guess") for text in dict.fromkeys(fitting)]


def is_open(tool: Tool, parameter: Parameter) -> bool:
    """Whether any words of one's own will do, although some are shown: what a tool that does something writes down."""
    schema = parameter.schema
    if {"enum", "const", "format", "pattern"} & schema.keys() or is_lookup(tool) or is_identifying(parameter):
        return False
    own = meaning_of(_own(parameter)[-1:])
    new_name = own == "name" and tool_nouns(tool).deed == "make"
    return json_kinds(schema) <= {"string"} and (own in WRITTEN or new_name)


def is_lookup(tool: Tool) -> bool:
    """Whether a tool only wants to know something: what it is asked for has to be there."""
    return tool_nouns(tool).deed in LOOKING


def meaning_in(tool: Tool, parameter: Parameter) -> str | None:
    """What a text is, by the words of the parameter's name, then of its description, then of the tool's thing.

    A bare name says the least, so that it comes last; who looks for something says a word of it, no sentence.
    """
    nouns, own = tool_nouns(tool), _own(parameter)[::-1]
    told = [*own, *(word for word in words(parameter.description[:80]) if word != "file")]
    told += nouns.subject if "name" in own else ()
    found = meaning_of(word for word in told if word != "name") or meaning_of(told)
    return "query" if found in WRITTEN and nouns.deed == "seek" else found


def _file_name(text: str, tool: Tool, parameter: Parameter) -> str:
    """The text as the name of a file of the kind that the descriptions speak of."""
    ending = _ENDING.search(f"{parameter.description} {tool.description}")
    return re.sub(r"\W+", "-", text.lower()) + (ending[0].lower() if ending else ".txt")


def _own(parameter: Parameter) -> tuple[str, ...]:
    """The words of the parameter's own name, without those of what it is a part of."""
    return words(parameter.path.replace("[]", "").rpartition(".")[2])


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
    day = FIRST_DAY + timedelta(days=7 * rng.randrange(WEEKS) + rng.randrange(3))
    hour, minute = rng.randint(9, 16), rng.choice((0, 15, 30, 45))
    if form == "date-time" or "iso 8601" in text or "yyyy-mm-ddthh" in text:
        return [(f"{item.isoformat()}T{hour:02}:{minute:02}:00Z", "format") for item in (day, day + timedelta(days=1))]
    if form == "date" or "yyyy-mm-dd" in text or (own and own[-1] in _DATES):
        return [(item.isoformat(), "format") for item in (day, day + timedelta(days=2))]
    if form == "time" or "hh:mm" in text or (own and own[-1] == "time"):
        return [(f"{at:02}:{minute:02}", "format") for at in (hour, hour + 1)]
    if form == "uuid":
        return [(f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}-4000-8000-{rng.getrandbits(48):012x}", "guess")]
    meaning = {"email": "email", "uri": "url", "url": "url"}.get(str(form))
    return [(invented(meaning, rng), "format") for _ in range(2)] if meaning else []


def _fits(text: str, schema: dict[str, Any]) -> bool:
    least, most, pattern = schema.get("minLength"), schema.get("maxLength"), schema.get("pattern")
    if (isinstance(least, int) and len(text) < least) or (isinstance(most, int) and len(text) > most):
        return False
    try:
        return not isinstance(pattern, str) or re.search(pattern, text) is not None
    except re.error:
        return True
