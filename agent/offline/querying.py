"""The querying role: what the user says, written backwards from the turn."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace

from toolweave.agent.offline.correcting import change_of_mind
from toolweave.agent.offline.describing import Describer, Told, loose_ends
from toolweave.agent.offline.drafting import Spoken, banned_words, best_draft, draft_of, sentence
from toolweave.agent.offline.english import capitalised
from toolweave.agent.offline.frames import opening, remark
from toolweave.agent.offline.picture import Pictured, picture
from toolweave.agent.offline.purpose import purpose_of
from toolweave.agent.offline.repeating import like_before, same_for
from toolweave.agent.offline.saying import spoken_value
from toolweave.agent.roles import Query, QueryAsk


def ask_for(ask: QueryAsk) -> Query:
    """A request with every value in it and no banned word; the first draft that holds."""
    rng, banned = random.Random(ask.seed), banned_words(ask.forbidden, ask.complaints)
    hidden = [spoken_value(item.value, item.schema) for item in ask.unsaid]
    ask = replace(ask, forbidden=(*ask.forbidden, *hidden, *(str(item.value) for item in ask.unsaid)))
    calls, banned = picture(ask), [*banned, *hidden]
    faults, query = best_draft(lambda rng: _drafted(calls, banned, ask, rng), ask.inputs, banned, rng)
    if faults == 0:
        return query
    listed = draft_of(_listed(calls, banned, ask, rng), ask.inputs, banned)
    return min([(faults, query), listed], key=lambda draft: draft[0])[1]


def _drafted(calls: Sequence[Pictured], banned: Sequence[str], ask: QueryAsk, rng: random.Random) -> Spoken:
    if ask.corrects and ask.inputs:
        return change_of_mind(ask, banned, rng)
    describer = Describer(calls, banned, rng)
    explicit = ask.style.distance == "explicit" and len(calls) > 1
    told = _step_by_step(describer, calls, rng) if explicit else _goal_only(describer, calls, rng)
    return _spoken(told, ask, rng)


def _goal_only(describer: Describer, calls: Sequence[Pictured], rng: random.Random) -> Told:
    """The last call, with the things that it is about; what is left over comes before it."""
    first = like_before(calls, len(calls) - 1)
    goal = len(calls) - 1 if first is None else first
    told = describer.goal(goal, alone=False)
    same_for(describer, [number for number in range(goal + 1, len(calls)) if like_before(calls, number) == goal], told)
    for number in _also_wanted(calls, goal):
        if number not in told.calls:
            other = describer.goal(number, alone=False, known=told.calls)
            told.phrase += rng.choice((" and also {}", ", and also {}", " and {} as well", ", and {} too")).format(
                other.phrase
            )
            told.absorb(other)
    for number in loose_ends(calls, told):
        if number not in told.calls:
            other = describer.goal(number, alone=False)
            same_for(describer, [at for at in range(len(calls)) if like_before(calls, at) == number], other)
            lead = rng.choice(("Before that, {}", "First {}", "That means you first have to {}", "Beforehand, {}"))
            told.absorb(other, lead.format(other.phrase))
    return told


def _also_wanted(calls: Sequence[Pictured], goal: int) -> list[int]:
    """Calls that show something which no other call of the turn needs: the user wants to see it for itself."""
    needed = {feed.call for call in calls for feed in call.feeds}
    return [
        number
        for number, call in enumerate(calls)
        if number != goal and number not in needed and purpose_of(call.happened.tool).shows
    ]


def _step_by_step(describer: Describer, calls: Sequence[Pictured], rng: random.Random) -> Told:
    """Every call in order, in everyday words; what is done for several things is said once."""
    told = Told("", calls=set(range(len(calls))))
    phrases: list[str] = []
    for number in range(len(calls)):
        if like_before(calls, number) is None:
            step = describer.goal(number, alone=True)
            alike = [at for at in range(number + 1, len(calls)) if like_before(calls, at) == number]
            same_for(describer, alike, step, alone=True)
            phrases.append(step.phrase)
            told.said += step.said
            told.sentences += step.sentences
    told.phrase = _in_order(list(dict.fromkeys(phrases)), rng)
    return told


def _in_order(phrases: Sequence[str], rng: random.Random) -> str:
    if len(phrases) == 1:
        return phrases[0]
    first, *between, last = phrases
    start = rng.choice(("first ", "", ""))
    then, end = rng.choice(((", then ", " and after that "), (", then ", " and finally "), (", ", " and then ")))
    if len(phrases) == 2:
        return f"{start}{first}{rng.choice((' and then ', ' and after that '))}{last}"
    return f"{start}{then.join([first, *between])},{end}{last}"


def _spoken(told: Told, ask: QueryAsk, rng: random.Random) -> Spoken:
    style = ask.style
    phrase = re.sub(r",(?=[?.!]|$)", "", re.sub(r",\s*,", ",", told.phrase)).strip()
    parts = [opening(phrase, style.register, ask.relation if ask.history else "opens", rng)]
    parts += [sentence(capitalised(text)) for text in dict.fromkeys(told.sentences)]
    if not ask.history and (said := remark(style.persona, style.register, rng)):
        greets = re.match(r"(?:hi|hello|hey|good|oh|ah|okay|right|ready|lovely|thanks)\b", parts[0], re.IGNORECASE)
        parts.insert(len(parts) if greets else rng.choice((0, len(parts))), said)
    return re.sub(r",([?.!])", r"\1", " ".join(parts)).replace(" ,", ","), told.said


def _listed(calls: Sequence[Pictured], banned: Sequence[str], ask: QueryAsk, rng: random.Random) -> Spoken:
    """The last resort: the goal, then the bare values."""
    describer = Describer([Pictured(call.happened, [], call.feeds) for call in calls], banned, rng)
    phrase = describer.goal(len(calls) - 1, alone=True).phrase
    shown = [(item, spoken_value(item.value, item.schema)) for item in ask.inputs]
    values = "; ".join(text for _, text in shown)
    text = opening(phrase, ask.style.register, ask.relation if ask.history else "opens", rng)
    return (f"{text} What you need for it: {values}." if values else text), shown
