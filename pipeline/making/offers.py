"""Which tools a sample offers: those that it calls, among others that it does not.

A tool whose absence the assistant has to notice is left out together with its likes: tools of any server that do the
same kind of deed to the same kind of thing.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from toolweave.agent.trace import Trace
from toolweave.graph.model import ToolGraph
from toolweave.graph.nouns import tool_nouns
from toolweave.pipeline.settings import RunSettings
from toolweave.servers.tools import Tool


@dataclass(frozen=True, slots=True)
class Offer:
    """The tools of a trajectory, and those that are not on offer at first."""

    tools: tuple[Tool, ...]
    """Every tool that is on offer at the end, in the order of the graph."""
    absent: tuple[frozenset[str], ...]
    """For every turn, ids of the tools that are missing when it begins; with `missing_function` its target is one."""


def offer(
    graph: ToolGraph, trace: Trace, allowed: frozenset[str], settings: RunSettings, rng: random.Random
) -> Offer | str:
    """The offer of a trajectory, or why there is none that keeps its turns honest."""
    called = {call.tool.id for call in trace.calls}
    never = {name for turn in trace.turns if turn.wish is not None for name in likes(graph, turn.wish.tool)}
    if clash := sorted(never & called):
        return f"{clash[0]} would serve a request that nothing is to serve"
    long = any(turn.kind == "long_context" for turn in trace.turns)
    servers = {call.tool.server for call in trace.calls}
    others = [
        tool.id
        for tool in graph.tools.values()
        if (long or tool.server in servers) and tool.id in allowed - called - never
    ]
    rng.shuffle(others)
    most = settings.long_offered if long else settings.offered
    chosen = called | set(others[: max(0, most - len(called))])
    absent = _absent(graph, trace)
    if isinstance(absent, str):
        return absent
    return Offer(tuple(tool for tool in graph.tools.values() if tool.id in chosen), absent)


def likes(graph: ToolGraph, tool: Tool) -> set[str]:
    """Ids of the tools that do the same kind of deed to the same kind of thing, itself included."""
    own = tool_nouns(tool)
    return {
        other.id
        for other in graph.tools.values()
        if other.id == tool.id or (tool_nouns(other).deed, tool_nouns(other).head) == (own.deed, own.head)
    }


def _absent(graph: ToolGraph, trace: Trace) -> tuple[frozenset[str], ...] | str:
    """Tools that a `missing_function` turn still has to wait for, turn by turn."""
    held: list[set[str]] = [set() for _ in trace.turns]
    for number, turn in enumerate(trace.turns):
        if turn.kind != "missing_function":
            continue
        before = {call.tool.id for earlier in trace.turns[:number] for call in earlier.calls}
        if turn.target.id in before:
            return f"{turn.target.id} is called before it is said to be missing"
        for waiting in held[: number + 1]:
            waiting |= likes(graph, turn.target) - before
    return _frozen(held)


def _frozen(sets: Iterable[set[str]]) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(one) for one in sets)
