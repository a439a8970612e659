"""Which tool a step means: by its verb, by what the verb is done to, by its other words and by the values it gives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from toolweave.agent.offline.lexicon import SMALL
from toolweave.agent.offline.mentions import mentions_of
from toolweave.agent.offline.phrase import PEOPLE
from toolweave.agent.offline.toolbox import Toolbox, stem, stems
from toolweave.agent.texts.sentences import core
from toolweave.agent.texts.thesaurus import LIGHT, PARTICLES, idioms, is_phrasal, same_deed, same_noun, same_root
from toolweave.agent.texts.verbs import INSTRUCTING
from toolweave.agent.texts.wording import spoken
from toolweave.graph.schema import Parameter
from toolweave.graph.vocabulary import DEEDS, IDENTIFYING
from toolweave.graph.words import singular, words
from toolweave.servers.json_values import as_list
from toolweave.servers.tools import Tool

VERB, THING, WORDS = 0.4, 0.35, 0.25
"""Weights of the verb, of what it is done to, and of all words."""
_FAR = 7
"""Words between a verb and its particle, at most."""
_PHRASE_ENDS = re.compile(
    r"\s(?:up|out|in|off|down|back|away|of|to|for|from|into|on|onto|at|with|by|under|as|against|towards?|about"
    r"|through|between"
    r"|because|called|named|titled|saying|that|which|who|whose|until|than|and|or|there|is|are)(?=\s|$)|[,:;(…]",
    re.IGNORECASE,
)
_POINTING = re.compile(
    r"^[A-Za-z-]+\s(?:(?:up|out|in|off|down|back|at|for|through)\s)?"
    r"(?:it|them|one|ones|this|that|these|those|both|him|her|each)"
    r"(?=\s(?:of|to|for|from|with|in|on|at|by|and|as|up|out|off|down|back|because|among|into|under|through|before|after)\b|\s*$|\s*[,.…])",
    re.IGNORECASE,
)
_SOMEBODY = re.compile(
    r"^[A-Za-z-]+\s(?:(?:up|out|in|off|for)\s)?(?:him|her(?=\s(?:up|out|in|off|among|on|from)\b|\s*$))\b"
)
_ONE = re.compile(
    r"^[A-Za-z-]+\s(?:(?:up|out|in|off|down|back|at|for|through|into)\s){0,2}"
    r"(?:(?P<one>it|him|her|that one|this one)(?=\s|$)|(?:the|this|that|its|his)\s(?P<thing>[a-z].*))"
)
_PERSONS = re.compile(r"(?<!^)(?<![.!?]\s)\b(?:(?:Mr|Mrs|Ms|Dr)\.? [A-Z][a-z]+|[A-Z][a-z]+ [A-Z][a-z]+)\b(?! [A-Z])")
_HUMAN = PEOPLE - {"animal", "pet"}
_HOLDERS = frozenset("list register directory database system index overview".split())
"""Heads of phrases that say less than the word before them: the staff list."""
TOLD = frozenset("description detail particular information fact data".split())
"""What is told of a thing, in contrast to the thing."""
NO_THINGS = frozenset(
    "her his hers him them theirs himself herself itself themselves somebody someone everybody first then next last "
    "finally only again today tomorrow now back away here once well "
    "way".split()
)
_JUST_DONE = re.compile(
    r"\bthere$|\b(?:what|which|that) (?:you|we|was|were|has|have)\b.{0,12}\bjust\b|\bthe same\b", re.IGNORECASE
)
TAKEN = 0.6
"""How surely a tool is about what it takes."""
BY_NOUN = 0.8
"""How far a verb is meant by a tool that is about what the verb brings about."""
_ENDINGS = frozenset("ment ation ance ence ing ion ition al ure".split())
PERSON = 0.6
"""How far a tool that is about a kind of person is meant where a person is named."""
AROUND = 0.4
"""What a word counts that stands around a step."""
FURTHER = 0.65
BESIDE = 0.8
"""What a noun counts that stands in another phrase than what the verb is done to."""


@dataclass(frozen=True, slots=True)
class Meant:
    """A tool with how surely a step means it."""

    tool: Tool
    score: float
    verb: float
    """How far its verb is the step's, 0..1."""
    thing: float
    """How far it is done to what the step speaks of, 0..1."""
    words: float = 0.0
    """Share of the step's words that the tool knows, 0..1."""
    name: float = 0.0
    """Share of the nouns of the tool's name that the step or what stands before it speaks of, 0..1."""


