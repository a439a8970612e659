"""What a tool is for, in a person's words: a verb phrase read from its description, else from its name."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from toolweave.agent.offline.english import (
    articles,
    base_form,
    lowered,
    opens_with_verb,
    past,
    plural,
    reworded,
    spaced,
    with_article,
)
from toolweave.agent.offline.lexicon import DETERMINERS, ENTERING, PARTICLES, VERB_FORMS
from toolweave.agent.whole_words import spoken_of
from toolweave.graph.nouns import ToolNouns, tool_nouns
from toolweave.graph.vocabulary import DEEDS
from toolweave.graph.words import plurals, singular, words
from toolweave.servers.tools import Tool

MOST_WORDS = 16
BY_NAME = 0.4
"""How often a request takes its words from a tool's name, where both would do."""
LONGEST_REPORT = 9
"""Words of an object with which a report is still short."""

_INCOMPLETE = frozenset("put take give get bring lay set".split())
"""Verbs that need more than their object."""
_MARKS = re.compile(r"[`*_]{1,3}(?=\S)|(?<=\S)[`*]{1,3}|\[[^\]]*\]|\([^)]*\)|<[^>]*>")
_SENTENCE = re.compile(r"(?<=[\w'\")])[.!?](?:\s|$)|\n|;|:(?:\s|$)|\s[\u2013\u2014-]\s")
_ABOUT_ITSELF = re.compile(
    r"^(?:(?:this|the|a|an)\s+)?(?:(?:mcp|simple|useful|helper)\s+)?(?:tool|function|endpoint|method|api|action|command|operation)?\s*"
    r"(?:(?:that|which|will|can|is|be)\s+)*(?:(?:used|use|allows?|lets?|helps?|enables?|intended|designed)\s+"
    r"(?:(?:this|it|tool|you|users?|one|the|when you (?:need|want))\s+)*(?:to|for)?\s*)?",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r",?\s(?:[a-z]+ed (?=by ))?(?:by (?:its|their|the|a|an|any|name|id|words?|title|keyword|query|using|"
    r"specifying|providing)\b|using\b|"
    r"based on\b|(?<!the )(?<!a )given\b|of one (?:kind|type|sort)$|via\b|"
    r"according to\b|so that\b|once\b|unless\b|while\b|provided\b|if\b|when\b|before\b|until\b|"
    r"(?:to|for|from|in|of|with|on|at|by|towards?) which\b|"
    r"that (?:is|are|was|has|have|nobody|may|can|you|the)\b|where\b|by [a-z]+(?: |$)).*$",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r",\s(?:which|who|whose|that|so|in full|not|no more|at most|optionally|or one|like|such as|e\.g|i\.e|"
    r"(?:to|for|from|in|of|with|on|at|by|towards?) which|and (?:return|optionally))\b.*$|\.\.\.$"
    r"|,?\s(?:(?:with|and|or)\s)?(?:an?\s)?optional\b.*$|\sand returns?\b.*$"
    r"|\swith (?:[a-z]+ ){1,3}(?:options|settings|parameters|support)\b.*$",
    re.IGNORECASE,
)
_EXTRA = re.compile(
    r"(?:,\s|\s(?=including))(?:with|including|along with|as well as|together with)\b.*$", re.IGNORECASE
)


_LISTED_FACTS = re.compile(r"\swith (?=.*(?:,|\band\b|\btheir\b|\bits\b)).*$")
"""What is shown of the things that are looked for."""
_BEHIND_HEAD = re.compile(r"\s(?:of|to|for|in|on|from|at|with|by|into|as|about|through|against)\s|,")
_FORMAL = re.compile(
    r"\b(?:given|specified|provided|supplied|specific|particular|existing|comprehensive|detailed)\s(?=[a-z])"
)
"""Words of interfaces that nobody says when asking."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """A tool's purpose as a verb phrase, such as `lend` + `a copy to a member for three weeks`."""

    verb: str
    """Base form, with its particle."""
    object: str
    """What follows the verb, limiting clauses left out; may be empty."""
    nouns: ToolNouns
    noun: str
    """The kind of thing that it is about, as spoken, in the singular: `consultation time`."""

    @property
    def done(self) -> str:
        """What has happened when it was called, such as `the loan has been renewed`; empty where that is unclear."""
        thing = _BEHIND_HEAD.split(self.object)[0].split()
        last = words(thing[-1])[-1:] if thing and thing[-1].isalpha() else ()
        if not self.noun or " " in self.verb or self.verb in _INCOMPLETE or last != (self.noun.split()[-1],):
            return ""
        return f"the {self.noun} has been {past(self.verb)}"

    @property
    def report(self) -> str:
        """What somebody has done who did it, such as `renewed the loan`; empty where it is not said in few words."""
        if (
            not self.object
            or re.search(r",| or | and [a-z]+ (?:an?|the|its|their|it|them)\b", self.object)
            or len(self.object.split()) > LONGEST_REPORT
        ):
            return ""
        first, article, rest = self.object.partition("a ") if self.object.startswith("a ") else ("", "", self.object)
        definite = re.sub(r"\b(?:an?|one|some|any)\s(?=[a-z])", "the ", rest)
        kept = article if self.nouns.deed == "make" and self.verb not in ENTERING else "the " if article else ""
        return f"{past(self.verb)} {first}{kept}{definite}"

    @property
    def shows(self) -> bool:
        """Whether the user wants to know something, not to have something done."""
        verb, _, particle = self.verb.partition(" ")
        if particle in ("in", "out", "off") and verb != "find":
            return False
        return DEEDS.get(verb) in ("seek", "read") or verb in ("compare", "check", "list")

    @property
    def phrase(self) -> str:
        """The whole verb phrase."""
        return f"{self.verb} {self.object}".strip()


