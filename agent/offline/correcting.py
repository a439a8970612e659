"""Changes of mind, as the user words them: what is to be otherwise, and no more."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from toolweave.agent.offline.conversation import read_situation
from toolweave.agent.offline.drafting import Spoken, sentence
from toolweave.agent.offline.english import lowered, reworded
from toolweave.agent.offline.forms import pick, wordings
from toolweave.agent.offline.phrasing import phrase_without
from toolweave.agent.offline.purpose import purpose_of
from toolweave.agent.offline.telling import Clause, clause
from toolweave.agent.offline.wording import NAMING, SEEKING, Group, groups, label, measures
from toolweave.agent.patterns import argument_leaves
from toolweave.agent.relative import in_words
from toolweave.agent.roles import QueryAsk, UserValue
from toolweave.agent.whole_words import spoken_of
from toolweave.servers.tools import Tool

_CUE = re.compile(
    r"\b(?:actually|instead|second thoughts?|change of plan|changed my mind|I meant|rather|scratch that|"
    r"should have been|come to think of it|my mistake|make that|this time|once more, but|on reflection)\b",
    re.IGNORECASE,
)
_WAYS = wordings("requests")
_NAMED = _WAYS["change named"]
_BEHIND = _WAYS["change behind"]
_BARE = _WAYS["change bare"]

_SIDES = ("later", "earlier")
_DIFFERING = _WAYS["change differing"]
_ORDERED = _WAYS["change ordered"]


def is_correction(request: str) -> bool:
    """Whether the user changes their mind about something."""
    return _CUE.search(request) is not None


def change_of_mind(ask: QueryAsk, banned: Sequence[str], rng: random.Random) -> Spoken:
    """The changed values, with a word on what they are about where that is not what was done last."""
    parts: list[str] = []
    said: list[tuple[UserValue, str]] = []
    for group in groups(ask.inputs):
        if not parts and (text := _difference(group, banned, rng)) is not None:
            said.append((group.first, text))
            parts.append(pick(rng, _DIFFERING if text.split()[-1] in _SIDES else _ORDERED, v=text))
            continue
        told = clause(group, banned, rng)
        said += told.said
        parts.append(sentence(told.sentence) if parts else _opening(ask, group, told, banned, rng))
    return " ".join(parts), said


def _difference(group: Group, banned: Sequence[str], rng: random.Random) -> str | None:
    """How the value differs from what was wanted before, where that is easily said."""
    item = group.first
    if item.before is None or len(group.items) > 1:
        return None
    text = in_words(item.before, item.value, label(group, banned), rng)
    return None if text is None or spoken_of(text, banned) else text


def _opening(ask: QueryAsk, group: Group, told: Clause, banned: Sequence[str], rng: random.Random) -> str:
    call = next(call for call in ask.calls if call.id == group.first.call)
    shown = [text for _, text in told.said]
    if len(shown) > 1 or isinstance(group.first.value, bool):
        return f"Actually, one change: {told.sentence[:1].lower()}{told.sentence[1:]}."
    texts = [value for _, value in argument_leaves(call.arguments) if isinstance(value, str)]
    plainly = len(texts) == 1 and set(group.own) & (NAMING | SEEKING) and isinstance(group.first.value, str)
    named = None if plainly else label(group, banned, rng.randrange(3))
    frames: list[str] = [*(_NAMED if named else _BARE)]
    if told.tail.startswith(("on ", "at ", "for ", "until ", "through ", "from ", "starting ")) and measures(group):
        frames += _BEHIND
    phrase = phrase_without(purpose_of(call.tool), call.tool, banned, rng.randrange(3))
    text = rng.choice(frames).format(v=shown[0], l=named, t=told.tail, p=phrase)
    return text if "{p}" in text or _is_last(ask, call.tool.name) else _about(call.tool, banned, text)


def _is_last(ask: QueryAsk, name: str) -> bool:
    """Whether the call that is made again was the last one before."""
    calls = read_situation(ask.history).calls
    return bool(calls) and calls[-1].name.endswith(name)


def _about(tool: Tool, banned: Sequence[str], text: str) -> str:
    """The text with what it is about; "change of plan" and the like speak for themselves."""
    purpose = purpose_of(tool)
    kept = reworded(purpose.noun, banned) if purpose.noun not in ("", purpose.verb) else None
    if not kept or ":" in text:
        return text
    return f"About the {kept}: {text if text.startswith('I') else lowered(text)}"
