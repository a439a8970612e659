"""What stands around a deed in a request: what leads up to it, how it is asked for."""

from __future__ import annotations

import random
from typing import Literal

from toolweave.agent.offline.english import base_form, lowered
from toolweave.agent.offline.forms import by_register, shorter, wordings
from toolweave.graph.plan import Relation

_WAYS = wordings("requests")
ASKS = by_register(_WAYS, "asks")
"""Ways to ask for one thing, by register."""

_OPENING = by_register(_WAYS, "opening")
_FOLLOWING = _WAYS["following"]
_LATER: dict[Relation, tuple[str, ...]] = {"switches": _WAYS["later switches"], "returns": _WAYS["later returns"]}
STEPS = _WAYS["steps"]
"""What leads from one deed to the next that waits for it."""
LAST_STEPS = _WAYS["last steps"]
ALSO = _WAYS["also"]
"""What leads to a further deed that waits for none."""
CHAINED = _WAYS["chained"]
ONCE = _WAYS["once"]
BESIDE = _WAYS["beside"]
_TO_DO = _WAYS["to do"]
_ABOUT = _WAYS["about"]
_CALLED = _WAYS["called"]
LEADING: dict[Relation, float] = {"opens": 0.4, "switches": 1.0, "returns": 1.0}
"""How often something leads up to a request."""


def lead(register: str, relation: Relation | Literal[""], rng: random.Random) -> str:
    """What stands before the first deed of a request; at times nothing."""
    if not relation or rng.random() >= LEADING.get(relation, 0.5):
        return ""
    return shorter(rng, _OPENING[register] if relation == "opens" else _LATER.get(relation, _FOLLOWING))


def occasion(name: str, rng: random.Random) -> str:
    """A sentence that says what all of it is for, by what a manual calls it."""
    plain = lowered(" ".join(name.split()).rstrip(".:?! "))
    first = plain.split(" ", 1)[0]
    if base_form(first) == first:
        return rng.choice(_TO_DO).format(plain)
    return rng.choice(_ABOUT if first.endswith("ing") else _CALLED).format(plain)
