"""The querying role: what the user says, written backwards from the turn."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace

from toolweave.agent.offline.correcting import change_of_mind
from toolweave.agent.offline.describing import Describer
from toolweave.agent.offline.drafting import Spoken, banned_words, best_draft, sentence
from toolweave.agent.offline.english import capitalised, spoken_of
from toolweave.agent.offline.frames import occasion, opening, remark
from toolweave.agent.offline.lexicon import ENTERING
from toolweave.agent.offline.phrase import Told
from toolweave.agent.offline.picture import Pictured, picture
from toolweave.agent.offline.purpose import purpose_of
from toolweave.agent.offline.repeating import like_before, same_for
from toolweave.agent.offline.saying import spoken_value
from toolweave.agent.offline.wording import FILES, NAMING, PLACES
from toolweave.agent.roles import Query, QueryAsk


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
    describer = Describer(calls, banned, rng, loose=ask.style.vagueness == "loose")
    return _spoken(_in_steps(describer, calls, ask.style.distance == "explicit", rng), ask, rng)


def _in_steps(describer: Describer, calls: Sequence[Pictured], explicit: bool, rng: random.Random) -> Told:
    """What is to be done, in order, in everyday words; what is done for several things is said once."""
    told = Told("")
    phrases: list[str] = []
    spoken = [number for number in range(len(calls)) if _is_wanted(calls, number, explicit)]
    for number in spoken:
        if like_before(calls, number) is None:
            step = describer.goal(number, {*told.calls, *(at for at in spoken if at < number)})
            alike = [at for at in spoken if like_before(calls, at) == number]
            same_for(describer, alike, step)
            phrases.append(f"{step.phrase} again" if step.phrase in phrases else step.phrase)
            told.absorb(step)
    chained = any(feed.call in spoken for number in spoken for feed in calls[number].feeds)
    acts = any(not purpose_of(calls[number].happened.tool).shows for number in spoken)
    return _joined(told, list(dict.fromkeys(phrases)), chained or acts, rng)


def _is_wanted(calls: Sequence[Pictured], number: int, explicit: bool) -> bool:
    """Whether the user speaks of a call: of what is done or asked for, not of what only makes that possible.

    Who is `explicit` also speaks of what is opened or looked up on the way, where there is something to say about it.
    """
    call, purpose = calls[number], purpose_of(calls[number].happened.tool)
    needed = any(feed.call == number for other in calls for feed in other.feeds)
    entered = purpose.verb in ENTERING and all(set(group.own) & (FILES | PLACES | NAMING) for group in call.groups)
    on_the_way = purpose.shows or entered
    return number == len(calls) - 1 or not needed or not on_the_way or len(call.groups) > (0 if explicit else 2)


def _joined(told: Told, phrases: Sequence[str], in_order: bool, rng: random.Random) -> Told:
    """The steps as one phrase; of many, the later ones as a sentence of their own."""
    most = rng.choice((2, 3)) if len(phrases) > 3 or len(" ".join(phrases).split()) > 34 else 3
    first, later = phrases[:most], phrases[most:]
    told.phrase = _in_order(first, not later, rng) if in_order else _beside(first, rng)
    sentences: list[str] = []
    leads = rng.sample(("Then", "After that,", "Next,", "Once that is done,"), 4)
    while later:
        part, later = later[:2], later[2:]
        lead = leads[len(sentences) % 4] if later else rng.choice(("Finally,", "In the end,", "And then"))
        sentences.append(f"{lead if in_order else 'Also,'} {' and '.join(part)}")
    told.sentences = [*sentences, *told.sentences]
    return told


def _beside(phrases: Sequence[str], rng: random.Random) -> str:
    """Things that do not wait for each other."""
    if len(phrases) == 1:
        return phrases[0]
    first, last = ", ".join(phrases[:-1]), phrases[-1]
    return rng.choice(("{} and also {}", "{}, and also {}", "{} and {} as well", "{}, and {} too")).format(first, last)


def _in_order(phrases: Sequence[str], ends: bool, rng: random.Random) -> str:
    """Steps one after the other; `ends` says that nothing follows."""
    if len(phrases) == 1:
        return phrases[0]
    first, *between, last = phrases
    start = rng.choice(("first ", "", ""))
    last_words = (" and after that ", " and finally ") if ends else (" and after that ", " and then ")
    then, end = rng.choice(((", then ", last_words[0]), (", then ", last_words[1]), (", ", " and then ")))
    if len(phrases) == 2:
        return f"{start}{first}{rng.choice((' and then ', ' and after that ', ', then '))}{last}"
    return f"{start}{then.join([first, *between])},{end}{last}"


def _spoken(told: Told, ask: QueryAsk, rng: random.Random) -> Spoken:
    style = ask.style
    phrase = re.sub(r",(?=[?.!]|$)", "", re.sub(r",\s*,", ",", told.phrase)).strip()
    parts = [opening(phrase, style.register, ask.relation if ask.history else "opens", rng)]
    parts += [sentence(capitalised(text)) for text in dict.fromkeys(told.sentences)]
    if not ask.history and (said := remark(style.persona, style.register, rng)):
        greets = re.match(r"(?:hi|hello|hey|good|oh|ah|okay|right|ready|lovely|thanks)\b", parts[0], re.IGNORECASE)
        parts.insert(len(parts) if greets else rng.choice((0, len(parts))), said)
    if ask.occasion and not ask.history and not spoken_of(ask.occasion, ask.forbidden):
        parts.insert(rng.choice((0, len(parts))), occasion(ask.occasion, rng))
    text = re.sub(r"\b(First\b[^.?!]*?[:,]) first\b", r"\1", " ".join(parts))
    return re.sub(r",([?.!])", r"\1", text).replace(" ,", ","), told.said
