"""Values that a user words by how they differ from an earlier one: "two days later", "raise it by 5", "double the x".

The words, a rule and the earlier value give the new value; writer, reader and gate go by the same rules.
"""

from __future__ import annotations

import math
import random
import re
from datetime import date, timedelta
from typing import Any, Literal

from toolweave.agent.argument_values import is_identifying
from toolweave.graph.schema import Parameter
from toolweave.graph.words import words
from toolweave.servers.schemas import first_problem

Rule = Literal["date arithmetic", "sum", "multiple"]

_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_COUNT = rf"\d+|an?|{'|'.join(_COUNTS[1:])}"
_SHIFT = re.compile(rf"\b({_COUNT}) (day|week)s? (later|earlier)\b", re.IGNORECASE)
_STEP = re.compile(r"\b(raise|increase|lower|reduce)\b[^.?!;]{1,80}? by (\d+(?:\.\d+)?)(?![\d.]*\d)", re.IGNORECASE)
_TIMES = re.compile(r"\b(double|halve) the\b", re.IGNORECASE)
_ORDINAL = frozenset("index idx position row column col line page offset level version year hour minute number".split())
"""Last words of parameters whose numbers count to something: nobody doubles those."""


def changed(text: str, before: Any) -> tuple[Rule, Any] | None:
    """What a value becomes by these words, and by which rule; `None` where they say nothing of it."""
    if isinstance(before, str) and (day := _day(before)) is not None and (match := _SHIFT.search(text)):
        days = _number(match.group(1)) * (7 if match.group(2).lower() == "week" else 1)
        return "date arithmetic", _moved(day, days if match.group(3).lower() == "later" else -days)
    if isinstance(before, bool) or not isinstance(before, (int, float)):
        return None
    if match := _STEP.search(text):
        step = float(match.group(2)) * (1 if match.group(1).lower() in ("raise", "increase") else -1)
        return "sum", _as(type(before), before + step)
    if match := _TIMES.search(text):
        return "multiple", _as(type(before), before * 2 if match.group(1).lower() == "double" else before / 2)
    return None


def in_words(before: Any, value: Any, named: str | None, rng: random.Random) -> str | None:
    """How a person words a change that is easily said; `named` is what the value is called, where it needs a name."""
    found = [text for text in _wordings(before, value, named) if rule_for(text, before, value)]
    return rng.choice(found) if found else None


def rule_for(text: str, before: Any, value: Any) -> Rule | None:
    """The rule by which these words make this value of the earlier one; `None` where they do not."""
    found = changed(text, before)
    return found[0] if found is not None and type(found[1]) is type(value) and found[1] == value else None


def near(before: Any, parameter: Parameter, rng: random.Random) -> list[Any]:
    """Values that a user could ask for instead, by how they differ; empty for what is not measured."""
    if isinstance(before, str):
        day = _day(before)
        found: list[Any] = [] if day is None else [_moved(day, days) for days in (1, 2, 3, 7)]
    elif isinstance(before, bool) or not isinstance(before, (int, float)) or not before or not _is_measured(parameter):
        found = []
    else:
        step = _step(before)
        found = [before + step, before + 2 * step, before * 2]
    return [one for one in rng.sample(found, len(found)) if first_problem(parameter.schema, one) is None]


def _step(value: float) -> int:
    """What a person adds to a number of this size: 1 below ten, 10 below a hundred, 100 to 850."""
    return int(10.0 ** max(0, math.floor(math.log10(abs(value)))))


def _is_measured(parameter: Parameter) -> bool:
    own = words(parameter.path.replace("[]", "").rpartition(".")[2])
    return bool(own) and own[-1] not in _ORDINAL and not is_identifying(parameter) and "enum" not in parameter.schema


def _wordings(before: Any, value: Any, named: str | None) -> list[str]:
    if isinstance(before, str) and isinstance(value, str):
        return _shifts(before, value)
    numbers = [one for one in (before, value) if isinstance(one, (int, float)) and not isinstance(one, bool)]
    if len(numbers) < 2 or named is None or not before:
        return []
    step = round(abs(value - before), 6)
    verbs = ("raise", "increase") if value > before else ("lower", "reduce")
    steps = (
        [f"{verb} the {named} by {step:g}" for verb in verbs]
        if step == int(step) and len(f"{step:g}".rstrip("0")) == 1
        else []
    )
    return [*steps, f"double the {named}", f"halve the {named}"]


def _shifts(before: str, value: str) -> list[str]:
    days = (second - first).days if (first := _day(before)) and (second := _day(value)) else 0
    side = "later" if days > 0 else "earlier"
    weeks, over = divmod(abs(days), 7)
    count, unit = (weeks, "week") if not over else (abs(days), "day")
    if not 0 < count < 7:
        return []
    return [f"a {unit} {side}" if count == 1 else f"{_COUNTS[count]} {unit}s {side}"]


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 1 if text.lower() in ("a", "an") else _COUNTS.index(text.lower())


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-01-01") else None
    except ValueError:
        return None


def _moved(day: date, days: int) -> str | None:
    try:
        return (day + timedelta(days)).isoformat()
    except OverflowError:
        return None


def _as(kind: type, value: float) -> float:
    return int(value) if kind is int and value == int(value) else round(value, 6)
