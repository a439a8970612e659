"""How a tool's description opens: as an order (`List the boxes`), or by naming what it shows (`The shelf list`).

A statement (`A reader brings a document back`) is neither. Words that are verbs and nouns, such as `book` or `jobs`,
are told apart by what stands behind them and by the tool's own name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolweave.agent.offline.english import base_form, opens_with_verb, spaced
from toolweave.agent.offline.lexicon import DETERMINERS, PARTICLES
from toolweave.graph.vocabulary import DEEDS, LOOKING
from toolweave.graph.words import singular, words

_TOOL = r"(?:tool|function|endpoint|method|api|action|command|operation)"
_ABOUT_ITSELF = re.compile(
    rf"^(?:(?:(?:this|the|a|an)\s+)?(?:(?:mcp|simple|useful|helper)\s+)?{_TOOL}\s*|(?:this|it)\s+)?"
    r"(?:(?:that|which|will|can|is|be)\s+)*(?:(?:used|use|allows?|lets?|helps?|enables?|intended|designed)\s+"
    rf"(?:(?:this|it|{_TOOL}|you|users?|one|the|when you (?:need|want))\s+)*(?:to|for)?\s*)?",
    re.IGNORECASE,
)
_USE_THIS = re.compile(rf"^use (?:this|it|the)(?: {_TOOL})?(?: when(?:ever)? you (?:need|want))? to ", re.IGNORECASE)
_BEHIND_NOUNS = frozenset("of for that which who whose on in at with from available is are".split())
"""What follows the thing that a description names, and hardly a verb."""
_TAKES_FOR = ("look", "search", "ask", "pay", "log", "wait", "listen", "go")
"""Verbs that those words follow too."""
_ASKING = ("what", "who", "which", "where", "how", "whether", "when")
_STATES = re.compile(
    r"^(?!what |who |which |where |how |when )(?:\S+ ){1,6}?(?:is|are|was|were|has|have|can|may|will|must|brings?|goes|"
    r"comes?|takes?|gets?|looks?|makes?|gives?|puts?|sends?|pays?)\b"
    r"|\b(?:tool|API|function|endpoint|use|uses|used|provides?|returns?|allows?|lets|enables?|offers?|helps?)\b",
    re.IGNORECASE,
)
"""A subject with what it does, or words about the tool."""
_HOW = re.compile(r"(?!only )[a-z]+ly [a-z]", re.IGNORECASE)


def as_order(sentence: str, name: str) -> tuple[str, str] | None:
    """Verb and what follows it; `None` where the sentence is no order.

    Args:
        sentence: The first of a description.
        name: The tool's name, whose verb decides where a word may be a noun.
    """
    sentence = _USE_THIS.sub("", sentence)
    parts = sentence.split()
    if _HOW.match(sentence) and base_form(parts[0]) is None and base_form(parts[1]):
        parts = parts[1:]
    if parts and base_form(parts[0]) is None and not opens_with_verb(parts):
        parts = _ABOUT_ITSELF.sub("", sentence).split()
    verb = _verb(parts)
    if verb is None or _names_a_thing(parts, verb, name):
        return None
    rest = parts[1:]
    if rest and rest[0].lower() in PARTICLES and rest[1:2] != ["the"]:
        verb, rest = f"{verb} {rest[0].lower()}", rest[1:]
    elif len(rest) > 1 and rest[0].lower() in ("and", "or") and base_form(rest[1]):
        rest = rest[2:]
    return verb, " ".join(rest)


def as_shown(sentence: str, name: str) -> tuple[str, str] | None:
    """Verb of a tool's name and the thing that its description names: `list` + `the request slips of this season`.

    `None` unless the name says that the tool looks something up, and the description clearly names what.
    """
    verb, (first, *rest) = name_verb(name), sentence.split() or [""]
    if verb is None or DEEDS.get(verb) not in LOOKING or not sentence.isascii() or _STATES.search(sentence):
        return None
    if first.lower() in (*DETERMINERS, *_ASKING):
        return verb, " ".join([first.lower(), *rest])
    return (verb, " ".join(["the", first.lower(), *rest])) if singular(first.lower()) in words(name) else None


def other_deed(description: str) -> str:
    """The second of two deeds that the first words offer, as in `Open or close a field`; mostly empty.

    Which of them it was, a value says.
    """
    first, joint, second, *_ = (*description.split(maxsplit=3), "", "", "")
    offered = joint.lower() in ("or", "and/or") and base_form(first) is not None
    return (base_form(second) or "") if offered else ""


def name_verb(name: str) -> str | None:
    """The verb that a tool's name opens with."""
    parts = spaced(name).split()
    return base_form(parts[0]) if len(parts) > 1 else None


def _verb(parts: Sequence[str]) -> str | None:
    if not parts:
        return None
    return base_form(parts[0]) or (_plain_verb(parts[0].lower()) if opens_with_verb(parts) else None)


def _names_a_thing(parts: Sequence[str], verb: str, name: str) -> bool:
    """Whether what looks like a verb is the name of a thing."""
    following = [part.lower().strip(",") for part in parts[1:3]]
    if verb in _TAKES_FOR or verb == name_verb(name) or not following:
        return False
    if following[0] in ("of", "is", "for"):
        return True
    first, own = parts[0].lower(), name_verb(name)
    if following[0] in DETERMINERS and not (first != verb and following[0] in _BEHIND_NOUNS):
        return False
    if base_form(first) is None and singular(first) == first:
        return False
    if first != verb or base_form(first) is None:
        return following[0] in _BEHIND_NOUNS or (singular(first) in words(name) and own is not None)
    compound = following[1:] and following[1] in ("of", "for") and singular(following[0]) == following[0]
    return bool(compound) and own is not None and _kind(own) != _kind(verb)


def _kind(verb: str) -> str:
    deed = DEEDS.get(verb.split()[0], "act")
    return "look" if deed in LOOKING else deed


def _plain_verb(word: str) -> str:
    """An unknown verb without the ending of "it unstages"."""
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us")) and len(word) > 4 else word
