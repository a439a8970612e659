"""`toolweave graph show`: one tool's neighbourhood, or the whole graph at a glance."""

from __future__ import annotations

import difflib
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from toolweave.graph.model import Edge, ToolGraph
from toolweave.graph.overview import Neighbourhood, Overview, neighbourhood, overview
from toolweave.pipeline import console
from toolweave.pipeline.commands.options import JsonOption
from toolweave.pipeline.storage.graph_file import graph_from_json
from toolweave.pipeline.storage.store import read_json
from toolweave.servers.errors import ConfigError, ToolweaveError

MOST_LINES = 8


def show(
    directory: Annotated[Path, typer.Argument(help="A run directory, or its graph.json.")],
    tool: Annotated[str | None, typer.Argument(help="A tool, as `server/tool` or by its bare name.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what feeds a tool, what it enables, and why; without a tool: islands, hubs and parameters without a source.

    Example: toolweave graph show runs/demo kitchen/add_dish
    """
    try:
        graph = graph_from_json(read_json(directory / "graph.json" if directory.is_dir() else directory))
        name = None if tool is None else _found(graph, tool)
    except ToolweaveError as error:
        console.fail(error)
    facts = overview(graph) if name is None else neighbourhood(graph, name)
    if as_json:
        console.print_json(asdict(facts))
    elif isinstance(facts, Overview):
        _print_overview(facts)
    else:
        _print_tool(str(name), graph, facts)


def _found(graph: ToolGraph, name: str) -> str:
    matches = [tool_id for tool_id, tool in graph.tools.items() if name in (tool_id, tool.name)]
    if len(matches) == 1:
        return matches[0]
    near = matches or difflib.get_close_matches(name, [*graph.tools, *(t.name for t in graph.tools.values())], 3)
    raise ConfigError(f"no single tool {name!r}; did you mean {' or '.join(near) or 'another graph'}?")


def _print_overview(facts: Overview) -> None:
    say = console.out.print
    edges = f"{facts.data_edges} data edges, {facts.state_edges} state edges"
    say(f"{facts.tools} tools, {edges}, {facts.confirmed} confirmed")
    if facts.belied:
        say(f"they say that they only read, and were seen to change something: {', '.join(facts.belied)}")
    say("feeding the most tools: " + ", ".join(f"{tool} ({count})" for tool, count in facts.hubs))
    joined = [group for group in facts.islands if len(group) > 1]
    say(f"islands: {len(facts.islands)} ({len(facts.islands) - len(joined)} single tools)")
    for group in joined:
        say(f"  {len(group):3} tools: {', '.join(group[:MOST_LINES])}{' …' if len(group) > MOST_LINES else ''}")
    say(f"required parameters that no tool feeds: {len(facts.without_producer)}")
    for tool, parameter in facts.without_producer:
        say(f"  {tool}: {parameter}")


def _print_tool(name: str, graph: ToolGraph, facts: Neighbourhood) -> None:
    say = console.out.print
    fact = graph.fact(name)
    say(f"{name}: {graph.tools[name].description.strip().splitlines()[0] if graph.tools[name].description else ''}")
    belied = ", though it says that it only reads" if name in graph.belied else ""
    say(f"seen to be one that {fact.access}{belied}; {fact.tried} calls tried, {fact.failed} failed")
    for parameter, edges in facts.feeds.items():
        say(f"  {parameter} ← {'' if edges else 'no tool: the user says it'}")
        for edge in edges[:MOST_LINES]:
            say(f"      {edge.source} {edge.source_field or '(whole output)'}  {_why(edge)}")
    for title, edges in (("feeds", facts.goes_to), ("changes", facts.changes), ("is changed by", facts.changed_by)):
        for edge in edges[:MOST_LINES]:
            other = edge.source if title == "is changed by" else f"{edge.target} {edge.target_param}".rstrip()
            say(f"  {edge.effect or title}{' (as target)' if title == 'is changed by' else ''}: {other}  {_why(edge)}")


def _why(edge: Edge) -> str:
    reasons = [
        f"{item.kind}{f' {item.successes}/{item.trials}' if item.trials else ''}"
        f"{f' ({item.why})' if item.why else ''}{f' e.g. {item.examples[0]}' if item.examples else ''}"
        for item in edge.evidence
    ]
    return f"{edge.confidence:.2f}  {'; '.join(reasons)}"
