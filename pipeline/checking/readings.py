"""Which reads show what a sample changed: a few calls of the reading tools of the servers that it changes.

Arguments are those with which the sample itself reads, those that share a name with an argument of a call that may
change something, those that the graph says a call's output feeds, and those that worked in the first experiments.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from toolweave.agent.patterns import argument_leaves, place_of, put
from toolweave.agent.replay import ExpectedCall, Origin
from toolweave.graph.fields import values_at
from toolweave.graph.model import ToolGraph
from toolweave.graph.nouns import tool_nouns
from toolweave.graph.schema import parameters
from toolweave.graph.vocabulary import LOOKING
from toolweave.pipeline.checking.offered import named
from toolweave.pipeline.sample import Sample, StateRead, tool_messages
from toolweave.servers.decoding import decode_text
from toolweave.servers.json_values import as_object, canonical
from toolweave.servers.tools import Tool

MOST_READS = 8
"""Reads of one server."""
MOST_OF_A_TOOL = 3
Supply = tuple[Any, Origin | None]
"""A value for a parameter, and the output that it is taken from."""


def reads_only(graph: ToolGraph, tool_id: str) -> bool:
    """Whether calls of a tool were seen to change nothing, and the server does not say otherwise."""
    hints = graph.tools[tool_id].annotations if tool_id in graph.tools else None
    return (
        graph.fact(tool_id).access == "reads" and hints is not None and not (hints.destructive and not hints.read_only)
    )


def harmless_names(sample: Sample, graph: ToolGraph) -> tuple[str, ...]:
    """Offered names of the tools that only read; a name that could stand for two tools is none of them."""
    found: list[str] = []
    known = named(graph.tools.values())
    for name in (str(tool["function"]["name"]) for tool in sample.tools):
        meant = known.get(name, [])
        if meant and all(reads_only(graph, tool.id) for tool in meant):
            found.append(name)
    return tuple(found)


def changing_calls(sample: Sample, graph: ToolGraph) -> list[ExpectedCall]:
    """The calls that may change something."""
    return [call for call in sample.checker.calls if not reads_only(graph, f"{call.server}/{call.tool}")]


def readings(sample: Sample, graph: ToolGraph) -> list[StateRead]:
    """The reads to try, at most `MOST_READS` for each server that the sample may change."""
    chosen: list[StateRead] = []
    for server in dict.fromkeys(call.server for call in changing_calls(sample, graph)):
        tools = [tool for tool in graph.tools.values() if tool.server == server and _looks(graph, tool)]
        by_tool = [list(_unlike(_reads_of(tool, sample, graph)))[:MOST_OF_A_TOOL] for tool in tools]
        rounds = [reads[turn] for turn in range(MOST_OF_A_TOOL) for reads in by_tool if turn < len(reads)]
        chosen += rounds[:MOST_READS]
    return chosen


def _looks(graph: ToolGraph, tool: Tool) -> bool:
    """Whether a tool only looks: seen to read, and named so. One that opens a thing may leave it open, unnoticed."""
    return reads_only(graph, tool.id) and tool_nouns(tool).deed in LOOKING


def _unlike(reads: Iterator[StateRead]) -> Iterator[StateRead]:
    seen: set[str] = set()
    for read in reads:
        if canonical(read.arguments) not in seen:
            seen.add(canonical(read.arguments))
            yield read


def _reads_of(tool: Tool, sample: Sample, graph: ToolGraph) -> Iterator[StateRead]:
    """Reads by one tool, those first that are about what the sample changes."""
    supplies = _supplies(tool, sample, graph)
    required = [parameter.path for parameter in parameters(tool) if parameter.required]
    if required and all(supplies.get(name) for name in required):
        for number in range(max(len(supplies[name]) for name in required)):
            yield _filled(tool, {name: supplies[name][min(number, len(supplies[name]) - 1)] for name in required})
    if not required:
        yield StateRead(server=tool.server, tool=tool.name, arguments={})
    for call in sample.checker.calls:
        if (call.server, call.tool) == (tool.server, tool.name) and not call.fails:
            yield StateRead(server=tool.server, tool=tool.name, arguments=call.arguments, taken=call.taken)
    for works in graph.fact(tool.id).works:
        yield StateRead(server=tool.server, tool=tool.name, arguments=as_object(json.loads(works)))


def _filled(tool: Tool, values: Mapping[str, Supply]) -> StateRead:
    arguments: dict[str, Any] = {}
    taken: dict[str, Origin] = {}
    for pattern, (value, origin) in values.items():
        put(arguments, pattern, value)
        if origin is not None:
            taken[place_of(pattern)] = origin
    return StateRead(server=tool.server, tool=tool.name, arguments=arguments, taken=taken)


def _supplies(tool: Tool, sample: Sample, graph: ToolGraph) -> dict[str, list[Supply]]:
    """Pattern of each parameter → values that the sample's changing calls carry or return, the last call's first."""
    shown = tool_messages(sample.messages)
    found: dict[str, list[Supply]] = {}
    for call in reversed([call for call in changing_calls(sample, graph) if call.server == tool.server]):
        if call.fails:
            continue
        for place, value in argument_leaves(call.arguments):
            found.setdefault(place.removeprefix("/").replace("/", "."), []).append((value, call.taken.get(place)))
        for edge in graph.into(tool.id):
            if edge.source == f"{call.server}/{call.tool}":
                for leaf in values_at(decode_text(shown[call.id]), edge.source_field)[:2]:
                    origin = Origin(call=call.id, place=leaf.place)
                    found.setdefault(edge.target_param, []).append((leaf.value, origin))
    return found
