"""Drafts of what the user says: values are recorded with their wording, and the first faultless draft is taken."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from toolweave.agent.compose import CODE_CASE
from toolweave.agent.roles import Query, Said, UserValue
from toolweave.agent.whole_words import spoken_of

TRIES = 24
LONGEST = 3900
_CODE = re.compile(rf"{CODE_CASE.pattern}|[{{}}]")
_COMPLAINT = re.compile(r"it says '(.+?)'|it says \"(.+?)\"")

Spoken = tuple[str, Sequence[tuple[UserValue, str]]]
"""A text, and each value with the words that say it."""


def best_draft(
    write: Callable[[random.Random], Spoken], values: Sequence[UserValue], banned: Sequence[str], rng: random.Random
) -> Query:
    """The first draft that says all values and no banned word, else the best one."""
    drafts: list[tuple[int, Query]] = []
    for _ in range(TRIES):
        drafts.append(_draft_of(write(rng), values, banned))
        if drafts[-1][0] == 0:
            break
    return min(drafts, key=lambda draft: draft[0])[1]


def _draft_of(spoken: Spoken, values: Sequence[UserValue], banned: Sequence[str]) -> tuple[int, Query]:
    """One draft with the number of its faults."""
    text, said = spoken
    recorded = tuple(Said(pointer=item.pointer, call=item.call, text=words) for item, words in said if words)
    query = Query(text=text[:LONGEST], said=recorded)
    return _faults(query, values, banned), query


def banned_words(forbidden: Sequence[str], complaints: Sequence[str]) -> list[str]:
    """What may not be said, with what earlier drafts were blamed for."""
    complained = [one or two for text in complaints for one, two in _COMPLAINT.findall(text)]
    return list(dict.fromkeys([*forbidden, *complained]))


def sentence(text: str) -> str:
    """With a full stop, unless it ends already."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _faults(query: Query, inputs: Sequence[UserValue], banned: Sequence[str]) -> int:
    """How many values are missing and how many words stand there that may not."""
    said = {(item.call, item.pointer): item.text for item in query.said}
    missing = sum(1 for item in inputs if said.get((item.call, item.pointer), "\0") not in query.text)
    rest = query.text
    for text in said.values():
        rest = rest.replace(text, " … ")
    clumsy = len(re.findall(r"\b(\w+) \1\b", rest)) + (len(query.text) > LONGEST)
    return missing + len(spoken_of(rest, banned)) + len(_CODE.findall(rest)) + clumsy
