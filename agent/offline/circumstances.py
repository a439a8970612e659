"""Why people ask and what goes on around them meanwhile: a sentence beside the request, made up anew each time."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from toolweave.agent.offline.english import base_form, capitalised, lowered
from toolweave.agent.offline.forms import wordings
from toolweave.agent.offline.lexicon import NO_VERBS
from toolweave.agent.offline.toolbox import stems
from toolweave.agent.roles import Happened, QueryAsk
from toolweave.graph.words import words

LATER = 0.5
"""How often a later request of who tells their background has a circumstance; the first one always has."""
BY_PERSONA = 0.6
"""How often it is one that fits the persona alone, where there are some."""
JOINED = 0.4
"""How often the request shares its sentence, where it can."""
_JOINS = frozenset("i i'd i've we can could would please let's may might kindly".split())
TRIES = 12
_WAYS = wordings("circumstances")
_OWN_WAYS = {frozenset(heading.split()[1:]): ways for heading, ways in _WAYS.items() if heading.startswith("persona ")}
"""Words of personas → what they say."""
_GAP = re.compile(r"\{(\w+)\}")
_PLAIN = frozenset(stems(" ".join(NO_VERBS)))


def circumstance(ask: QueryAsk, rng: random.Random) -> str:
    """A sentence of who is speaking, empty where none is told.

    It shares no word with what the calls, or earlier requests, say.
    """
    if ask.style.background == "untold" or (ask.history and rng.random() >= LATER):
        return ""
    ways, taken = _ways_of(ask, rng), _taken(ask)
    drawn = (_filled(rng.choice(ways), rng) for _ in range(TRIES))
    return next((text for text in drawn if not taken.intersection(stems(text))), "")


def because(why: str, parts: Sequence[str], rng: random.Random) -> list[str]:
    """The sentences of a request behind the circumstance, at times joined to it: `…, so can you …?`."""
    first = parts[0].partition(" ")[0].lower()
    if "," not in why and rng.random() < JOINED and (first in _JOINS or base_form(first) == first):
        return [f"{why.rstrip('.')}, so {_within(parts[0])}", *parts[1:]]
    return [why, *parts]


def _within(sentence: str) -> str:
    """A sentence that goes on where another one stood."""
    return sentence if re.match(r"I\b", sentence) else lowered(sentence)


def _ways_of(ask: QueryAsk, rng: random.Random) -> Sequence[str]:
    """What a person of that kind says; later on nothing of where they are, which does not change within a talk."""
    if ask.history:
        return _WAYS["later"]
    persona = {*words(ask.style.persona)}
    own = [way for fits, ways in _OWN_WAYS.items() if persona & fits for way in ways]
    return own if own and rng.random() < BY_PERSONA else _WAYS["anybody"]


def _taken(ask: QueryAsk) -> frozenset[str]:
    """Stems of the words that could be taken for a part of what is asked for."""
    said = [str(message.get("content")) for message in ask.history if message["role"] == "user"]
    return frozenset(stems(" ".join((*said, *ask.forbidden, *map(_told_of, ask.calls))))) - _PLAIN


def _told_of(call: Happened) -> str:
    """All that a tool says of itself, the names of its options included."""
    return f"{call.tool.name} {call.tool.description} {call.tool.input_schema}"


def _filled(way: str, rng: random.Random) -> str:
    """The way with its gaps filled; nothing comes twice."""
    said: set[str] = set()

    def fill(gap: re.Match[str]) -> str:
        found = rng.choice([text for text in _WAYS[gap.group(1).lower()] if text not in said])
        said.add(found)
        return capitalised(found) if gap.group(1)[0].isupper() else found

    return _GAP.sub(fill, way)