@dataclass(frozen=True)
class Wording:
    """The words of a step, as a tool is looked for by them."""

    text: str
    detail: str = ""
    """What stands around it."""

    @cached_property
    def plain(self) -> str:
        """The step without its values, and without clauses that only say why or when."""
        text = spoken(core(self.text))
        for item in reversed(mentions_of(text)):
            if item.kind != "name" or not item.text.islower():
                text = f"{text[: item.start]} … {text[item.end :]}"
        return text

    @cached_property
    def verbs(self) -> tuple[str, ...]:
        """Its verb, first with the particle that belongs to it."""
        found = [word.lower() for word in re.findall(r"[A-Za-z][a-z-]*", self.plain)]
        if not found:
            return ()
        first, behind = found[0], found[1 : 1 + _FAR]
        pairs = [f"{first}_{word}" for word in behind if word in PARTICLES]
        said = " ".join(found)
        for first_word, *rest in idioms():
            if first == first_word and re.search(rf"\b{re.escape(' '.join(rest))}\b", said):
                pairs.insert(0, "_".join((first_word, *rest)))
        known = [pair for pair in pairs if is_phrasal(pair)]
        return tuple(known[:1]) if known and first in LIGHT else (*pairs, first)

    @cached_property
    def things(self) -> tuple[tuple[str, ...], ...]:
        """The nouns of each noun phrase, what the verb is done to first; in each the head comes first."""
        rest = self.plain.split(" ", 1)[1] if " " in self.plain else ""
        phrases = [[word for word in words(phrase) if _names(word)] for phrase in _PHRASE_ENDS.split(f" {rest}")]
        phrases = [phrase[:-1] if len(phrase) > 1 and phrase[-1] in _HOLDERS else phrase for phrase in phrases]
        phrases = [phrase for phrase in phrases if not phrase or not set(phrase) <= TOLD] or phrases
        phrases = [] if len(phrases) == 1 and set(phrases[0]) <= _HOLDERS else phrases
        return tuple(tuple(reversed(phrase)) for phrase in phrases if phrase)

    @cached_property
    def names_something(self) -> bool:
        """Whether what the verb is done to is called by a value of its own."""
        return "\u2026" in self.plain or bool(self.persons)

    @cached_property
    def persons(self) -> tuple[str, ...]:
        """The full names of persons that it says."""
        return tuple(_PERSONS.findall(self.text))

    @cached_property
    def speaks_of_person(self) -> bool:
        """Whether it names a person, or what the verb is done to is somebody."""
        return bool(self.persons) or _SOMEBODY.match(self.plain) is not None

    @cached_property
    def points_back(self) -> bool:
        """Whether what the verb is done to is only pointed at: "it", "one of them"."""
        return _POINTING.match(self.plain) is not None or _JUST_DONE.search(self.plain) is not None

    @cached_property
    def speaks_of_one(self) -> bool:
        """Whether what the verb is done to is a single thing that is known: "the sample", "it"."""
        found = _ONE.match(self.plain)
        if found is None or found["one"]:
            return found is not None
        last = _PHRASE_ENDS.split(f" {found['thing']}")[0].split()[-1:]
        return bool(last) and singular(last[0].lower()) == last[0].lower()

    @cached_property
    def all(self) -> tuple[str, ...]:
        """All words that say something, the verb left out."""
        first = self.verbs[-1] if self.verbs else ""
        return tuple(word for word in dict.fromkeys(words(self.plain)) if _names(word) and word != first)

    @cached_property
    def beside(self) -> tuple[str, ...]:
        """The words around the step and of what it says why or when, where it has none of them itself."""
        around = f"{self.text[len(core(self.text)) :]} {self.detail}"
        return tuple(word for word in dict.fromkeys(words(around)) if _names(word) and word not in self.all)


