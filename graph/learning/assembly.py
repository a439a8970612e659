"""From experiments to a graph: edges that were confirmed, without those that were refuted, with the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from toolweave.graph.fields import Scalar
from toolweave.graph.learning.links import SHARED_LOOKS, Link
from toolweave.graph.learning.pools import Field, Pools
from toolweave.graph.learning.values import distinctive, look
from toolweave.graph.model import Edge, Evidence, ToolFacts, ToolGraph
from toolweave.graph.words import names_identifier
from toolweave.servers.json_values import as_list, as_object

UNTRIED_SHARE = 0.6
"""What is left of the confidence of an edge whose source never worked, beside sources that did."""

LARGE = 100
"""From here on a number that identifies one thing is hardly the identifier of another one by chance."""


def learned_graph(
    base: ToolGraph,
    pools: Pools,
    links: Mapping[tuple[str, str], Link],
    facts: Mapping[str, ToolFacts],
    state: Iterable[Edge] = (),
) -> ToolGraph:
    """The graph after experiments.

    Args:
        base: The graph from schemas and seen fields.
        pools: Values seen, by field.
        links: What is known of each parameter, by tool id and parameter pattern.
        facts: What is known of each tool that was under experiment.
        state: State edges that were found.
    """
    edges = [*_data_edges(base, pools, links, facts), *state]
    edges.sort(key=lambda edge: (-edge.confidence, edge.source, edge.target, edge.source_field, edge.target_param))
    return ToolGraph(base.tools, tuple(edges), dict(facts))


def _data_edges(
    base: ToolGraph, pools: Pools, links: Mapping[tuple[str, str], Link], facts: Mapping[str, ToolFacts]
) -> list[Edge]:
    matched: dict[tuple[str, str], dict[str, Edge]] = {}
    for edge in base.edges:
        matched.setdefault((edge.target, edge.target_param), {})[edge.source] = edge
    edges: list[Edge] = []
    for name, group in matched.items():
        if name not in links or not facts.get(name[0], ToolFacts()).tried:
            edges += group.values()
    for name, link in links.items():
        if facts.get(name[0], ToolFacts()).tried:
            edges += _into(link, pools, matched.get(name, {}), facts)
    return edges


def _into(link: Link, pools: Pools, matched: Mapping[str, Edge], facts: Mapping[str, ToolFacts]) -> list[Edge]:
    """Edges into one parameter of a tool that was tried."""
    best: dict[str, Edge] = {}
    for place in pools.fields.values() if link.accepted else ():
        edge = _confirmed(link, place, matched.get(place.tool))
        if edge is not None and (place.tool not in best or _rank(edge) > _rank(best[place.tool])):
            best[place.tool] = edge
    for source, edge in matched.items():
        if source not in best and _still_possible(link, edge, facts):
            best[source] = replace(edge, confidence=edge.confidence * (UNTRIED_SHARE if link.accepted else 1.0))
    return list(best.values())


def _rank(edge: Edge) -> tuple[float, float, float]:
    matched = max((item.score for item in edge.evidence if item.kind == "matched"), default=0.0)
    trials = max((item.trials for item in edge.evidence), default=0)
    return (edge.confidence, trials, matched)


def _confirmed(link: Link, place: Field, matched: Edge | None) -> Edge | None:
    if place.tool == link.tool.id or link.takes_anything or link.takes_parts or not link.fed_by(place):
        return None
    shared = [text for text in place.values if text in link.accepted]
    if _server(place.tool) != _server(link.tool.id) and not any(_worldwide(place.values[text]) for text in shared):
        return None
    telling = any(distinctive(place.values[text]) for text in shared) or place.look[0] in SHARED_LOOKS
    telling = telling or (_tried(link, place) and any(_large(place.values[text]) for text in shared))
    if not telling and (matched is None or (place.look[0] == "number" and matched.source_field != place.pattern)):
        return None
    evidence = _evidence(link, place, shared)
    pure = sum(link.fits(value) is not False for value in place.values.values()) / len(place.values)
    items = (*(matched.evidence if matched and matched.source_field == place.pattern else ()), evidence)
    confidence = round(evidence.score * (0.5 + 0.5 * pure), 4)
    return Edge(place.tool, place.pattern, link.tool.id, link.parameter.path, "data", confidence, items)


def _tried(link: Link, place: Field) -> bool:
    """Whether a value from this very field, which is called like an identifier, was told apart from one never seen."""
    return bool(link.trials.get((place.tool, place.pattern))) and names_identifier(place.pattern)


def _large(value: Scalar) -> bool:
    """Whether a number is so large that another thing hardly has it too."""
    return not isinstance(value, bool) and isinstance(value, (int, float)) and abs(value) >= LARGE


def _evidence(link: Link, place: Field, shared: list[str]) -> Evidence:
    trials = link.trials.get((place.tool, place.pattern), 0)
    examples = tuple((shared or list(place.values))[:3])
    if trials:
        why = "the call differs from the same call with a value that nobody has seen"
        return Evidence("intervened", 0.98, trials, trials, examples, why)
    if shared:
        why = "values seen here were taken, and values that nobody has seen were not"
        return Evidence("observed", 0.95, len(shared), len(shared), examples, why)
    return Evidence("observed", 0.9, 0, 0, examples, "these values are made like those that were taken")


def _still_possible(link: Link, edge: Edge, facts: Mapping[str, ToolFacts]) -> bool:
    """Whether a matched edge was neither confirmed nor refuted."""
    if _server(edge.source) != _server(edge.target):
        return False
    source, target = facts.get(edge.source, ToolFacts()), facts.get(edge.target, ToolFacts())
    if link.takes_anything or link.takes_parts:
        return False
    if not source.works or not (link.tried or _said(link.parameter.schema)):
        return True
    return not target.works and not link.accepted


def _said(schema: Mapping[str, Any]) -> bool:
    """Whether a parameter takes what a user says rather than what names a thing: choices, amounts, shown values."""
    parts = [as_object(part) for part in (schema, *as_list(schema.get("anyOf")))]
    named = [part.get("type") for part in parts]
    kinds = {str(kind) for types in named for kind in (as_list(types) or [types])} - {"None", "null"}
    shown = any(part.get(name) for part in parts for name in ("enum", "const", "format", "examples", "default"))
    return shown or (bool(kinds) and kinds <= {"integer", "number", "boolean"})


def _worldwide(value: Scalar) -> bool:
    """Whether a value means the same everywhere; ids such as `LN-17` are given out anew by every server."""
    return look(value)[0] in ("email", "address") or look(value) == ("code", "uuid")


def _server(tool: str) -> str:
    return tool.rpartition("/")[0]
