"""Our schema-only graph beside three baselines on gold sets of edges, all with one setting.

    graph_baselines.py --gold DIR

DIR holds gzipped gold files `{"name", "tools", "data_edges", …}`. Files without data edges are left out. For every set
and system: distinct (producer, consumer) pairs listed, their precision and recall, the average precision of the
ranking by confidence, and recall among as many pairs as the gold set has. Gold sets hold the flows that their tasks
use, so precision is a lower bound. `- schemas` repeats ours with every output schema taken away.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from toolweave.graph.build import build_graph
from toolweave.graph.edges_file import edges_json, tools_from_json
from toolweave.graph.schema import output_fields, parameters
from toolweave.servers.tools import Tool

Pair = tuple[str, str]
Ranking = list[tuple[Pair, float]]
System = Callable[[Sequence[Tool]], Ranking]
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
LEXICAL_CUT = 0.5
TFIDF_CUT = 0.5


@dataclass(frozen=True, slots=True)
class Place:
    """A parameter or a field, as the baselines see it."""

    tool: str
    name: str
    text: str


def places(tool: Tool, *, outputs: bool) -> Iterator[Place]:
    """The leaves of one side of a tool."""
    for leaf in output_fields(tool) if outputs else parameters(tool):
        name = leaf.path.replace("[]", "").split(".")[-1]
        yield Place(tool.name, name, f"{leaf.path} {leaf.description}")


def tokens(text: str) -> list[str]:
    """Lower-case words of an identifier or a text."""
    return [word.lower() for word in WORD.findall(text)]


def every_pair(tools: Sequence[Tool]) -> Iterator[tuple[Place, Place]]:
    """All (field, parameter) pairs of different tools."""
    fields = [place for tool in tools for place in places(tool, outputs=True)]
    wanted = [place for tool in tools for place in places(tool, outputs=False)]
    for field in fields:
        for parameter in wanted:
            if field.tool != parameter.tool:
                yield field, parameter


def ranked(scores: Iterator[tuple[Pair, float]], cut: float) -> Ranking:
    """The best score of every pair of tools that reaches the cut, best first."""
    best: dict[Pair, float] = {}
    for pair, score in scores:
        if score >= cut and score > best.get(pair, 0.0):
            best[pair] = score
    return sorted(best.items(), key=lambda item: -item[1])


def exact_names(tools: Sequence[Tool]) -> Ranking:
    """A field feeds every parameter of the same name; rarer names first."""
    count = Counter(place.name for tool in tools for place in places(tool, outputs=True))
    pairs = ((f, p) for f, p in every_pair(tools) if f.name == p.name)
    return ranked((((f.tool, p.tool), 1.0 / count[f.name]) for f, p in pairs), 0.0)


def lexical_overlap(tools: Sequence[Tool]) -> Ranking:
    """Share of the words of both names that they have in common (Jaccard)."""

    def score(field: Place, parameter: Place) -> float:
        first, second = set(tokens(field.name)), set(tokens(parameter.name))
        return len(first & second) / len(first | second) if first | second else 0.0

    return ranked((((f.tool, p.tool), score(f, p)) for f, p in every_pair(tools)), LEXICAL_CUT)


def tfidf(tools: Sequence[Tool]) -> Ranking:
    """Cosine of the words of paths and descriptions, weighted by rarity."""
    texts = {place.text for tool in tools for out in (True, False) for place in places(tool, outputs=out)}
    found = {text: Counter(tokens(text)) for text in sorted(texts)}
    seen = Counter(word for words in found.values() for word in words)
    vectors = {
        text: unit({w: n * math.log(len(texts) / seen[w]) for w, n in words.items()}) for text, words in found.items()
    }

    def score(field: Place, parameter: Place) -> float:
        first, second = vectors[field.text], vectors[parameter.text]
        return sum(weight * second.get(word, 0.0) for word, weight in first.items())

    return ranked((((f.tool, p.tool), score(f, p)) for f, p in every_pair(tools)), TFIDF_CUT)


def unit(vector: dict[str, float]) -> dict[str, float]:
    """The vector scaled to length 1."""
    length = math.sqrt(sum(weight * weight for weight in vector.values())) or 1.0
    return {word: weight / length for word, weight in vector.items()}


def ours(tools: Sequence[Tool]) -> Ranking:
    """The edges of `build_graph`."""
    edges: list[dict[str, Any]] = edges_json(build_graph(tools))["edges"]
    return ranked((((edge["source"], edge["target"]), edge["confidence"]) for edge in edges), 0.0)


def ours_without_schemas(tools: Sequence[Tool]) -> Ranking:
    """The same with every output schema taken away."""
    return ours([replace(tool, output_schema=None) for tool in tools])


SYSTEMS: dict[str, System] = {
    "exact names": exact_names,
    "lexical overlap": lexical_overlap,
    "TF-IDF": tfidf,
    "ours": ours,
    "ours - schemas": ours_without_schemas,
}


def scores(ranking: Ranking, gold: set[Pair]) -> list[str]:
    """Pairs, precision, recall, average precision and recall at gold size, as text."""
    hits = [pair in gold for pair, _ in ranking]
    area = found = 0.0
    for rank, hit in enumerate(hits, start=1):
        found += hit
        area += hit * found / rank
    precision = found / len(hits) if hits else 0.0
    numbers = (precision, found / len(gold), area / len(gold), sum(hits[: len(gold)]) / len(gold))
    return [str(len(hits)), *(f"{number:.3f}" for number in numbers)]


def main() -> None:
    """Print one table per gold set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gold", type=Path, required=True, help="folder of gzipped gold files")
    console = Console()
    for path in sorted(parser.parse_args().gold.glob("*.json.gz")):
        data = json.loads(gzip.decompress(path.read_bytes()))
        gold = {(e["source"], e["target"]) for e in data["data_edges"] if e["source"] != e["target"]}
        tools, reasons = tools_from_json(data)
        for reason in reasons:
            console.print(f"{path.name}: {reason}")
        if not gold:
            continue
        table = Table(title=f"{data['name']}: {len(tools)} tools, {len(gold)} gold pairs")
        for column in ("system", "pairs", "precision", "recall", "average precision", "recall at gold size"):
            table.add_column(column)
        for name, system in SYSTEMS.items():
            table.add_row(name, *scores(system(tools), gold))
        console.print(table)


if __name__ == "__main__":
    main()
