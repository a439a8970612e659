"""Where to walk next: the known situation in which, or right after which, most is still unknown."""

from __future__ import annotations

from typing import Any

from toolweave.agent.probing.calltext import newest_step
from toolweave.agent.probing.effects import WORKED, Action, Effects, End, Situation

MISSING_HALF = 4.0
"""Weight of an outcome whose counterpart, one call further, is known already."""
SUSPECT = 3.0
"""Weight of an outcome that would show or refute a suspicion."""


def most_to_learn(effects: Effects, origin: str) -> tuple[Any, ...]:
    """The situation to walk to: its origin, then actions that are known to work one after the other."""
    start: Situation = (origin,)
    best, most = start, _worth(effects, start)
    for situation in _situations(effects, origin):
        worth = _worth(effects, situation) / (len(situation) + 2)
        if worth > most:
            best, most = situation, worth
    return best


def wanted(effects: Effects, after: Situation, action: Action) -> bool:
    """Whether an outcome one call earlier would make an experiment of what is known of a situation."""
    end = effects.exact.known(after, action)
    first = after[-1]
    if end is None or isinstance(first, str) or action in effects.exact.ends.get(after[:-1], {}):
        return False
    if newest_step(action) >= len(after) - 1:
        return False
    earlier = _last_known(effects, after[:-1], action)
    if end == WORKED:
        return earlier != WORKED and not effects.shown(first, action[0], "enables")
    return not earlier and not effects.shown(first, action[0], "disables")


def _situations(effects: Effects, origin: str) -> list[Situation]:
    """Every situation of an origin that can be walked to, tried or not."""
    found: dict[Situation, None] = {}
    for situation, row in effects.exact.ends.items():
        if situation[0] == origin:
            found[situation] = None
            for action in row:
                if effects.exact.known(situation, action) == WORKED:
                    found[(*situation, action)] = None
    return [situation for situation in found if len(situation) > 1 and _leads(effects, situation)]


def _leads(effects: Effects, situation: Situation) -> bool:
    """Whether every step of the way is known to work."""
    steps = range(1, len(situation))
    return all(
        not isinstance(step := situation[at], str) and effects.exact.known(situation[:at], step) == WORKED
        for at in steps
    )


def _worth(effects: Effects, situation: Situation) -> float:
    """How much there is to learn in a situation."""
    row = effects.exact.ends.get(situation, {})
    return MISSING_HALF * len(missing_halves(effects, situation)) + _untried(effects, situation, row)


def missing_halves(effects: Effects, situation: Situation) -> list[Action]:
    """Calls of which it is known how they end one step further, and only how they end here is missing."""
    found = {
        action: None
        for step, after in _next(effects, situation)
        for action in after
        if wanted(effects, (*situation, step), action)
    }
    return list(found)


def _next(effects: Effects, situation: Situation) -> list[tuple[Action, dict[Action, set[End]]]]:
    ways = effects.exact.ends.get(situation, {})
    return [(step, after) for step in ways if (after := effects.exact.ends.get((*situation, step)))]


def _untried(effects: Effects, situation: Situation, row: dict[Action, set[End]]) -> float:
    first = situation[-1]
    if isinstance(first, str):
        return 1.0 if not row else 0.0
    worth = 0.0
    for action in effects.exact.ends.get(situation[:-1], {}):
        before = effects.exact.known(situation[:-1], action)
        if action in row or before is None:
            continue
        if effects.suspected(first, action[0]):
            worth += SUSPECT
        elif not effects.settled(first, action[0], before):
            worth += 1.0
    return worth


def _last_known(effects: Effects, situation: Situation, action: Action) -> End | None:
    """How a call ended in the latest situation on the way in which it was tried, if not made since then."""
    for size in range(len(situation), 0, -1):
        end = effects.exact.known(situation[:size], action)
        if end is not None:
            return end
        if situation[size - 1][0] == action[0]:
            return None
    return None
