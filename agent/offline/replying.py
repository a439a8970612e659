"""The simulated user: says back what the assistant asked for, or asks it to go on."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from toolweave.agent.offline.drafting import Spoken, banned_words, best_draft, sentence
from toolweave.agent.offline.english import capitalised
from toolweave.agent.offline.forms import forms
from toolweave.agent.offline.telling import clause
from toolweave.agent.offline.wording import Group, groups, label, measures
from toolweave.agent.roles import Query, UserAsk, UserValue

# {v}: the value. {l}: what it is called. {t}: the value behind a preposition.
_BARE = {
    "plain": forms("It's {v}. | That would be {v}. | Oh, I forgot: it's {v}. | Right, it's {v}. | I meant to say {v}."),
    "polite": forms(
        """Of course, it is {v}. | My apologies, that is {v}. | Sorry for leaving that out, it is {v}.
        | Certainly: it would be {v}. | Thank you for asking. It is {v}."""
    ),
    "brisk": forms("It's {v}. | Right: {v}. | Sorry: {v}. | That's {v}. | Missed that, it's {v}."),
    "chatty": forms(
        """Oh, silly me! It's {v}. | Ah yes, good that you ask. It's {v}. | Did I not say? It's {v}.
        | Hm, let me see. That would be {v}. | Ha, of course you can't guess that: it's {v}."""
    ),
}
_NAMED = {
    "plain": forms("The {l} is {v}. | Oh, sorry, the {l} is {v}."),
    "polite": forms("Of course. The {l} is {v}. | Pardon me, the {l} should be {v}."),
    "brisk": forms("Take {v} as the {l}. | The {l} is {v}."),
    "chatty": forms("Oops, I left out the {l}: it's {v}. | Right, the {l}! That's {v}."),
}
_BEHIND = {
    "plain": forms("Oh, sorry: {t}. | I'd say {t}. | That should be {t}."),
    "polite": forms("My apologies: {t}, please. | Of course: {t}, if you please."),
    "brisk": forms("Make it {t}. | Just {t}."),
    "chatty": forms("Oh, right, I never said! Let's do it {t}. | Ah, of course: {t}."),
}
_INSISTING = {
    "plain": forms(
        """You should be able to do that now, so please go on. | That should work now, please try again.
        | What you need for it has just been added. Please go ahead.
        | You have got what it takes now, please carry on.
        | It has been set up for you in the meantime, so please proceed."""
    ),
    "polite": forms(
        """I believe you are able to do that by now. Would you please go ahead?
        | It should have become possible in the meantime. Could you kindly try again?
        | Thank you. You have been given what you need for it, so please do carry on.
        | I have been told that it works now, so would you please proceed?"""
    ),
    "brisk": forms(
        """You can do it now. Go ahead. | Fixed on our side. Try again. | It is there now, carry on.
        | Should work now. Go on. | Sorted. Please proceed."""
    ),
    "chatty": forms(
        """Good news, they have just given you what you need for that. Go ahead!
        | Ah, that must have been switched on a minute ago. Do try again!
        | Guess what, you should be able to do that by now, so please go on!
        | Right, somebody has just sorted that out for you. Please carry on!"""
    ),
}


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
