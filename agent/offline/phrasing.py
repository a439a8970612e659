"""A purpose as somebody might say it: from the description or the name, without the words that may not be said."""

from __future__ import annotations

import random
from collections.abc import Sequence

from toolweave.agent.offline.english import plural, reworded, spaced
from toolweave.agent.offline.lexicon import DETERMINERS, PARTICLES, VERB_FORMS
from toolweave.agent.offline.purpose import BEHIND_HEAD, Purpose, named_deed
from toolweave.agent.whole_words import spoken_of
from toolweave.graph.vocabulary import DEEDS
from toolweave.graph.words import singular, words
from toolweave.servers.tools import Tool

BY_NAME = 0.4
"""How often a request takes its words from a tool's name, where both would do."""
WORDY = 6
"""Words of an object from which nobody says it in full, where the name says it shorter."""


def spoken_phrase(
    purpose: Purpose,
    tool: Tool,
    banned: Sequence[str],
    rng: random.Random,
    about: Sequence[str] = (),
    own: Sequence[str] = (),
) -> str:
    """The verb phrase as somebody might say it: from the description or the name, with one of the verb's forms.

    Things that it is `about` keep their place in it, and the words of its `own` values, unless that gets wordy.
    """
    phrase = phrase_without(purpose, tool, banned, rng.randrange(3))
    short = _short(purpose, tool)
    short = reworded(short, banned) or short
    wordy = len(purpose.object.split()) >= WORDY
    lost = ({*about, *(() if wordy else own)} & {*words(purpose.phrase)}) - {*words(short)}
    if short and not lost and (wordy or rng.random() < BY_NAME) and not spoken_of(short, banned):
        if short.split(" ", 1)[0] != purpose.verb.split(" ", 1)[0]:
            return short
        phrase = short
    first, _, rest = phrase.partition(" ")
    if phrase.startswith("search for "):
        return f"{rng.choice(('search', 'look'))} {rest}"
    forms = [form for form in VERB_FORMS.get(first, (first,)) if not spoken_of(form, banned)]
    kept = not forms or rest.partition(" ")[0] in (*PARTICLES, "me", "for", "and") or " back " in rest
    return phrase if kept else f"{rng.choice(forms)} {rest}".strip()


def _short(purpose: Purpose, tool: Tool) -> str:
    """The verb phrase of the name, where it says the same deed and thing as the description; else empty."""
    verb, thing = named_deed(tool.name)
    if _is_server(thing, tool):
        return ""
    kind = thing.split()[-1] if thing else ""
    if purpose.nouns.deed == "seek":
        return _sought(verb, thing.removeprefix("the "), purpose)
    head = [singular(word) for word in BEHIND_HEAD.split(purpose.object)[0].split()]
    alike = verb == purpose.verb or DEEDS.get(verb, "") == DEEDS.get(purpose.verb)
    same = kind and (singular(kind) in head or (head and head[-1].startswith(kind)))
    told = alike and (same or len(purpose.object.split()) >= WORDY)
    joint = purpose.object.split(" ", 1)[0] if purpose.object.split(" ", 1)[0] in ("to", "through", "for") else ""
    short = " ".join(part for part in (verb, joint, thing) if part)
    return short if told and verb in spaced(tool.name).split() and 1 < len(thing.split()) <= 4 else ""


def _sought(verb: str, kind: str, purpose: Purpose) -> str:
    """What is looked for, by the name, where the description looks for it with the same verb: `search for animals`."""
    many = kind if singular(kind) != kind else plural(kind)
    if verb != purpose.verb or singular(kind.rpartition(" ")[2]) != purpose.nouns.head or many == purpose.object:
        return ""
    return f"{verb}{' for' if verb == 'search' else ''} {many}"


def _is_server(thing: str, tool: Tool) -> bool:
    """Whether the thing of a tool's name is only its server: `git` of `git_add`."""
    return {*words(thing)} - DETERMINERS <= {*words(tool.server)}


def phrase_without(purpose: Purpose, tool: Tool, banned: Sequence[str], turn: int = 0) -> str:
    """The verb phrase with none of the banned words in it, from the description, the name, or general words."""
    verb, thing = named_deed(tool.name)
    named = [] if _is_server(thing, tool) else [f"{verb} {thing}".strip()]
    for phrase in (purpose.phrase, *named):
        if (kept := reworded(phrase, banned, turn)) is not None:
            return kept
    noun = reworded(purpose.noun or "it", banned, turn) or "it"
    return f"{_PLAIN_VERBS[purpose.nouns.deed]} {'the ' if noun != 'it' else ''}{noun}"


_PLAIN_VERBS = {
    "seek": "find",
    "read": "show me",
    "make": "set up",
    "change": "change",
    "end": "remove",
    "act": "handle",
}
