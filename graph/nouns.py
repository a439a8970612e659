"""What a tool's name and description say: what it does, and to which kind of thing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from toolweave.graph.vocabulary import (
    ALIKE,
    CONTAINED,
    DEEDS,
    FACET,
    IS_A,
    KIN,
    LINKS,
    NAMING,
    NOTHING,
    VERBS_AT_END,
    WEAK,
    WIRE_VERBS,
    Deed,
)
from toolweave.graph.words import plurals, words
from toolweave.servers.json_values import as_object
from toolweave.servers.tools import Tool

HEAD = 0.9
"""How surely the last noun of a tool's name is what its output is about."""
MODIFIER = 0.35
"""How surely the nouns before it are."""
BEHIND_FACET = 0.75
"""How surely the noun before a head is, that only shows a side of it."""
INCLUDED = 0.75
"""How surely what a description says is included is."""
PLAYED = 0.5
"""How surely the kinds of thing are whose parts the description names: cast and crew are persons."""
DESCRIBED = 0.55
"""How surely the nouns of the description's first sentence are."""
OBJECT = 0.75
"""How surely the object of that sentence is: in "Get papers that cite a paper" the papers."""

_BRACES = re.compile(r"\{[^}]*\}")
_SENTENCE = re.compile(r"[.!?:;(\n](?:\s|$)|\n|:|;|\(")
_RETURNS = re.compile(r"\b[Rr]eturn(?:s|ing)?\b:?\s*(.{3,200})", re.DOTALL)
_INCLUDES = re.compile(r"\b(?:includ(?:ing|es)|(?:along )?with (?:their|its|all))\s+(?:(?:their|its|all|the)\s)*(\w+)")
_WORD = re.compile(r"[^\W\d_]+")
_PHRASE_LINKS = frozenset("by for given based using with from in via where that which when per if".split())
_BEHIND_OBJECT = frozenset("of to on at as into onto between within about around against involving".split())
_CLAUSE = re.compile(r"[^\W\d_]+|,")


@dataclass(frozen=True, slots=True)
class ToolNouns:
    """What one tool does, and the kinds of thing that its output is about."""

    deed: Deed
    head: str
    """The kind of thing that the tool is about, a singular noun; empty when its name says none."""
    about: dict[str, float]
    """Nouns with how surely the output is about them, 0..1."""
    subject: tuple[str, ...]
    """Nouns that a bare `id` parameter may be about, likeliest first."""
    attribute: str
    """What the name says is returned of the thing: `id` in `get_artist_id_by_name`; mostly empty."""
    name_words: tuple[str, ...]
    """Words of the name that say what it is about."""
    many: bool
    """Whether the name speaks of several things."""


def brand_words(tools: Sequence[Tool]) -> dict[str, frozenset[str]]:
    """For each server, the first words that most of its tools' names share and that no parameter asks for.

    They name the service, not the thing.
    """
    firsts: dict[str, Counter[str]] = {}
    asked: dict[str, set[str]] = {}
    sizes: Counter[str] = Counter()
    for tool in tools:
        found = words(tool.name)
        sizes[tool.server] += 1
        for name in as_object(as_object(tool.input_schema).get("properties")):
            asked.setdefault(tool.server, set()).update(words(name))
        if found and found[0] not in DEEDS:
            firsts.setdefault(tool.server, Counter())[found[0]] += 1
    return {
        server: frozenset(
            word
            for word, count in counter.items()
            if count >= 3 and count >= 0.6 * sizes[server] and word not in asked.get(server, ())
        )
        for server, counter in firsts.items()
    }


def tool_nouns(tool: Tool, brand: frozenset[str] = frozenset()) -> ToolNouns:
    """Read a tool's name and the first sentence of its description."""
    every = words(_BRACES.sub(" ", tool.name))
    opening = words(" ".join(tool.description.split(maxsplit=1)[:1]))
    deed, rest = _deed(tuple(word for word in every if word not in brand) or every, opening[0] if opening else "")
    spoken_deed, spoken, objects = _spoken(tool.description)
    spoken = list(dict.fromkeys([*spoken, *_returned(tool.description)]))
    segments = _segments(rest)
    main = [word for word in segments[0] if word not in NOTHING or word in WEAK] if segments else []
    attribute = ""
    if main and main[-1] in NAMING and (len(main) > 1 or main[-1] != "name"):
        attribute = main[-1]
    things = [KIN.get(word, word) for word in main if word != attribute or len(main) == 1]
    others = [KIN.get(word, word) for segment in segments[1:] for word in segment if _tells(word)]
    head = _head(things, spoken)
    about = {IS_A[word]: PLAYED for word in spoken if word in IS_A}
    about |= dict.fromkeys(spoken, DESCRIBED)
    kind = deed or spoken_deed or "read"
    if kind in ("seek", "read", "make"):
        about |= dict.fromkeys(objects, OBJECT)
    about |= dict.fromkeys(_included(tool.description), INCLUDED)
    about |= {word: max(MODIFIER, about.get(word, 0.0)) for word in things}
    if head:
        about[head] = HEAD
    if head in FACET and len(things) > 1:
        behind = things[things.index(head) - 1]
        about[behind] = max(BEHIND_FACET, about[behind])
    for whole, parts in CONTAINED.items():
        if whole in about:
            about |= {part: max(about[whole], about.get(part, 0.0)) for part in parts}
    if kind == "make" and every[:1] == ("add",) and "to" in every:
        kind = "change"
    lists = bool(head) and head in plurals(tool.name)
    return ToolNouns(
        deed="seek" if lists and kind == "read" else kind,
        head=head or (spoken[0] if spoken else ""),
        about=about,
        subject=tuple(dict.fromkeys([*things, *others, *spoken])),
        attribute=attribute,
        name_words=tuple(dict.fromkeys(KIN.get(word, word) for word in every[_leading(every) :] if _names(word))),
        many=lists or kind == "seek" or any(word in ALIKE for word in every),
    )


