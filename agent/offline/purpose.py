"""What a tool is for, in a person's words: a verb phrase read from its description, else from its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from toolweave.agent.offline.english import (
    articles,
    base_form,
    lowered,
    past,
    plural,
    spaced,
    with_article,
)
from toolweave.agent.offline.lexicon import DETERMINERS, ENTERING, PARTICLES
from toolweave.agent.offline.opening import as_order, as_shown, other_deed
from toolweave.graph.nouns import ToolNouns, tool_nouns
from toolweave.graph.vocabulary import DEEDS, LOOKING
from toolweave.graph.words import plurals, words
from toolweave.servers.tools import Tool

MOST_WORDS = 16
LONGEST_REPORT = 9
"""Words of an object with which a report is still short."""

_INCOMPLETE = frozenset("put take give get bring lay set".split())
"""Verbs that need more than their object."""
_MARKS = re.compile(r"[`*_]{1,3}(?=\S)|(?<=\S)[`*]{1,3}|\[[^\]]*\]|\([^)]*\)|<[^>]*>")
_SENTENCE = re.compile(r"(?<=[\w'\")])[.!?](?:\s|$)|\n|;|:(?:\s|$)|\s[\u2013\u2014-]\s")
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
    r",\s(?:which|who|whose|that|so|in full|not|no more|at most|optionally|or one|or of|or from|like|such as|e\.g|i\.e|"
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
BEHIND_HEAD = re.compile(r"\s(?:of|to|for|in|on|from|at|with|by|into|as|about|through|against)\s|,")
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
    other: str = ""
    """The second of two verbs of which a value says which was meant; mostly empty."""

    @property
    def done(self) -> str:
        """What has happened when it was called, such as `the loan has been renewed`; empty where that is unclear."""
        thing = BEHIND_HEAD.split(self.object)[0].split()
        last = words(thing[-1])[-1:] if thing and thing[-1].isalpha() else ()
        unclear = self.other or not self.noun or " " in self.verb or self.verb in _INCOMPLETE
        if unclear or last != (self.noun.split()[-1],):
            return ""
        return f"the {self.noun} has been {past(self.verb)}"

    @property
    def report(self) -> str:
        """What somebody has done who did it, such as `renewed the loan`; empty where it is not said in few words."""
        if (
            self.other
            or not self.object
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
        return DEEDS.get(verb) in LOOKING or verb in ("compare", "check", "list")

    @property
    def phrase(self) -> str:
        """The whole verb phrase."""
        return f"{self.verb} {self.object}".strip()


@lru_cache(maxsize=4096)
def purpose_of(tool: Tool) -> Purpose:
    """Read what a tool is for."""
    nouns = tool_nouns(tool)
    verb, rest = _described(_without_parameters(tool), tool.name) or named_deed(tool.name)
    verb = "get" if verb == "return" and verb not in words(tool.name) else verb  # of what comes back, no deed
    rest = _LISTED_FACTS.sub("", rest) if DEEDS.get(verb) in LOOKING else rest
    return Purpose(verb, rest, nouns, _noun(nouns, rest), other_deed(tool.description))


def _without_parameters(tool: Tool) -> str:
    """The description without what it says of parameters by their names: the `q` in "containing the substring 'q'"."""
    quoted = "|".join(re.escape(name) for name in tool.parameters) or "(?!)"
    return re.sub(
        rf"(?:\s(?:from|at|in|to|of|by|with|for|as|is))?\s(?:`[^`\s]+`|'(?:{quoted})'|\"(?:{quoted})\")",
        "",
        tool.description,
    )


def _described(description: str, name: str) -> tuple[str, str] | None:
    """The verb phrase of the first sentences that has one; shouted openings such as "START HERE" are passed over."""
    text = re.sub(r" +([.,;:!?])(?=\s|$)", r"\1", _MARKS.sub(" ", description.strip()[:600])).strip()
    text = re.sub(r"^([A-Za-z]+)(?:/[a-z]+)+ ", r"\1 ", text).lstrip("-# \n")
    sentences = [" ".join(sentence.split()) for sentence in _SENTENCE.split(text)[:2]]
    for at, sentence in enumerate(sentences):
        order = as_order(sentence, name) if not sentence.isupper() else None
        read = order or (as_shown(sentence, name) if at == 0 else None)
        found = _trimmed(*read) if read is not None else None
        if found is not None and not (at and found[0] == "return"):
            return found
    return None


def _trimmed(verb: str, text: str) -> tuple[str, str] | None:
    text = _TAIL.sub("", _CLAUSE.sub("", _EXTRA.sub("", text))).strip(" ,.-")
    text = articles(
        _FORMAL.sub("", re.sub(r",\s[a-z]+(?:ed(?: [a-z]+)?$|ing\b.*$)|,? or [a-z]+ (?:it|one|them)$", "", text))
    )
    text = re.sub(r"(?<=\w) (?:done|made|held|kept) (?=(?:in|on|at|for|during)\b)", " ", text)
    text = re.sub(r"^(.*\b(?:an?|the) [a-z -]+?) whos?e?\b.*$", r"\1", text)
    text = re.sub(r"[\s'\"(),.-]+$", "", text)
    while text.rpartition(" ")[2].lower() in _PREPOSITIONS and " " in text:
        text = text.rpartition(" ")[0]
    text = re.sub(r"^(?=(?:current|latest|entire|whole|overall)\b)", "the ", text)
    if text.lower() in ("here", "there", "now", "it", "this", "with"):
        return None
    if not text or len(text.split()) > MOST_WORDS or re.search(r"[{}<>=]|\w_\w|[a-z][A-Z]", text):
        return None
    return verb, lowered(text)


def named_deed(name: str) -> tuple[str, str]:
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
    if parts[1:] and parts[-1] in ("info", "information", "details"):
        return verb, f"{'details' if parts[-1] == 'details' else 'information'} about the {' '.join(parts[:-1])}"
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
