"""What is worth going back for: one call at one point of a known path, which would make or settle a trial."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

from toolweave.agent.probing.calltext import Action, newest_step, renumbered, steps_of
from toolweave.agent.probing.effects import Effects
from toolweave.agent.probing.trials import START, UNKNOWN, WORKED, End, Situation

SETTLES = 3.0
"""Worth of a call that tells apart which step made a difference."""
LEAST = 0.25
"""Worth from which a call is a goal."""
LIKELY, CLOSES, OPENS = 1.2, 0.6, 0.25
"""How likely a call that failed, or worked, after some steps would have ended otherwise before them; likeliest where
calls alike have done so."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One call at one point of a path."""

    situation: Situation
    action: Action
    worth: float


def goals(effects: Effects, done: Container[tuple[Situation, Action]]) -> dict[Situation, list[Goal]]:
    """All goals by the situation that they need, other than those that were tried before."""
    found: dict[Situation, dict[Action, Goal]] = {}
    for one in (*_settling(effects), *_missing(effects), *_siblings(effects)):
        if (
            one.worth < LEAST
            or (one.situation, one.action) in done
            or one.action in effects.exact.ends.get(one.situation, {})
        ):
            continue
        here = found.setdefault(one.situation, {})
        if one.action not in here or here[one.action].worth < one.worth:
            here[one.action] = one
    return {situation: list(here.values()) for situation, here in found.items() if leads(effects, situation)}


def _siblings(effects: Effects) -> Iterator[Goal]:
    """For every two calls of which it is known how both end in one situation: the one after the other."""
    for situation, row in effects.exact.ends.items():
        known = known_on(effects, situation)
        for step in row:
            if effects.exact.known(situation, step) != WORKED:
                continue
            for action, end in known.items():
                manner = effects.manner(step, action)
                if action != step and manner and (worth := effects.worth(step, action, end, manner)) >= LEAST:
                    yield shortened(effects, (*situation, step), action, worth)


def shortened(effects: Effects, situation: Situation, action: Action, worth: float, *, keep_last: bool = True) -> Goal:
    """The goal by a path of only those steps that its call, and the last step where that is kept, need."""
    last = len(situation) - 1
    needed = _needed(effects, situation, action) | ({last} if keep_last and last else set[int]())
    for at in range(last, 0, -1):
        if at in needed:
            needed |= _needed(effects, situation[:at], situation[at])
    kept = sorted(needed)
    places = {old: new for new, old in enumerate(kept, start=1)}
    path = (START, *(renumbered(situation[at], places) for at in kept))
    call = renumbered(action, places)
    for old, new in places.items():
        effects.manners.setdefault((path[new], call), effects.manner(situation[old], action))
    return Goal(path, call, worth)


def _needed(effects: Effects, situation: Situation, action: Action) -> set[int]:
    """The steps on a path that made what a call is about, or that make it possible."""
    enabling = {
        at
        for at in range(1, len(situation))
        if effects.flips(situation[at][0], action[0], "enables") and effects.manner(situation[at], action)
    }
    return enabling | steps_of(action)


def known_on(effects: Effects, situation: Situation) -> dict[Action, End]:
    """How calls that were tried on a path should end there."""
    tried = dict.fromkeys(
        action for size in range(1, len(situation) + 1) for action in effects.exact.ends.get(situation[:size], {})
    )
    found = {action: effects.expected(situation, action) for action in tried}
    return {action: known[1] for action, known in found.items() if known is not None}


def leads(effects: Effects, situation: Situation) -> bool:
    """Whether no step of the way is known to fail."""
    return all(effects.exact.known(situation[:at], situation[at]) in (WORKED, None) for at in range(1, len(situation)))


def _settling(effects: Effects) -> Iterator[Goal]:
    """For trials in which several steps can have made the difference: the call right before the last of them.

    If it ends as at first, that step made the difference; else an earlier one did, and comes next.
    """
    firsts = {(trial.situation, trial.action[0]): (trial, suspects) for trial, suspects in reversed(effects.open)}
    for trial, suspects in reversed(firsts.values()):
        last = max(at for at in range(trial.since, len(trial.situation)) if trial.situation[at] in suspects)
        yield Goal(trial.situation[:last], trial.action, SETTLES)


def _missing(effects: Effects) -> Iterator[Goal]:
    """For calls of which it is known how they end after some steps, but not before them."""
    for situation, row in effects.exact.ends.items():
        for action in row if len(situation) > 1 else ():
            first = newest_step(action) + 1
            after = effects.exact.known(situation, action)
            if after is None or first >= len(situation) or action in situation:
                continue
            expected = effects.expected(situation[:-1], action)
            if expected is not None:
                if (expected[1] == WORKED) != (after == WORKED) and effects.exact.known(situation[:-1], action) is None:
                    yield Goal(_related(effects, situation, action), action, SETTLES)
                continue
            before = UNKNOWN if after == WORKED else WORKED
            steps = dict.fromkeys(situation[first:])
            worth = sum(effects.worth(step, action, before, effects.manner(step, action)) for step in steps)
            chance = OPENS if after == WORKED else LIKELY if _works_when_new(effects, situation, action) else CLOSES
            yield shortened(effects, situation[:first], action, worth * chance, keep_last=False)


def _works_when_new(effects: Effects, situation: Situation, action: Action) -> bool:
    """Whether a call is about something that was made, and worked before right after such a thing was made."""
    maker = newest_step(action)
    return maker > 0 and (situation[maker][0], action[0]) in effects.works_when_new


def _related(effects: Effects, situation: Situation, action: Action) -> Situation:
    """The path up to the last step that has to do with a call."""
    last = max((at for at in range(1, len(situation)) if effects.manner(situation[at], action)), default=1)
    return situation[:last]
