"""The simulated user: says back what the assistant asked for, or asks it to go on."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from toolweave.agent.offline.drafting import Spoken, banned_words, best_draft, sentence
from toolweave.agent.offline.english import capitalised
from toolweave.agent.offline.forms import by_register, wordings
from toolweave.agent.offline.telling import clause
from toolweave.agent.offline.wording import Group, groups, label, measures
from toolweave.agent.roles import Query, UserAsk, UserValue

_WAYS = wordings("replies")
_BARE = by_register(_WAYS, "bare")
_NAMED = by_register(_WAYS, "named")
_BEHIND = by_register(_WAYS, "behind")
_INSISTING = by_register(_WAYS, "insisting")


def reply(ask: UserAsk) -> Query:
    """A short reply in the user's register; values in human form, nothing else."""
    rng, banned = random.Random(ask.seed), banned_words(ask.forbidden, ask.complaints)
    register = ask.style.register
    if ask.purpose == "insist":
        return best_draft(lambda rng: (rng.choice(_INSISTING[register]), ()), (), banned, rng)
    return best_draft(lambda rng: _told(ask.values, register, banned, rng), ask.values, banned, rng)


def _told(values: Sequence[UserValue], register: str, banned: Sequence[str], rng: random.Random) -> Spoken:
    """All values; those of one wording are said once."""
    parts: list[str] = []
    said: list[tuple[UserValue, str]] = []
    for group in _by_call(values):
        told = clause(group, banned, rng)
        said += told.said
        shown = [text for _, text in told.said]
        if not all(text in part for text in shown for part in parts[-1:]) or not parts:
            parts.append(_worded(group, told.tail, shown, register, banned, rng, bool(parts)))
    return " ".join(dict.fromkeys(parts)), said


def _by_call(values: Sequence[UserValue]) -> list[Group]:
    calls = dict.fromkeys(item.call for item in values)
    return [group for call in calls for group in groups([item for item in values if item.call == call])]


def _worded(
    group: Group,
    tail: str,
    shown: Sequence[str],
    register: str,
    banned: Sequence[str],
    rng: random.Random,
    further: bool,
) -> str:
    named = label(group, banned)
    if len(shown) > 1 or isinstance(group.first.value, bool):
        return sentence(capitalised(clause(group, banned, rng).sentence))
    if further:
        return f"And the {named} is {shown[0]}." if named else f"And {shown[0]} as well."
    frames = [*_BARE[register], *(_NAMED[register] if named else ())]
    if tail.startswith(("on ", "at ", "for ", "until ", "through ", "from ", "starting ")) and measures(group):
        frames += _BEHIND[register] * 2
    return re.sub(r"([.?!][\"”])\.$", r"\1", rng.choice(frames).format(v=shown[0], l=named, t=tail))
