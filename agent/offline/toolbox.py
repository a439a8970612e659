"""What the student knows of the tools on offer: what each is for, which words belong to it, which feeds which."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from toolweave.agent.offline.lexicon import SMALL, SYNONYMS
from toolweave.agent.offline.purpose import Purpose, purpose_of
from toolweave.graph.build import build_graph
from toolweave.graph.model import Edge, ToolGraph
from toolweave.graph.schema import Parameter, parameters
from toolweave.graph.words import words
from toolweave.servers.tools import Tool

_FORMS = 3
"""Weights: a word of the purpose counts this many times as much as one further down the description."""


class Toolbox:
    """One set of offered tools."""

    def __init__(self, tools: Sequence[Tool], names: Mapping[str, str]) -> None:
        self.tools = tuple(tools)
        self.names = dict(names)
        self.by_name = {names[tool.id]: tool for tool in tools}
        self.purposes: dict[str, Purpose] = {tool.id: purpose_of(tool) for tool in tools}
        self.parameters: dict[str, tuple[Parameter, ...]] = {tool.id: parameters(tool) for tool in tools}
        self.described = "\n".join(tool.description for tool in tools)
        self._bags = {tool.id: self._bag(tool) for tool in tools}
        count = Counter(word for bag in self._bags.values() for word in bag)
        self._weight = {word: math.log(1.0 + len(self.tools) / many) for word, many in count.items()}
        self._graphs: dict[frozenset[tuple[str, tuple[str, ...]]], ToolGraph] = {}

    def _bag(self, tool: Tool) -> dict[str, float]:
        purpose = self.purposes[tool.id]
        bag: dict[str, float] = {}
        for text, weight in (
            (tool.description, 1.0),
            (" ".join(name for name in tool.parameters), 0.7),
            (tool.name, 2.0),
            (purpose.phrase, float(_FORMS)),
        ):
            for word in stems(text):
                bag[word] = max(bag.get(word, 0.0), weight)
        for word in stems(purpose.verb):
            bag[word] = _FORMS + 1.0
        return bag

    def ranked(self, text: str, exact: str = "") -> list[tuple[float, Tool]]:
        """The tools by how well their words fit a text, the best first; words of `exact` count twice as much."""
        spoken: dict[str, float] = dict.fromkeys(stems(text), 1.0)
        for word in stems(exact):
            spoken[word] = 2.0
        scored = [(self._fit(tool, spoken), tool) for tool in self.tools]
        return sorted(scored, key=lambda pair: -pair[0])

    def _fit(self, tool: Tool, spoken: Mapping[str, float]) -> float:
        bag = self._bags[tool.id]
        shared = sum(bag[word] * self._weight[word] * weight for word, weight in spoken.items() if word in bag)
        own = math.sqrt(sum((weight * self._weight[word]) ** 2 for word, weight in bag.items()))
        return shared / own if own else 0.0

    def graph(self, observed: Mapping[str, Sequence[str]]) -> ToolGraph:
        """Which tool feeds which, with the fields seen in real outputs."""
        key = frozenset((tool, tuple(fields)) for tool, fields in observed.items())
        if key not in self._graphs:
            if len(self._graphs) >= 24:
                self._graphs.clear()
            self._graphs[key] = build_graph(self.tools, observed)
        return self._graphs[key]

    def feeding(self, graph: ToolGraph, tool: Tool, path: str) -> list[Edge]:
        """Edges into one parameter, strongest first."""
        return [edge for edge in graph.into(tool.id) if edge.target_param == path]


_WORD = re.compile(r"[A-Za-z]{2,}")


def stems(text: str) -> list[str]:
    """Content words of a text, singular and cut to a stem; everyday words also stand for what interfaces say."""
    found: dict[str, None] = {}
    for raw in _WORD.findall(text):
        for word in words(raw):
            if word not in SMALL:
                found[stem(word)] = None
    return list(found)


def stem(word: str) -> str:
    """A rough stem: `insured`, `insurance` and `insure` come out alike."""
    for ending in (
        "ations",
        "ation",
        "ances",
        "ance",
        "ments",
        "ment",
        "ings",
        "ing",
        "ies",
        "ied",
        "ed",
        "es",
        "er",
        "y",
        "e",
        "s",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def everyday(word: str) -> frozenset[str]:
    """The words that a person may use for one word of an interface, itself included."""
    return frozenset([word, *(part for item in SYNONYMS.get(word, ()) for part in item.split() if part not in SMALL)])
