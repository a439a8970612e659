"""Widens what a user could say: amounts and days between those that are shown, and not what is done anyway.

Two examples would otherwise be all that a run of thousands ever says for a parameter.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from toolweave.agent.argument_values import by_format, is_identifying
from toolweave.agent.arguments import Candidate
from toolweave.graph.schema import Parameter

MOST_BETWEEN = 4
"""Values that are put beside those that are shown."""
LARGEST = 1e12
"""Numbers from it on are hardly amounts."""
LEAST_STEPS = 3
"""Steps between the lowest and the highest that is shown: fewer, and they may be places rather than amounts."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SATURDAY = 5
_FIXED = frozenset(("enum", "const", "multipleOf"))
"""Words of a schema by which what lies between two values may not be taken."""


def widened(choices: Sequence[Candidate], parameter: Parameter, rng: random.Random) -> list[Candidate]:
    """The choices with others of their range among them; what the tool takes by default comes last.

    Args:
        choices: In the order in which they would be tried.
        parameter: What they are for; identifiers and listed choices stay as they are.
        rng: Decides what is put beside them, and where.
    """
    if is_identifying(parameter) or _FIXED & parameter.schema.keys():
        return list(choices)
    usual = parameter.schema.get("default")
    trite = [choice for choice in choices if choice.how != "values" and _is_setting(usual, choice.value)]
    shown = [choice for choice in choices if choice not in trite] or _instead_of(usual, parameter, rng)
    between = [Candidate(value, choices[0].how) for value in _between([choice.value for choice in choices], rng)]
    return [*(rng.sample([*shown, *between], len(shown) + len(between)) if between else shown), *trite]


def _is_setting(usual: Any, value: Any) -> bool:
    """Whether a value is the number or the switch that holds when nobody says anything."""
    return isinstance(value, (bool, int, float)) and type(value) is type(usual) and value == usual


def _instead_of(usual: Any, parameter: Parameter, rng: random.Random) -> list[Candidate]:
    """What else could be asked for where only the default is shown: switches, and numbers with bounds."""
    bounded = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"} & parameter.schema.keys()
    if not isinstance(usual, bool) and not (isinstance(usual, (int, float)) and bounded):
        return []
    made = [Candidate(value, how) for value, how in by_format(parameter, rng)]
    return [one for one in made if one.how != "guess" and not _is_setting(usual, one.value)]


def _between(values: Sequence[Any], rng: random.Random) -> list[Any]:
    if len(values) < 2:
        return []
    if all(isinstance(value, str) and _DAY.fullmatch(value) for value in values):
        return _days(sorted(values), rng)
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        return _numbers(sorted(values), rng)
    return []


def _numbers(values: Sequence[float], rng: random.Random) -> list[float]:
    """Round numbers between the lowest and the highest, whole ones where all are whole."""
    low, high = values[0], values[-1]
    if max(abs(low), abs(high)) >= LARGEST:
        return []
    whole = all(isinstance(value, int) for value in values)
    step = _round_step((high - low) / 10, whole)
    if step <= 0 or (high - low) / step < LEAST_STEPS:
        return []
    first, last = math.floor(low / step) + 1, math.ceil(high / step) - 1
    found = (round(rng.randint(first, last) * step, 6) for _ in range(MOST_BETWEEN))
    return list(dict.fromkeys(int(value) if value == int(value) else value for value in found if value not in values))


def _round_step(wanted: float, whole: bool) -> float:
    """The smallest of 1, 2.5, 5, 10, 25 … and their tenths that is no smaller than what is wanted."""
    if wanted <= 0:
        return 0
    scale = 10.0 ** math.floor(math.log10(wanted))
    step = next(size * scale for size in (1, 2.5, 5, 10) if size * scale >= wanted)
    return max(1, math.ceil(step)) if whole else step


def _days(values: Sequence[str], rng: random.Random) -> list[str]:
    """Days between the first and the last, working days where all are."""
    try:
        shown = [date.fromisoformat(value) for value in values]
    except ValueError:
        return []
    span = [shown[0] + timedelta(days=number) for number in range((shown[-1] - shown[0]).days)]
    working = all(day.weekday() < _SATURDAY for day in shown)
    free = [day for day in span if day not in shown and (day.weekday() < _SATURDAY or not working)]
    return [day.isoformat() for day in rng.sample(free, min(MOST_BETWEEN, len(free)))]
