"""The querying role: what the user says, written backwards from the turn."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace

from toolweave.agent.offline.circumstances import because, circumstance
from toolweave.agent.offline.correcting import change_of_mind
from toolweave.agent.offline.deeds import Deed, asked
from toolweave.agent.offline.describing import Describer
from toolweave.agent.offline.drafting import Spoken, banned_words, best_draft
from toolweave.agent.offline.frames import occasion
from toolweave.agent.offline.lexicon import ENTERING
from toolweave.agent.offline.phrase import Told
from toolweave.agent.offline.picture import Pictured, picture
from toolweave.agent.offline.purpose import purpose_of
from toolweave.agent.offline.repeating import like_before, same_for
from toolweave.agent.offline.rephrasing import rephrased
from toolweave.agent.offline.saying import spoken_value
from toolweave.agent.offline.wording import FILES, NAMING, PLACES
from toolweave.agent.roles import Query, QueryAsk
from toolweave.agent.whole_words import spoken_of

AHEAD = 0.6
"""How often what goes on around the first request comes before it."""
_PRONOUN = re.compile(r"\b([a-z]+) (off|up|out|down|back|away) (it|them)\b")


def ask_for(ask: QueryAsk) -> Query:
    """A request with every value in it and no banned word; the first draft that holds."""
    rng, banned = random.Random(ask.seed), banned_words(ask.forbidden, ask.complaints)
    hidden = [spoken_value(item.value, item.schema) for item in ask.unsaid]
    ask = replace(ask, forbidden=(*ask.forbidden, *hidden, *(str(item.value) for item in ask.unsaid)))
    calls, banned = picture(ask), [*banned, *hidden]
    return best_draft(lambda rng: _drafted(calls, banned, ask, rng), ask.inputs, banned, rng)


def _drafted(calls: Sequence[Pictured], banned: Sequence[str], ask: QueryAsk, rng: random.Random) -> Spoken:
    if ask.corrects and ask.inputs:
        return change_of_mind(ask, banned, rng)
    describer = Describer(calls, banned, rng, loose=ask.style.vagueness == "loose", brief=not ask.complaints)
    steps = _steps(describer, calls, ask.style.distance == "explicit")
    said = [pair for told in steps for pair in told.said]
    return _spoken(steps, _is_ordered(calls, steps), banned, ask, rng), said


def _steps(describer: Describer, calls: Sequence[Pictured], explicit: bool) -> list[Told]:
    """What is to be done, in order, in everyday words; what is done for several things is said once."""
    told: list[Told] = []
    known: set[int] = set()
    spoken = [number for number in range(len(calls)) if _is_wanted(calls, number, explicit)]
    for number in spoken:
        if like_before(calls, number) is None:
            step = describer.goal(number, {*known, *(at for at in spoken if at < number)})
            same_for(describer, [at for at in spoken if like_before(calls, at) == number], step)
            step.phrase = f"{step.phrase} again" if step.phrase in [one.phrase for one in told] else step.phrase
            known |= step.calls
            told.append(step)
    return told


def _is_ordered(calls: Sequence[Pictured], steps: Sequence[Told]) -> bool:
    """Whether the order of the steps matters: one feeds another, or something is done."""
    spoken = {number for step in steps for number in step.calls}
    chained = any(feed.call in spoken for number in spoken for feed in calls[number].feeds)
    return chained or any(not purpose_of(calls[number].happened.tool).shows for number in spoken)


def _is_wanted(calls: Sequence[Pictured], number: int, explicit: bool) -> bool:
    """Whether the user speaks of a call: of what is done or asked for, not of what only makes that possible.

    Who is `explicit` also speaks of what is opened or looked up on the way, where there is something to say about it.
    """
    call, purpose = calls[number], purpose_of(calls[number].happened.tool)
    needed = any(feed.call == number for other in calls for feed in other.feeds)
    entered = purpose.verb in ENTERING and all(set(group.own) & (FILES | PLACES | NAMING) for group in call.groups)
    on_the_way = purpose.shows or entered
    return number == len(calls) - 1 or not needed or not on_the_way or len(call.groups) > (0 if explicit else 2)


def _spoken(steps: Sequence[Told], in_order: bool, banned: Sequence[str], ask: QueryAsk, rng: random.Random) -> str:
    style = ask.style
    deeds = [Deed(_tidy(rephrased(told.phrase, banned, rng)), told.verb, told.sentences) for told in steps]
    why = circumstance(ask, rng)
    ahead = why and not ask.history and rng.random() < AHEAD
    parts = asked(deeds, in_order, style.register, "" if ahead else ask.relation if ask.history else "opens", rng)
    parts = because(why, parts, rng) if ahead else [*parts, why]
    if ask.occasion and not ask.history and not spoken_of(ask.occasion, ask.forbidden):
        parts.insert(rng.choice((0, len(parts))), occasion(ask.occasion, rng))
    return _tidy(" ".join(parts))


def _tidy(text: str) -> str:
    """With `call it off` for `call off it`, and without the commas that values left where nothing follows."""
    text = _PRONOUN.sub(r"\1 \3 \2", text)
    return re.sub(r",(?=[?.!]| \(|$)", "", re.sub(r"\s*,(?:\s*,)+", ",", text)).replace(" ,", ",").strip()
