"""The querying role: what the user says, written backwards from the turn."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from toolweave.agent.offline.describing import Describer, Told, loose_ends
from toolweave.agent.offline.english import capitalised, spoken_of
from toolweave.agent.offline.frames import opening, remark
from toolweave.agent.offline.picture import Pictured, picture
from toolweave.agent.offline.saying import spoken_value
from toolweave.agent.roles import Query, QueryAsk, Said, UserValue

TRIES = 24
LONGEST = 3900
_CODE = re.compile(r"\b[a-z]+_[a-z0-9_]+\b|\b[a-z]+[A-Z]\w*\b|[{}]")
_COMPLAINT = re.compile(r"it says '(.+?)'|it says \"(.+?)\"")


def ask_for(ask: QueryAsk) -> Query:
    """A request with every value in it and no banned word; the first draft that holds."""
    calls, banned = picture(ask), _banned(ask)
    rng = random.Random(ask.seed)
    drafts: list[tuple[int, Query]] = []
    for _ in range(TRIES):
        query = _drafted(calls, banned, ask, rng)
        faults = _faults(query, ask.inputs, banned)
        drafts.append((faults, query))
        if faults == 0:
            return query
    listed = _listed(calls, banned, ask, rng)
    drafts.append((_faults(listed, ask.inputs, banned), listed))
    return min(drafts, key=lambda item: item[0])[1]


def _banned(ask: QueryAsk) -> list[str]:
    complained = [one or two for text in ask.complaints for one, two in _COMPLAINT.findall(text)]
    return list(dict.fromkeys([*ask.forbidden, *complained]))


def _drafted(calls: Sequence[Pictured], banned: Sequence[str], ask: QueryAsk, rng: random.Random) -> Query:
    describer = Describer(calls, banned, rng)
    explicit = ask.style.distance == "explicit" and len(calls) > 1
    told = _step_by_step(describer, calls, rng) if explicit else _goal_only(describer, calls, rng)
    return _spoken(told, ask, rng)


def _goal_only(describer: Describer, calls: Sequence[Pictured], rng: random.Random) -> Told:
    """The last call, with the things that it is about; what is left over comes before it."""
    told = describer.goal(len(calls) - 1, alone=False)
    for number in loose_ends(calls, told):
        if number not in told.calls:
            other = describer.goal(number, alone=False)
            lead = rng.choice(("Before that, {}", "First {}", "That means you first have to {}", "Beforehand, {}"))
            _absorb(told, other, lead.format(other.phrase))
    return told


def _step_by_step(describer: Describer, calls: Sequence[Pictured], rng: random.Random) -> Told:
    """Every call in order, in everyday words."""
    steps = [describer.goal(number, alone=True) for number in range(len(calls))]
    phrases = list(dict.fromkeys(step.phrase for step in steps))
    told = Told(_in_order(phrases, rng), calls=set(range(len(calls))))
    for step in steps:
        told.said += step.said
        told.sentences += step.sentences
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


def _absorb(told: Told, other: Told, sentence: str) -> None:
    told.sentences = [sentence, *other.sentences, *told.sentences]
    told.said += other.said
    told.calls |= other.calls


def _spoken(told: Told, ask: QueryAsk, rng: random.Random) -> Query:
    style = ask.style
    phrase = re.sub(r",(?=[?.!]|$)", "", re.sub(r",\s*,", ",", told.phrase)).strip()
    parts = [opening(phrase, style.register, bool(ask.history), rng)]
    parts += [_ended(capitalised(sentence)) for sentence in dict.fromkeys(told.sentences)]
    if not ask.history and (said := remark(style.persona, style.register, rng)):
        greets = re.match(r"(?:hi|hello|hey|good|oh|ah|okay|right|ready|lovely|thanks)\b", parts[0], re.IGNORECASE)
        parts.insert(len(parts) if greets else rng.choice((0, len(parts))), said)
    text = re.sub(r",([?.!])", r"\1", " ".join(parts)).replace(" ,", ",")
    return _query(text, told.said)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def _listed(calls: Sequence[Pictured], banned: Sequence[str], ask: QueryAsk, rng: random.Random) -> Query:
    """The last resort: the goal, then the bare values."""
    describer = Describer([Pictured(call.happened, [], call.feeds) for call in calls], banned, rng)
    phrase = describer.goal(len(calls) - 1, alone=True).phrase
    shown = [(item, spoken_value(item.value, item.schema)) for item in ask.inputs]
    values = "; ".join(text for _, text in shown)
    text = opening(phrase, ask.style.register, bool(ask.history), rng)
    return _query(f"{text} What you need for it: {values}." if values else text, shown)


def _query(text: str, said: Sequence[tuple[UserValue, str]]) -> Query:
    recorded = tuple(Said(pointer=item.pointer, tool=item.tool.id, text=words) for item, words in said if words)
    return Query(text=text[:LONGEST], said=recorded)


def _faults(query: Query, inputs: Sequence[UserValue], banned: Sequence[str]) -> int:
    """How many values are missing and how many words stand there that may not."""
    said = {(item.tool, item.pointer): item.text for item in query.said}
    missing = sum(1 for item in inputs if said.get((item.tool.id, item.pointer), "\0") not in query.text)
    rest = query.text
    for text in said.values():
        rest = rest.replace(text, " … ")
    clumsy = len(re.findall(r"\b(\w+) \1\b", rest)) + (len(query.text) > LONGEST)
    return missing + len(spoken_of(rest, banned)) + len(_CODE.findall(rest)) + clumsy
