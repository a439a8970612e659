"""Which tools a sample offers: those that it calls, among others of the same servers that it does not."""

from __future__ import annotations

import random

from toolweave.agent.trace import Trace
from toolweave.graph.model import ToolGraph
from toolweave.servers.tools import Tool


def offer(graph: ToolGraph, trace: Trace, allowed: frozenset[str], most: int, rng: random.Random) -> tuple[Tool, ...]:
    """The called tools and distractors of the same servers, in the order of the graph."""
    called = {call.tool.id for call in trace.calls}
    servers = {call.tool.server for call in trace.calls}
    others = [tool.id for tool in graph.tools.values() if tool.server in servers and tool.id in allowed - called]
    rng.shuffle(others)
    chosen = called | set(others[: max(0, most - len(called))])
    return tuple(tool for tool in graph.tools.values() if tool.id in chosen)