class Matcher:
    """Finds the tools that steps mean, among some tools."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self.box = Toolbox(tools, {tool.id: tool.id for tool in tools})
        self._ranked: dict[tuple[Wording, tuple[tuple[str, ...], ...]], list[Meant]] = {}
        self._about: dict[str, dict[str, float]] = {}
        self._known: dict[str, set[str]] = {}
        self._words: dict[str, tuple[str, ...]] = {}
        self._beside: dict[str, set[str]] = {}
        """Tool → stems of what its parameters are said to be, and of their options."""
        for tool in tools:
            purpose = self.box.purposes[tool.id]
            told = f"{tool.server} {tool.name} {tool.description} {' '.join(tool.parameters)} {purpose.noun}"
            self._known.setdefault(tool.server, set()).update(stems(told))
            self._words[tool.id] = tuple(dict.fromkeys(words(f"{tool.name} {tool.description}")))
            self._beside[tool.id] = set(stems(" ".join(map(_told, self.box.parameters[tool.id]))))
        self._names = {tool.name.lower(): tool for tool in tools} | {tool.id.lower(): tool for tool in tools}

    def about(self, text: str) -> dict[str, float]:
        """Server → how far a text speaks of what it deals with, the best one 1.0; rare words count more."""
        if text not in self._about:  # all procedures of a file ask for what stands around them
            self._about[text] = self._weighed_by_server(text)
        return self._about[text]

    def _weighed_by_server(self, text: str) -> dict[str, float]:
        said = Counter(stems(text))
        scores: dict[str, float] = {}
        for server, known in self._known.items():
            many = [sum(word in other for other in self._known.values()) for word in said if word in known]
            scores[server] = sum(1.0 / count**2 for count in many)
        best = max(scores.values(), default=0.0)
        return {server: score / best if best else 0.0 for server, score in scores.items()}

    def named(self, text: str) -> tuple[Tool | None, str]:
        """The tool that a step calls by its name, and a name in the style of tools that none has."""
        unknown = ""
        for name in re.findall(r"`([^`]+)`", text) + re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", text):
            plain = re.sub(r"\(.*\)$", "", name.strip()).lower()
            if plain in self._names:
                return self._names[plain], ""
            if re.search(
                r"\b(?:run|call|use|invoke|execute|trigger|tool|command|function|with)\s+(?:the\s+)?"
                rf"`?{re.escape(name)}",
                text,
                re.I,
            ):
                unknown = unknown or (name if re.fullmatch(r"[a-z]+(?:[_.-][a-z0-9]+)+(?:\(.*\))?", name) else "")
        return None, unknown

    def ranked(self, wording: Wording, about: Sequence[Sequence[str]] = ()) -> list[Meant]:
        """The tools by how surely a step means them, the best first.

        Args:
            wording: The step.
            about: What the step before spoke of, for a step that only says "it".
        """
        key = (wording, tuple(map(tuple, about)))
        if key not in self._ranked:
            self._ranked[key] = self._rank(wording, about)
        return self._ranked[key]

    def _rank(self, wording: Wording, about: Sequence[Sequence[str]]) -> list[Meant]:
        bare = not wording.things and not wording.names_something
        back = [tuple(phrase) for phrase in about] if bare or wording.points_back else []
        things = [(phrase, 1.0) for phrase in back]
        things += [(phrase, FURTHER if back or number else 1.0) for number, phrase in enumerate(wording.things)]
        return sorted((self._meant(tool, wording, things) for tool in self.box.tools), key=lambda one: -one.score)

    def _meant(self, tool: Tool, wording: Wording, things: Sequence[tuple[Sequence[str], float]]) -> Meant:
        verb = max((same_deed(one, other) for one in wording.verbs for other in self._verbs_of(tool)), default=0.0)
        purpose = self.box.purposes[tool.id]
        if any(_is_deed_of(one, purpose.nouns.head) for one in wording.verbs) or self._is_made_of(tool, wording):
            verb = max(verb, BY_NOUN)
        own = self._things_of(tool)
        fits = [_same_thing(phrase, own) * weight for phrase, weight in things]
        person = PERSON * bool(wording.speaks_of_person and purpose.nouns.head in _HUMAN)
        thing = max([*fits, person])
        share = self._share(tool, wording)
        return Meant(
            tool, VERB * verb + THING * thing + WORDS * share, verb, thing, share, self._named_by(tool, things)
        )

    def _is_made_of(self, tool: Tool, wording: Wording) -> bool:
        """Whether a verb that says little has the tool's deed as its object: `make a copy`, `give approval`."""
        if not wording.verbs or wording.verbs[-1] not in LIGHT or not wording.things:
            return False
        noun = wording.things[0][0]
        return any(noun == verb or _is_deed_of(verb, noun) for verb in self._verbs_of(tool))

    def _named_by(self, tool: Tool, things: Sequence[tuple[Sequence[str], float]]) -> float:
        own = self.box.purposes[tool.id].nouns.name_words
        said = [word for phrase, _ in things for word in phrase]
        weights = [self.box.weight(other) for other in own]
        fits = [max((same_noun(word, other) for word in said), default=0.0) for other in own]
        return sum(weight * one for weight, one in zip(weights, fits, strict=True)) / sum(weights) if own else 0.0

    def alike(self, one: Tool, other: Tool) -> float:
        """How far two tools are about the same thing, 0..1."""
        nouns = self.box.purposes[one.id].nouns
        return _same_thing(tuple(dict.fromkeys((nouns.head, *nouns.name_words))), self._things_of(other))

    def _things_of(self, tool: Tool) -> dict[str, float]:
        """What a tool is about, and how surely."""
        purpose = self.box.purposes[tool.id]
        taken = {word: TAKEN for name in sorted(tool.required) for word in words(name) if word not in IDENTIFYING}
        described = {word: 0.8 for word in words(purpose.object) if _names(word)}
        named = dict.fromkeys([*words(purpose.noun), *purpose.nouns.name_words, purpose.nouns.head], 1.0)
        return taken | described | named

    def _verbs_of(self, tool: Tool) -> tuple[str, ...]:
        purpose = self.box.purposes[tool.id]
        name = [part.lower() for part in re.findall(r"[A-Za-z][a-z]*", tool.name)]
        found = _said_verbs(purpose.verb, tool.description)
        found += [word for word in name[:2] if word in DEEDS or word in INSTRUCTING][:1]
        found += [f"{one}_{other}" for one, other in pairwise(name) if other in PARTICLES]
        return tuple(dict.fromkeys(found))

    def explained(self, meant: Meant, wording: Wording, said: Mapping[str, Any]) -> float:
        """How much of a step's words a tool knows or takes as values."""
        values = {word for value in said.values() if isinstance(value, str) for word in words(value)}
        return self._share(meant.tool, wording, values) if values & set(wording.all) else meant.words

    def _share(self, tool: Tool, wording: Wording, values: Collection[str] = ()) -> float:
        """How much of the step's words the tool knows, rare ones weighing more, those around it less."""
        weights = {word: self.box.weight(word) for word in wording.all}
        weights |= {word: AROUND * self.box.weight(word) for word in wording.beside if self._is_known(word)}
        total = sum(weights.values())
        known = sum(weight * (word in values or self._knows(tool, word)) for word, weight in weights.items())
        return known / total if total else 0.0

    def _is_known(self, word: str) -> bool:
        """Whether any tool speaks of a word."""
        return any(stem(word) in known for known in self._known.values())

    def _knows(self, tool: Tool, word: str) -> float:
        if self.box.says(tool, word) or any(same_root(word, other) for other in self._words[tool.id]):
            return 1.0
        return BESIDE * (stem(word) in self._beside[tool.id])


