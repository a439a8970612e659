"""Where to walk next: the known situation in which, or right after which, most is still unknown."""

from __future__ import annotations

from collections.abc import Container

from toolweave.agent.probing.calltext import newest_step
from toolweave.agent.probing.effects import CLOSE, START, WORKED, Action, Effects, End, Situation

MISSING_HALF = 4.0
"""Weight of an outcome whose counterpart, one call further, is known already."""
SUSPECT = 3.0
"""Weight of an outcome that would show or refute a suspicion."""


def most_to_learn(effects: Effects, barren: Container[Situation]) -> tuple[Situation, float]:
    """The situation to walk to, by actions that are known to work one after the other, and its worth per call."""
    best: Situation = (START,)
    most = 0.0
    for situation in _situations(effects):
        worth = 0.0 if situation in barren else _worth(effects, situation) / (len(situation) + 2)
        if worth > most:
            best, most = situation, worth
    return best, most


def wanted(effects: Effects, after: Situation, action: Action) -> bool:
    """Whether an outcome one call earlier would make an experiment of what is known of a situation."""
    end = effects.exact.known(after, action)
    first = after[-1]
    if end is None or len(after) < 2 or effects.presumed(after[:-1], action) is not None:
        return False
    if newest_step(action) >= len(after) - 1:
        return False
    earlier = _last_known(effects, after[:-1], action)
    if end == WORKED:
        return earlier != WORKED and not effects.shown(first[0], action[0], "enables")
    return not earlier and not effects.shown(first[0], action[0], "disables")


def _situations(effects: Effects) -> list[Situation]:
    """Every situation that can be walked to, tried or not."""
    found: dict[Situation, None] = {}
    for situation, row in effects.exact.ends.items():
        found[situation] = None
        for action in row:
            if effects.exact.known(situation, action) == WORKED:
                found[(*situation, action)] = None
    return [situation for situation in found if len(situation) > 1 and _leads(effects, situation)]


def _leads(effects: Effects, situation: Situation) -> bool:
    """Whether every step of the way is known to work."""
    steps = range(1, len(situation))
    return all(effects.exact.known(situation[:at], situation[at]) == WORKED for at in steps)


def _worth(effects: Effects, situation: Situation) -> float:
    """How much there is to learn in a situation."""
    return MISSING_HALF * len(missing_halves(effects, situation)) + sum(open_questions(effects, situation).values())


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


def open_questions(effects: Effects, situation: Situation) -> dict[Action, float]:
    """Calls of which it is known how they end without the last step, but not with it, and what each is worth."""
    last, found = situation[-1], dict[Action, float]()
    row = effects.exact.ends.get(situation, {})
    for action in _earlier(effects, situation):
        if action in row or action == last:
            continue
        before = effects.presumed(situation[:-1], action)
        if before is None:
            continue
        if effects.suspected(last, action[0]):
            found[action] = SUSPECT
        elif not effects.settled(last, action[0], effects.closeness.get((last, action), CLOSE), before):
            found[action] = 1.0
    return found


def _earlier(effects: Effects, situation: Situation) -> dict[Action, None]:
    """Calls that were tried on the way."""
    sizes = range(1, len(situation))
    return {action: None for size in sizes for action in effects.exact.ends.get(situation[:size], {})}


def _last_known(effects: Effects, situation: Situation, action: Action) -> End | None:
    """How a call ended in the latest situation on the way in which it was tried, if not made since then."""
    for size in range(len(situation), 0, -1):
        end = effects.exact.known(situation[:size], action)
        if end is not None:
            return end
        if situation[size - 1][0] == action[0]:
            return None
    return None