@lru_cache(maxsize=4096)
def purpose_of(tool: Tool) -> Purpose:
    """Read what a tool is for."""
    nouns = tool_nouns(tool)
    verb, rest = _described(_without_parameters(tool)) or _named(tool.name)
    verb = "get" if verb == "return" and verb not in words(tool.name) else verb  # of what comes back, no deed
    rest = _LISTED_FACTS.sub("", rest) if DEEDS.get(verb) in ("seek", "read") else rest
    return Purpose(verb, rest, nouns, _noun(nouns, rest))


def spoken_phrase(
    purpose: Purpose, tool: Tool, banned: Sequence[str], rng: random.Random, about: Sequence[str] = ()
) -> str:
    """The verb phrase as somebody might say it: from the description or the name, with one of the verb's forms.

    Things that it is `about` keep their place in it.
    """
    phrase = phrase_without(purpose, tool, banned, rng.randrange(3))
    short = _short(purpose, tool)
    lost = (set(about) & set(words(purpose.phrase))) - set(words(short))
    if short and not lost and rng.random() < BY_NAME and not spoken_of(short, banned):
        phrase = short
    first, _, rest = phrase.partition(" ")
    forms = [form for form in VERB_FORMS.get(first, (first,)) if not spoken_of(form, banned)]
    kept = not forms or rest.partition(" ")[0] in (*PARTICLES, "me", "for", "and")
    return phrase if kept else f"{rng.choice(forms)} {rest}".strip()


def _short(purpose: Purpose, tool: Tool) -> str:
    """The verb phrase of the name, where it says the same deed and thing as the description; else empty."""
    verb, thing = _named(tool.name)
    kind = thing.split()[-1] if thing else ""
    head = [singular(word) for word in _BEHIND_HEAD.split(purpose.object)[0].split()]
    alike = verb == purpose.verb or DEEDS.get(verb, "") == DEEDS.get(purpose.verb)
    same = kind and (singular(kind) in head or (head and head[-1].startswith(kind)))
    told = alike and same and purpose.nouns.deed != "seek" and verb in spaced(tool.name).split()
    return f"{verb} {thing}" if told and 1 < len(thing.split()) <= 4 else ""


def phrase_without(purpose: Purpose, tool: Tool, banned: Sequence[str], turn: int = 0) -> str:
    """The verb phrase with none of the banned words in it, from the description, the name, or general words."""
    named = _named(tool.name)
    for short in (True, False):
        for phrase in (purpose.phrase, f"{named[0]} {named[1]}".strip()):
            kept = reworded(phrase, banned, turn, short=short)
            if kept is not None:
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


def _without_parameters(tool: Tool) -> str:
    """The description without what it says of parameters by their names: the `q` in "containing the substring 'q'"."""
    quoted = "|".join(re.escape(name) for name in tool.parameters) or "(?!)"
    return re.sub(
        rf"(?:\s(?:from|at|in|to|of|by|with|for|as|is))?\s(?:`[^`\s]+`|'(?:{quoted})'|\"(?:{quoted})\")",
        "",
        tool.description,
    )


def _described(description: str) -> tuple[str, str] | None:
    """The verb phrase of the first sentences that has one; shouted openings such as "START HERE" are passed over."""
    text = re.sub(r" +([.,;:!?])(?=\s|$)", r"\1", _MARKS.sub(" ", description.strip()[:600])).strip()
    text = re.sub(r"^([A-Za-z]+)(?:/[a-z]+)+ ", r"\1 ", text).lstrip("-# \n")
    for at, sentence in enumerate(_SENTENCE.split(text)[:2]):
        found = _ordered(" ".join(sentence.split())) if not sentence.isupper() else None
        if found is not None and not (at and found[0] == "return"):
            return found
    return None