def _leading(name: tuple[str, ...]) -> int:
    """How many words of a name are its verb."""
    return 1 if name and name[0] in DEEDS else 0


def _names(word: str) -> bool:
    return (word not in NOTHING or word in WEAK) and word not in LINKS


def _tells(word: str) -> bool:
    return (
        word not in NOTHING and word not in LINKS and DEEDS.get(word) not in ("seek", "read", "make", "change", "end")
    )


def _deed(name: tuple[str, ...], opening: str) -> tuple[Deed | None, tuple[str, ...]]:
    """The verb of a name and the words without it; `opening` is the first word of the description."""
    if len(name) > 1 and name[-1] in VERBS_AT_END and name[0] not in VERBS_AT_END:
        return DEEDS.get(name[-1], "read"), name[:-1]
    if len(name) > 2 and name[0] in WIRE_VERBS:
        if name[1] in VERBS_AT_END or DEEDS.get(name[1]) == "seek":
            return DEEDS.get(name[1], "read"), name[2:]
        if name[-1] in ("list", "search"):
            return "seek", name[1:-1]
    if not name or name[0] in DEEDS:
        return (DEEDS[name[0]], name[1:]) if name else (None, name)
    if len(name) > 1 and name[0] == opening:
        return "act", name[1:]
    at = next((place for place, word in enumerate(name[:-1]) if word in DEEDS), None)
    if at is not None:
        return DEEDS[name[at]], (*name[at + 1 :], "of", *name[:at])
    return None, name


def _segments(name: tuple[str, ...]) -> list[list[str]]:
    """The words between linking words; "list of X" style openings fall away because they name nothing."""
    segments: list[list[str]] = [[]]
    for word in name:
        if word in LINKS:
            if any(found not in NOTHING or found in WEAK for found in segments[-1]):
                segments.append([])
        else:
            segments[-1].append(word)
    return [segment for segment in segments if segment]


def _head(things: Sequence[str], spoken: Sequence[str]) -> str:
    """The kind of thing that a name is about: its last noun, unless the description speaks only of another one."""
    if not things:
        return ""
    if things[-1] not in spoken:
        agreed = [word for word in things if word in spoken]
        if agreed:
            return agreed[-1]
    return things[-1]


def _included(description: str) -> list[str]:
    """Nouns after "including" or "with their"."""
    found = [words(match.group(1)) for match in _INCLUDES.finditer(description[:400])]
    return [
        KIN.get(phrase[-1], phrase[-1]) for phrase in found if phrase and _tells(phrase[-1]) and len(phrase[-1]) > 2
    ]


def _returned(description: str) -> list[str]:
    """The nouns that follow "returns" in a description."""
    match = _RETURNS.search(description)
    if match is None:
        return []
    found: list[str] = []
    for raw in _WORD.findall(_SENTENCE.split(match.group(1).strip(), maxsplit=1)[0])[:12]:
        if raw.lower() in _PHRASE_LINKS and found:
            break
        found += [KIN.get(word, word) for word in words(raw) if _tells(word) and len(word) > 2]
    return found[:4]


def _spoken(description: str) -> tuple[Deed | None, list[str], list[str]]:
    """The verb of a description's first sentence, the nouns up to where it speaks of what it takes, its objects.

    Objects are the last nouns of the phrases that "and" or commas join, up to the first "of" or "to".
    """
    sentence = _SENTENCE.split(description.strip()[:300], maxsplit=1)[0]
    deed: Deed | None = None
    nouns: list[str] = []
    objects: list[str] = []
    ended, fresh = False, True
    for raw in _CLAUSE.findall(sentence)[:24]:
        low = raw.lower()
        if low in _PHRASE_LINKS and nouns:
            break
        if low in ("and", "or", ","):
            fresh = True
        ended = ended or (low in _BEHIND_OBJECT and bool(nouns))
        for word in words(raw):
            if deed is None and (found := DEEDS.get(word) or DEEDS.get(word.removesuffix("e"))):
                deed = found
            elif word not in NOTHING and word not in LINKS and len(word) > 2:
                nouns.append(KIN.get(word, word))
                if not ended:
                    objects = [*objects, nouns[-1]] if fresh else [*objects[:-1], nouns[-1]]
                    fresh = False
    return deed, list(dict.fromkeys(nouns))[:5], objects[:4]
