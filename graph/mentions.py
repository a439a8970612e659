"""Descriptions that name another tool: "obtained from the Search Airport API", "use `list_users` first".

A mention in a parameter's description declares where its value comes from. Names of one word count only where they are
quoted; names inside longer text must be followed by a word such as "API" or look like identifiers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from toolweave.graph.vocabulary import DEEDS, NOTHING
from toolweave.graph.words import words
from toolweave.servers.tools import Tool

MOST_NAMESAKES = 3
"""Tools that one wording may stand for; more, and it stands for none."""
LONGEST_TEXT = 2000
"""Characters of a description that are read."""

_IDENTIFIER = re.compile(
    r"\b[A-Za-z][A-Za-z0-9]*(?:[_.-][A-Za-z0-9]+)+\b|\b[a-z]+(?:[A-Z][a-z0-9]*)+\b|\b(?:[A-Z][a-z0-9]+){2,}\b"
)
_QUOTED = re.compile(r"[`'\"\u201c\u201d\u2018\u2019]([A-Za-z][\w.-]{2,60})(?:\(\))?[`'\"\u201c\u201d\u2018\u2019]")
_CALLED = re.compile(r"((?:[\w-]+\s){1,6})(?:API|apis?|endpoint|tool|function|method|action|command|call|request)\b")
_PATH = re.compile(r"(?<![\w:/.])/([a-z][\w-]*(?:/[\w-]+)*)")
_FROM = re.compile(r"\b(?:from|via)\s((?:[\w-]+\s){0,5}[\w-]+)", re.IGNORECASE)
_SOURCE = re.compile(
    r"\b(from|via|by|using|use|call|obtain\w*|retriev\w*|return\w*|get|got|found|find|see|provided|output|result|first)\b",
    re.IGNORECASE,
)
_INSTEAD = re.compile(r"\b(instead|rather than|unlike|not)\b", re.IGNORECASE)


class Mentions:
    """Finds tools by the wordings under which descriptions speak of them."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self.tools = tools
        self.exact: dict[tuple[str, str], list[int]] = {}
        self.spoken: dict[tuple[str, tuple[str, ...]], list[int]] = {}
        self.core: dict[tuple[str, tuple[str, ...]], list[int]] = {}
        """Tools by their names without the verb."""
        self.bearers: dict[tuple[str, str], list[int]] = {}
        """Tools by every word of their names."""
        for number, tool in enumerate(tools):
            self.exact.setdefault((tool.server, tool.name.lower()), []).append(number)
            name = words(tool.name)
            core = tuple(word for word in name[1 if name and name[0] in DEEDS else 0 :] if len(word) > 1)
            self.core.setdefault((tool.server, core), []).append(number)
            for word in dict.fromkeys(name):
                same = self.bearers.setdefault((tool.server, word), [])
                if len(same) < 2:
                    same.append(number)
            for start in range(max(len(name) - 1, 0)):
                same = self.spoken.setdefault((tool.server, name[start:]), [])
                if len(same) <= MOST_NAMESAKES:
                    same.append(number)

    def sources(self, reader: int, text: str) -> list[int]:
        """Tools that a description names as where values come from, each once, the reader itself left out."""
        if not text or not _SOURCE.search(text):
            return []
        found: dict[int, None] = {}
        for sentence in re.split(r"(?<=[.;!?])\s|\n", text[:LONGEST_TEXT]):
            if _SOURCE.search(sentence) and not _INSTEAD.search(sentence):
                found.update(dict.fromkeys(self._named(self.tools[reader].server, sentence)))
        found.pop(reader, None)
        return list(found)

    def _named(self, server: str, sentence: str) -> Iterator[int]:
        for match in _IDENTIFIER.finditer(sentence):
            yield from self.exact.get((server, match.group().lower()), ())
        for match in _QUOTED.finditer(sentence):
            yield from self.exact.get((server, match.group(1).lower()), ())
        for match in _CALLED.finditer(sentence):
            yield from self._called(server, words(match.group(1)))
        for match in _PATH.finditer(sentence):
            same = self.core.get((server, words(match.group(1))), ())
            yield from same if len(same) <= MOST_NAMESAKES else ()
        for match in _FROM.finditer(sentence):
            yield from self._only_bearer(server, words(match.group(1)))

    def _only_bearer(self, server: str, phrase: tuple[str, ...]) -> Iterator[int]:
        """The tool whose name ends in a word of a phrase that no other tool's name has."""
        for word in phrase:
            same = self.bearers.get((server, word), ())
            if len(same) == 1 and word not in NOTHING and words(self.tools[same[0]].name)[-1:] == (word,):
                yield same[0]

    def _called(self, server: str, phrase: tuple[str, ...]) -> Sequence[int]:
        """Tools whose names end in the longest possible ending of a phrase of at least two words."""
        for start in range(max(len(phrase) - 1, 0)):
            same = self.spoken.get((server, phrase[start:]), ())
            if same:
                return same if len(same) <= MOST_NAMESAKES else ()
        return ()