def _ordered(sentence: str) -> tuple[str, str] | None:
    """A sentence as an order: verb and object."""
    parts = sentence.split()
    if parts and base_form(parts[0]) is None and not opens_with_verb(parts):
        parts = _ABOUT_ITSELF.sub("", sentence).split()
    if not parts:
        return None
    verb = base_form(parts[0]) or (_plain_verb(parts[0].lower()) if opens_with_verb(parts) else None)
    if verb is None or (
        len(parts) > 1 and parts[1].lower() in ("of", "is", "for") and verb not in ("look", "search", "ask", "pay")
    ):
        return None
    rest = parts[1:]
    if rest and rest[0].lower() in PARTICLES and rest[1:2] != ["the"]:
        verb, rest = f"{verb} {rest[0].lower()}", rest[1:]
    elif len(rest) > 1 and rest[0].lower() in ("and", "or") and base_form(rest[1]):
        rest = rest[2:]
    return _trimmed(verb, " ".join(rest))


def _plain_verb(word: str) -> str:
    """An unknown verb without the ending of "it unstages"."""
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us")) and len(word) > 4 else word


def _trimmed(verb: str, text: str) -> tuple[str, str] | None:
    text = _TAIL.sub("", _CLAUSE.sub("", _EXTRA.sub("", text))).strip(" ,.-")
    text = articles(
        _FORMAL.sub("", re.sub(r",\s[a-z]+(?:ed(?: [a-z]+)?$|ing\b.*$)|,? or [a-z]+ (?:it|one|them)$", "", text))
    )
    text = re.sub(r"^(.*\b(?:an?|the) [a-z -]+?) whos?e?\b.*$", r"\1", text)
    text = re.sub(r"[\s'\"(),.-]+$", "", text)
    while text.rpartition(" ")[2].lower() in _PREPOSITIONS and " " in text:
        text = text.rpartition(" ")[0]
    if text.lower() in ("here", "there", "now", "it", "this", "with"):
        return None
    if not text or len(text.split()) > MOST_WORDS or re.search(r"[{}<>=]|\w_\w|[a-z][A-Z]", text):
        return None
    return verb, lowered(text)


def _named(name: str) -> tuple[str, str]:
    """The verb phrase of a name: `list_free_slots` → list + the free slots."""
    parts = spaced(name).split()
    at = next((place for place, word in enumerate(parts) if base_form(word)), None)
    verb = "get"
    if at is not None and at in (0, len(parts) - 1) and len(parts) > 1:
        verb = base_form(parts.pop(at)) or verb
    elif len(parts) > 2 and at == 1:
        verb, parts = base_form(parts[1]) or verb, parts[2:]
    elif len(parts) == 1 and at == 0:
        return parts[0], ""
    if parts and parts[0] in PARTICLES:
        verb, parts = f"{verb} {parts[0]}", parts[1:]
    parts = [word for word in parts if word not in ("id", "ids")]
    thing = " ".join(parts)
    if DEEDS.get(verb.split()[0]) == "make" and thing and plural(thing) != thing:
        return verb, with_article(thing)
    article = "" if not parts or parts[0] in DETERMINERS else "the "
    return verb, f"{article}{thing}"


def _noun(nouns: ToolNouns, rest: str) -> str:
    """The thing's noun as the object speaks of it: with the word before it where the object has one."""
    if not nouns.head or nouns.head.endswith("ed"):
        return ""
    pattern = rf"(?:^|\s)((?:[a-z-]+\s)?(?:{re.escape(nouns.head)}|{re.escape(plural(nouns.head))}))\b"
    match = re.search(pattern, rest)
    if match is None:
        return nouns.head
    found = [
        word for word in match.group(1).split() if word not in DETERMINERS and word not in ("me", "new", "of", "for")
    ]
    last = found[-1]
    if last in plurals(last) or words(last)[:1] == (nouns.head,):
        last = nouns.head
    return " ".join(
        [
            *[
                word
                for word in found[:-1]
                if word.isalpha() and not word.endswith("ed") and len(word) > 2 and word not in _LOOSE
            ],
            last,
        ]
    )


_PREPOSITIONS = frozenset("to of for from with in on at by per and or via as into the a an".split())
_LOOSE = frozenset(
    "to in on by of for with from and or the one any all some each its their more about into open free empty".split()
)
