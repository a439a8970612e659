"""What the student knows of the tools on offer: what each is for, which words belong to it, which feeds which."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from toolweave.agent.offline.lexicon import MEASURES, SMALL, SYNONYMS, VERB_FORMS
from toolweave.agent.offline.purpose import Purpose, purpose_of
from toolweave.graph.build import build_graph
from toolweave.graph.model import Edge, ToolGraph
from toolweave.graph.schema import Parameter, parameters
from toolweave.graph.words import words
from toolweave.servers.tools import Tool

MOST_GRAPHS = 24
MOST_RANKED = 256
"""Texts for which the order of the tools is remembered: a student reads the same request again at every attempt."""
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
        self._ranked: dict[tuple[str, str], list[tuple[float, Tool]]] = {}
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
        for form in VERB_FORMS.get(purpose.verb, ()):
            bag |= {word: max(bag.get(word, 0.0), 1.0) for word in stems(form)}
        for word in stems(purpose.verb):
            bag[word] = _FORMS + 1.0
        return bag

    def purpose_of(self, name: str) -> Purpose | None:
        """What the tool of an offered name is for; `None` for a name that is not on offer."""
        return self.purposes[self.by_name[name].id] if name in self.by_name else None

    def ranked(self, text: str, exact: str = "") -> list[tuple[float, Tool]]:
        """The tools by how well their words fit a text, the best first; words of `exact` count twice as much."""
        if (text, exact) not in self._ranked:
            if len(self._ranked) >= MOST_RANKED:
                self._ranked.clear()
            self._ranked[text, exact] = self._rank(text, exact)
        return self._ranked[text, exact]

    def _rank(self, text: str, exact: str) -> list[tuple[float, Tool]]:
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

    def coverage(self, text: str) -> float:
        """How much of a text the best tool speaks of, 0..1; rare words weigh more."""
        spoken = stems(text)
        weights = {word: self._weight.get(word, math.log(1.0 + len(self.tools))) for word in spoken}
        total = sum(weights.values())
        best = max((sum(weights[word] for word in spoken if word in bag) for bag in self._bags.values()), default=0.0)
        return best / total if total else 1.0

    def weight(self, word: str) -> float:
        """How telling a word is: the fewer tools have it, the more."""
        return self._weight.get(stem(word), math.log(1.0 + len(self.tools)))

    def says(self, tool: Tool, word: str) -> bool:
        """Whether a tool's name, description or parameters have a word, or what people say for it."""
        return any(stem(one) in self._bags[tool.id] for one in everyday(word))

    def telling(self, spoken: Iterable[str]) -> float:
        """How much some stems tell, all together: rare ones more."""
        return sum(self._weight.get(word, math.log(1.0 + len(self.tools))) for word in spoken)

    def graph(self, observed: Mapping[str, Sequence[str]]) -> ToolGraph:
        """Which tool feeds which, with the fields seen in real outputs.

        What was seen of a tool counts for its own server alone, so that an output does not cost a reading of all tools.
        """
        key = frozenset((tool, tuple(fields)) for tool, fields in observed.items())
        if key not in self._graphs:
            if len(self._graphs) >= MOST_GRAPHS:
                self._graphs = {key: graph for key, graph in self._graphs.items() if not key}
            self._graphs[key] = self._seen(observed) if observed else build_graph(self.tools)
        return self._graphs[key]

    def _seen(self, observed: Mapping[str, Sequence[str]]) -> ToolGraph:
        """The graph of the schemas, where the servers of what was seen are read anew."""
        servers = {tool.server for tool in self.tools if tool.id in observed}
        near = build_graph([tool for tool in self.tools if tool.server in servers], observed)
        edges = [edge for edge in self.graph({}).edges if not (edge.source in observed and edge.target in near.tools)]
        edges += [edge for edge in near.edges if edge.source in observed]
        return ToolGraph(self.graph({}).tools, tuple(sorted(edges, key=lambda edge: -edge.confidence)))

    def leads_to(self, tool: Tool, goal: Tool) -> bool:
        """Whether a tool may give what the goal needs, at once or by way of others."""
        graph, known, near = self.graph({}), {goal.id}, [goal.id]
        while near:
            near = [edge.source for one in near for edge in graph.into(one) if edge.source not in known]
            known.update(near)
        return tool.id in known

    def feeding(self, graph: ToolGraph, tool: Tool, path: str) -> list[Edge]:
        """Edges into one parameter, strongest first."""
        return [edge for edge in graph.into(tool.id) if edge.target_param == path]


_WORD = re.compile(r"[A-Za-z]{2,}")
_ENDINGS = tuple("ations ation ances ance ments ment ings ing ies ied ed es er y e s".split())


def stems(text: str) -> list[str]:
    """Content words of a text, singular and cut to a stem; everyday words also stand for what interfaces say."""
    found: dict[str, None] = {}
    for raw in _WORD.findall(text):
        for word in words(raw):
            if word not in SMALL:
                found[stem(word)] = None
    return list(found)


@lru_cache(maxsize=1 << 14)
def stem(word: str) -> str:
    """A rough stem: `insured`, `insurance` and `insure` come out alike."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def everyday(word: str) -> frozenset[str]:
    """The words that a person may use for one word of an interface, itself included."""
    said = [*SYNONYMS.get(word, ()), *MEASURES.get(word, ())]
    return frozenset([word, *(part for item in said for part in item.split() if part not in SMALL)])
