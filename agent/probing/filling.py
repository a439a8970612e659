"""Filling arguments for experiments: values from outputs where a parameter names a thing, else what a user says."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolweave.agent.argument_values import is_identifying, json_kinds
from toolweave.agent.arguments import ValueBook
from toolweave.agent.patterns import put
from toolweave.agent.probing.prior import harm
from toolweave.graph.fields import Scalar
from toolweave.graph.learning.links import SHARED_LOOKS, Link
from toolweave.graph.learning.pools import Field, Pools
from toolweave.graph.learning.values import distinctive, key
from toolweave.graph.model import Edge
from toolweave.graph.schema import Parameter, parameters
from toolweave.graph.words import names_identifier
from toolweave.servers.tools import Tool

EXAMPLE_BEATS_EDGE = 0.75
"""Confidence from which a parameter is fed although its schema shows an example."""
MOST_FIELDS = 14
"""Fields tried as sources of one parameter."""


@dataclass(slots=True)
class Filled:
    """Arguments for one call, and the fields that values were taken from."""

    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    sources: dict[str, Field] = field(default_factory=dict[str, Field])
    """Parameter pattern → field."""
    named: dict[str, Scalar] = field(default_factory=dict[str, Scalar])
    """Parameter pattern → value, for parameters that name a thing."""


def _no_values(_: Link) -> Sequence[Scalar]:
    return ()


def _never(_: Link, __: Scalar) -> bool:
    return False


class Filler:
    """Chooses values by what is known so far of one server."""

    def __init__(self, tools: Sequence[Tool], pools: Pools, book: ValueBook, rng: random.Random) -> None:
        self.pools = pools
        self.book = book
        self.rng = rng
        self.links = {(tool.id, one.path): Link(tool, one) for tool in tools for one in parameters(tool)}
        self.edges: dict[tuple[str, str], list[Edge]] = {}
        self.makers = frozenset(tool.id for tool in tools if harm(tool) > 0)
        """Ids of tools whose newest values are the ones to go on with."""
        self.enders = frozenset(tool.id for tool in tools if harm(tool) > 2)
        """Ids of tools that had better be tried on what was made for it."""
        self._used: dict[tuple[str, str, str], int] = {}
        self._required = {tool.id: [one for one in parameters(tool) if one.required] for tool in tools}
        self._naming = {name: self._names(link.tool, link.parameter) for name, link in self.links.items()}

    def learn_edges(self, edges: Iterable[Edge]) -> None:
        """Take over what schemas and seen fields suggest."""
        self.edges = {}
        for edge in edges:
            if edge.kind == "data":
                self.edges.setdefault((edge.target, edge.target_param), []).append(edge)
        self._naming = {name: self._names(link.tool, link.parameter) for name, link in self.links.items()}

    def names_a_thing(self, tool: Tool, path: str) -> bool:
        """Whether a parameter takes what other calls return, as far as one can tell."""
        return self._naming[tool.id, path]

    def naming(self, tool: Tool) -> list[Parameter]:
        """The required parameters of a tool that name things."""
        return [one for one in self._required[tool.id] if self._naming[tool.id, one.path]]

    def fill(
        self,
        tool: Tool,
        attempt: int = 0,
        prefer: Callable[[Link], Sequence[Scalar]] = _no_values,
        also: Sequence[Parameter] = (),
        avoid: Callable[[Link, Scalar], bool] = _never,
        guess: bool = True,
    ) -> Filled | None:
        """Arguments with all required parameters and those of `also`; `None` when a needed value is not known yet.

        `prefer` gives values to use before all others; `avoid` tells values to leave alone where others exist;
        `guess` allows values that nothing shows.
        """
        filled = Filled()
        for parameter in (*self._required[tool.id], *also):
            if self._naming[tool.id, parameter.path]:
                chosen = self._chosen(tool, parameter, prefer, avoid, filled)
                if chosen is None and guess:
                    chosen = self._guess(tool, parameter, attempt)
                if chosen is None:
                    return None
                value, source = chosen
                filled.named[parameter.path] = value
                if source is not None:
                    filled.sources[parameter.path] = source
                put(filled.arguments, parameter.path, fitted(value, parameter))
            elif not self._say(tool, parameter, attempt, filled):
                return None
        return filled

    def used(self, tool: Tool, filled: Filled) -> None:
        """Note a call, so that the next one takes other values."""
        for path, value in filled.named.items():
            name = (tool.id, path, key(value))
            self._used[name] = self._used.get(name, 0) + 1

    def sources_of(self, tool: Tool, path: str) -> list[Field]:
        """Fields that may feed a parameter, likeliest first."""
        link = self.links[tool.id, path]
        wanted = {(place.tool, place.pattern): place for place in self._matched(link)}
        for place in self.pools.fields.values():
            if _like_ids(place) or names_identifier(place.pattern):
                wanted.setdefault((place.tool, place.pattern), place)
        usable = [place for place in wanted.values() if place.values and link.fed_by(place) is not False]
        sure = [place for place in usable if link.fed_by(place)]
        return sure or usable[:MOST_FIELDS]

    def _matched(self, link: Link) -> list[Field]:
        """Fields that names match, and the ids beside them: a count may be called like the things that it counts."""
        found: list[Field] = []
        naming = is_identifying(link.parameter)
        for edge in self.edges.get((link.tool.id, link.parameter.path), ()):
            place = self.pools.fields.get((edge.source, edge.source_field))
            beside = [one for one in self.pools.fields.values() if one.tool == edge.source and _like_ids(one)]
            telling = place is not None and (_like_ids(place) or names_identifier(place.pattern))
            if place is not None and (not naming or telling or not beside):
                found.append(place)
            found += beside if naming and place is not None and not telling else []
        return found

    def _names(self, tool: Tool, parameter: Parameter) -> bool:
        kinds = json_kinds(parameter.schema)
        if kinds and not kinds & {"string", "integer", "number"}:
            return False
        if "enum" in parameter.schema or "const" in parameter.schema or parameter.schema.get("format") == "date":
            return False
        if self.book.configured(tool, parameter.path) or self.book.whole(tool, top_name(parameter)):
            return False
        choices = self.book.candidates(tool, parameter, random.Random(0))
        if is_identifying(parameter):
            return not choices or choices[0].how in ("guess", "format", "free_text")
        if not choices or choices[0].how == "guess":
            return bool(kinds & {"string"}) or not kinds or bool(self.edges.get((tool.id, parameter.path)))
        best = max((edge.confidence for edge in self.edges.get((tool.id, parameter.path), ())), default=0.0)
        return best >= EXAMPLE_BEATS_EDGE and choices[0].how not in ("values", "example", "default")

    def _chosen(
        self,
        tool: Tool,
        parameter: Parameter,
        prefer: Callable[[Link], Sequence[Scalar]],
        avoid: Callable[[Link, Scalar], bool],
        filled: Filled,
    ) -> tuple[Scalar, Field | None] | None:
        link = self.links[tool.id, parameter.path]
        for value in prefer(link):
            if value not in filled.named.values():
                return value, None
        options = self._options(link, avoid, filled)
        return options[0] if options else None

    def _options(self, link: Link, avoid: Callable[[Link, Scalar], bool], filled: Filled) -> list[tuple[Scalar, Field]]:
        """(value, field), best first: not used yet, seen together with what is chosen already, likeliest field."""
        near = [self.pools.near.get(key(value), {}) for value in filled.named.values() if distinctive(value)]
        found: list[tuple[tuple[float, ...], Scalar, Field]] = []
        for rank, place in enumerate(self.sources_of(link.tool, link.parameter.path)):
            for order, (text, value) in enumerate(place.values.items()):
                if link.fits(value) is False or value in filled.named.values() or not types_fit(value, link.parameter):
                    continue
                apart = sum(text not in others for others in near)
                used = self._used.get((link.tool.id, link.parameter.path, text), 0)
                made = place.tool in self.makers
                spared = link.tool.id in self.enders and not made
                guess = 0 if link.fits(value) else rank
                found.append(
                    ((avoid(link, value), used, spared, guess, apart, rank, -order if made else order), value, place)
                )
        found.sort(key=lambda item: item[0])
        return [(value, place) for _, value, place in found]

    def _guess(self, tool: Tool, parameter: Parameter, attempt: int) -> tuple[Scalar, None] | None:
        guesses = self.book.candidates(tool, parameter, random.Random(attempt))
        return (guesses[attempt % len(guesses)].value, None) if guesses else None

    def _say(self, tool: Tool, parameter: Parameter, attempt: int, filled: Filled) -> bool:
        name = top_name(parameter)
        whole = self.book.whole(tool, name) if name != parameter.path else []
        if whole:
            filled.arguments.setdefault(name, whole[attempt % len(whole)])
            return True
        choices = self.book.candidates(tool, parameter, random.Random(len(tool.id) + 7919 * (attempt // 2)))
        if not choices:
            return False
        put(filled.arguments, parameter.path, choices[attempt % len(choices)].value)
        return True


def _like_ids(place: Field) -> bool:
    return place.look[0] in SHARED_LOOKS or place.look[0] in ("code", "address")


def top_name(parameter: Parameter) -> str:
    """The top-level parameter that a leaf belongs to."""
    return parameter.path.partition("[]")[0].partition(".")[0]


def types_fit(value: Scalar, parameter: Parameter) -> bool:
    """Whether a value can be sent for a parameter."""
    kinds = json_kinds(parameter.schema)
    if not kinds or "string" in kinds:
        return True
    text = str(value)
    return text.lstrip("-").isdigit() if "integer" in kinds else isinstance(value, (int, float))


def fitted(value: Scalar, parameter: Parameter) -> Scalar:
    """The value in the type that the parameter wants, where nothing is lost (`7` for `"7"`)."""
    kinds = json_kinds(parameter.schema)
    if "string" in kinds and len(kinds) == 1 and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if kinds and "string" not in kinds and isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    return value