def _said_verbs(verb: str, description: str) -> list[str]:
    """The verb that a description opens with, one that says little with its particle: `take_off` of "Take it off …"."""
    first, *behind = re.findall(r"[a-z]+", description.lower())[:_FAR] or [""]
    particles = [word for word in behind if word in PARTICLES]
    if verb == first and verb in LIGHT and particles:
        return [f"{verb}_{particles[0]}"]
    return [verb.replace(" ", "_"), *verb.split()[:1]]


def _told(parameter: Parameter) -> str:
    """What a parameter is said to be, and its options."""
    options = " ".join(value for value in as_list(parameter.schema.get("enum")) if isinstance(value, str))
    return f"{parameter.description} {options}"


def _names(word: str) -> bool:
    return word not in SMALL and word not in NO_THINGS


def _is_deed_of(verb: str, noun: str) -> bool:
    """Whether a noun is what a verb brings about: `payment` of `pay`."""
    root = verb.removesuffix("e")
    return len(root) >= len("pay") and noun.startswith(root) and noun[len(root) :] in _ENDINGS


def _same_thing(phrase: Sequence[str], own: Mapping[str, float]) -> float:
    """How far what a phrase speaks of is what a tool is about; its head weighs most."""
    weights = [1.0, *(0.35 for _ in phrase[1:])]
    found = [max((same_noun(word, other) * sure for other, sure in own.items()), default=0.0) for word in phrase]
    return sum(weight * fit for weight, fit in zip(weights, found, strict=True)) / sum(weights)
